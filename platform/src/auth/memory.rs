//! Verified tokens, remembered until they expire: a signature check costs more than a decision.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use lru::LruCache;
use sha2::{Digest, Sha256};

use super::principal::Principal;

/// Shards, so that workers seldom wait for each other; a power of two.
const SHARDS: usize = 16;

/// The SHA-256 of a token: what is in memory cannot be used to call.
pub(super) type Fingerprint = [u8; 32];

pub(super) fn fingerprint(token: &str) -> Fingerprint {
    Sha256::digest(token.as_bytes()).into()
}

struct Remembered {
    principal: Principal,
    expires_at_s: u64,
}

pub(super) struct Memory {
    shards: [Mutex<LruCache<Fingerprint, Remembered>>; SHARDS],
    /// Counts the revocations, so that a verification that began before one is not remembered after it.
    epoch: AtomicU64,
}

impl Memory {
    pub(super) fn new(capacity: usize) -> Self {
        let a_shard = NonZeroUsize::new(capacity / SHARDS).unwrap_or(NonZeroUsize::MIN);
        let shards = std::array::from_fn(|_| Mutex::new(LruCache::new(a_shard)));
        Self {
            shards,
            epoch: AtomicU64::new(0),
        }
    }

    pub(super) fn epoch(&self) -> u64 {
        self.epoch.load(Ordering::SeqCst)
    }

    pub(super) fn recall(&self, fingerprint: &Fingerprint, now_s: u64) -> Option<Principal> {
        let mut shard = self
            .shard(fingerprint)
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let remembered = shard.get(fingerprint)?;
        if remembered.expires_at_s > now_s {
            return Some(remembered.principal.clone());
        }
        shard.pop(fingerprint);
        None
    }

    /// Remembers a token that was verified in the epoch given, unless there was a revocation since.
    pub(super) fn remember(
        &self,
        fingerprint: Fingerprint,
        principal: Principal,
        expires_at_s: u64,
        epoch: u64,
    ) {
        let mut shard = self
            .shard(&fingerprint)
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        // Under the shard's lock: a revocation raises the epoch first and empties the shard afterwards.
        if self.epoch() == epoch {
            shard.put(
                fingerprint,
                Remembered {
                    principal,
                    expires_at_s,
                },
            );
        }
    }

    pub(super) fn forget_all(&self) {
        self.epoch.fetch_add(1, Ordering::SeqCst);
        for shard in &self.shards {
            shard.lock().unwrap_or_else(PoisonError::into_inner).clear();
        }
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        let lengths = self
            .shards
            .iter()
            .map(|shard| shard.lock().expect("not poisoned").len());
        lengths.sum()
    }

    fn shard(&self, fingerprint: &Fingerprint) -> &Mutex<LruCache<Fingerprint, Remembered>> {
        &self.shards[usize::from(fingerprint[0]) % SHARDS]
    }
}
