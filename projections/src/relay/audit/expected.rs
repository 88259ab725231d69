//! Which positions there are, in a bit each, and what they say, summed up by the thousand.

use std::collections::BTreeSet;

use event_schemas::PRIVATE_EVENT_TYPES;
use event_store::{StoreError, scan_events};
use serde::Deserialize;
use sqlx::PgPool;
use uuid::Uuid;

use super::super::error::RelayError;
use super::LISTED_MAX;

/// Positions whose content is summed up together: how closely a difference is named.
const BLOCK: u64 = 1_024;

/// Public events by position: that they are there, and a sum of their ids and keys.
pub(super) struct Expected {
    bits: Vec<u64>,
    sums: Vec<u64>,
    /// How many are there of each block.
    counts: Vec<u32>,
}

/// Positions that are not there.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Missing {
    pub(super) listed: Vec<u64>,
    /// How many more.
    pub(super) more: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    event_id: Uuid,
}

fn place(position: u64, per: u64) -> usize {
    usize::try_from(position / per).unwrap_or(usize::MAX)
}

impl Expected {
    /// No event, of so many positions.
    pub(super) fn empty(head: u64) -> Self {
        Self {
            bits: vec![0; place(head, 64) + 1],
            sums: vec![0; place(head, BLOCK) + 1],
            counts: vec![0; place(head, BLOCK) + 1],
        }
    }

    /// What the log has.
    pub(super) async fn read(pool: &PgPool, head: u64) -> Result<Self, RelayError> {
        let mut events = scan_events(pool, 0, head);
        let mut expected = Self::empty(head);
        let work = tokio::task::spawn_blocking(move || {
            while let Some(chunk) = events.blocking_next()? {
                for row in chunk.events() {
                    let row = row?;
                    if PRIVATE_EVENT_TYPES.contains(&row.event_type) {
                        continue;
                    }
                    // One without an id cannot be sent; the relay writes it down as refused.
                    let metadata: Option<Metadata> = serde_json::from_str(row.metadata).ok();
                    let id = metadata.map_or_else(Uuid::nil, |metadata| metadata.event_id);
                    expected.add(row.position, id, hash(row.aggregate_id.as_bytes()));
                }
            }
            Ok::<_, StoreError>(expected)
        });
        Ok(work.await.map_err(|_| RelayError::Ended)??)
    }

    /// Adds an event; `false` when its position is there already, or is none of the log's.
    pub(super) fn add(&mut self, position: u64, id: Uuid, key: u64) -> bool {
        let bit = 1 << (position % 64);
        let block = place(position, BLOCK);
        let (Some(word), Some(sum), Some(count)) = (
            self.bits.get_mut(place(position, 64)),
            self.sums.get_mut(block),
            self.counts.get_mut(block),
        ) else {
            return false;
        };
        if *word & bit != 0 {
            return false;
        }
        *word |= bit;
        let (high, low) = id.as_u64_pair();
        let mixed = [position, high, low, key].map(u64::to_be_bytes).concat();
        *sum = sum.wrapping_add(hash(&mixed));
        *count += 1;
        true
    }

    fn has(&self, position: u64) -> bool {
        let word = self.bits.get(place(position, 64));
        word.is_some_and(|word| word & (1 << (position % 64)) != 0)
    }

    /// Positions up to the cursor that the other does not have, but for the refused ones.
    pub(super) fn missing_from(
        &self,
        other: &Self,
        cursor: u64,
        refused: &BTreeSet<u64>,
    ) -> Missing {
        let mut missing = Missing::default();
        for position in self.only_here(other) {
            if position > cursor || refused.contains(&position) {
                continue;
            }
            if missing.listed.len() < LISTED_MAX {
                missing.listed.push(position);
            } else {
                missing.more += 1;
            }
        }
        missing
    }

    /// Some positions that only this one has.
    pub(super) fn beyond(&self, other: &Self) -> Vec<u64> {
        self.only_here(other).take(LISTED_MAX).collect()
    }

    fn only_here<'a>(&'a self, other: &'a Self) -> impl Iterator<Item = u64> + 'a {
        let words = self.bits.iter().zip(&other.bits).zip(0_u64..);
        words
            .filter(|((here, there), _)| *here & !*there != 0)
            .flat_map(|(_, word)| word * 64..(word + 1) * 64)
            .filter(|position| self.has(*position) && !other.has(*position))
    }

    /// Blocks that both have in full, and that say something else.
    pub(super) fn differing(&self, other: &Self) -> Vec<(u64, u64)> {
        let blocks = self.sums.iter().zip(&other.sums);
        let blocks = blocks
            .zip(self.counts.iter().zip(&other.counts))
            .zip(0_u64..);
        blocks
            .filter(|((sums, counts), _)| counts.0 == counts.1 && sums.0 != sums.1)
            .map(|(_, block)| (block * BLOCK, (block + 1) * BLOCK - 1))
            .take(LISTED_MAX)
            .collect()
    }
}

/// FNV-1a with a finish that spreads every bit (the mixer of `SplitMix64`): short, and no attacker is in sight.
pub(super) fn hash(bytes: &[u8]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for byte in bytes {
        hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    }
    hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    hash ^ (hash >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(positions: &[u64]) -> Expected {
        let mut expected = Expected::empty(3_000);
        for position in positions {
            assert!(expected.add(*position, Uuid::from_u128(7), 9));
        }
        expected
    }

    #[test]
    fn what_is_missing_and_what_is_too_many_is_named() {
        let (log, kafka) = (of(&[1, 64, 65, 2_000]), of(&[64, 2_000, 2_001]));
        let refused = BTreeSet::from([65]);
        let missing = log.missing_from(&kafka, 3_000, &refused);
        assert_eq!(missing.listed, [1]);
        assert_eq!(log.missing_from(&kafka, 0, &refused), Missing::default());
        assert_eq!(kafka.beyond(&log), [2_001]);
    }

    #[test]
    fn a_position_counts_once_and_one_that_is_none_never() {
        let mut seen = of(&[5]);
        assert!(!seen.add(5, Uuid::from_u128(7), 9));
        assert!(!seen.add(1 << 40, Uuid::from_u128(7), 9));
    }

    #[test]
    fn another_id_or_key_is_seen_by_block() {
        for (id, key) in [(8, 9), (7, 8)] {
            let log = of(&[1, 2_000]);
            let mut kafka = of(&[1]);
            kafka.add(2_000, Uuid::from_u128(id), key);
            assert_eq!(log.differing(&kafka), [(1_024, 2_047)]);
            assert_eq!(log.differing(&of(&[1, 2_000])), []);
        }
    }
}
