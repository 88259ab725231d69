//! How far back the end of a topic must be read to know what was sent and not noted.
//!
//! Records of a partition are in the order of the log, since one producer sent them so. Read back from
//! the end, the first one at or below the cursor therefore proves that all before it are too. Records
//! that were sent again stand anywhere: they prove nothing, and are collected apart.

use std::collections::{HashMap, HashSet};

use uuid::Uuid;

/// Records that are looked at first. Most of the time nothing is beyond the cursor.
const FIRST_LOOK_RECORDS: i64 = 64;

/// What a record says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) offset: i64,
    /// The event's position in the log; `None` when it is not a record of ours.
    pub(super) position: Option<u64>,
    /// The event's id.
    pub(super) event_id: Option<Uuid>,
    /// Whether it was sent again after a failure.
    pub(super) resent: bool,
}

/// One partition's end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PartitionTail {
    low: i64,
    high: i64,
    /// It is read from here to its end.
    start: i64,
    next: i64,
    reached: bool,
}

impl PartitionTail {
    /// The end of a partition whose records have offsets from `low` to below `high`.
    pub(super) fn new(low: i64, high: i64) -> Self {
        let start = low.max(high.saturating_sub(FIRST_LOOK_RECORDS));
        Self {
            low,
            high,
            start,
            next: start,
            reached: start >= high,
        }
    }

    /// Where to read from.
    pub(super) fn start(&self) -> i64 {
        self.start
    }

    /// Whether all from `start` on was read.
    pub(super) fn is_read(&self) -> bool {
        self.next >= self.high
    }

    /// Whether enough is known of this partition.
    pub(super) fn is_done(&self) -> bool {
        self.is_read() && (self.reached || self.start <= self.low)
    }

    /// Goes twice as far back, and reads again from there.
    pub(super) fn look_further(&mut self) {
        let seen = self.high.saturating_sub(self.start).max(FIRST_LOOK_RECORDS);
        self.start = self
            .low
            .max(self.high.saturating_sub(seen.saturating_mul(2)));
        self.next = self.start;
    }
}

/// What is known of all topics' ends.
#[derive(Debug)]
pub(super) struct Delivered {
    cursor: u64,
    /// Positions beyond the cursor that were sent, and with which event: after a restore the log may have
    /// another one there.
    pub(super) beyond: HashMap<u64, Option<Uuid>>,
    /// Positions that were sent again.
    pub(super) resent: HashSet<u64>,
}

impl Delivered {
    pub(super) fn new(cursor: u64) -> Self {
        Self {
            cursor,
            beyond: HashMap::new(),
            resent: HashSet::new(),
        }
    }

    /// The cursor that all this is beyond.
    pub(super) fn cursor(&self) -> u64 {
        self.cursor
    }

    /// Takes a record in.
    pub(super) fn see(&mut self, partition: &mut PartitionTail, seen: Seen) {
        partition.next = partition.next.max(seen.offset.saturating_add(1));
        match seen.position {
            Some(position) if seen.resent => {
                self.resent.insert(position);
            }
            Some(position) if position > self.cursor => {
                self.beyond.insert(position, seen.event_id);
            }
            Some(_) => partition.reached = true,
            None => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads a partition as the tail reader does, and counts the rounds.
    fn read(records: &[(u64, bool)], cursor: u64) -> (Delivered, usize) {
        let high = i64::try_from(records.len()).expect("few records");
        let mut partition = PartitionTail::new(0, high);
        let mut delivered = Delivered::new(cursor);
        let mut rounds = 0;
        while !partition.is_done() {
            if partition.is_read() {
                partition.look_further();
            }
            rounds += 1;
            let start = partition.start();
            for offset in start..high {
                let (position, resent) = records[usize::try_from(offset).expect("positive")];
                delivered.see(
                    &mut partition,
                    Seen {
                        offset,
                        position: Some(position),
                        resent,
                        event_id: None,
                    },
                );
            }
        }
        (delivered, rounds)
    }

    fn beyond(delivered: &Delivered) -> HashSet<u64> {
        delivered.beyond.keys().copied().collect()
    }

    #[test]
    fn an_empty_partition_needs_no_reading() {
        assert!(PartitionTail::new(7, 7).is_done());
        assert!(!PartitionTail::new(7, 8).is_done());
    }

    #[test]
    fn one_look_is_enough_when_the_cursor_is_near_the_end() {
        let records: Vec<_> = (1..=1_000).map(|position| (position, false)).collect();
        let (delivered, rounds) = read(&records, 990);
        assert_eq!(rounds, 1);
        assert_eq!(beyond(&delivered), (991..=1_000).collect());
    }

    #[test]
    fn it_looks_further_back_until_it_meets_the_cursor() {
        let records: Vec<_> = (1..=1_000).map(|position| (position, false)).collect();
        let (delivered, rounds) = read(&records, 500);
        assert_eq!(rounds, 4);
        assert_eq!(beyond(&delivered), (501..=1_000).collect());
    }

    #[test]
    fn a_record_sent_again_does_not_hide_those_before_it() {
        let mut records: Vec<_> = (1..=200).map(|position| (position, false)).collect();
        records.extend([(3, true); 100]);
        let (delivered, _) = read(&records, 150);
        assert_eq!(beyond(&delivered), (151..=200).collect());
        assert_eq!(delivered.resent, HashSet::from([3]));
    }

    #[test]
    fn with_a_cursor_that_was_never_written_everything_counts() {
        let records: Vec<_> = (1..=300).map(|position| (position, false)).collect();
        let (delivered, _) = read(&records, 0);
        assert_eq!(delivered.beyond.len(), 300);
    }

    #[test]
    fn strange_records_end_the_search_only_at_the_beginning() {
        let mut partition = PartitionTail::new(0, 10);
        let mut delivered = Delivered::new(5);
        for offset in partition.start()..10 {
            let seen = Seen {
                offset,
                position: None,
                event_id: None,
                resent: false,
            };
            delivered.see(&mut partition, seen);
        }
        assert!(partition.is_done());
        assert!(delivered.beyond.is_empty());
    }
}
