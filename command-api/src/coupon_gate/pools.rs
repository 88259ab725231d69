//! What this process knows of each pool's gate. Losing it is harmless: the pool is rebuilt.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use domain::CouponPoolId;
use lru::LruCache;

/// Pools that a process remembers: more than are ever open at once.
const POOLS_MAX: NonZeroUsize = match NonZeroUsize::new(10_000) {
    Some(max) => max,
    None => NonZeroUsize::MIN,
};
/// How long the log's agreement that others hold the last coupons is taken for granted.
const AGREEMENT: Duration = Duration::from_millis(200);

/// The pools, the longest unused forgotten first.
pub(super) struct Pools(Mutex<LruCache<CouponPoolId, Arc<PoolGate>>>);

impl Default for Pools {
    fn default() -> Self {
        Self(Mutex::new(LruCache::new(POOLS_MAX)))
    }
}

impl Pools {
    pub(super) fn get(&self, pool_id: CouponPoolId) -> Arc<PoolGate> {
        let mut pools = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(pools.get_or_insert(pool_id, Arc::default))
    }
}

/// What this process knows of one pool's gate.
#[derive(Default)]
pub(super) struct PoolGate {
    /// One rebuild at a time.
    pub(super) rebuilding: tokio::sync::Mutex<()>,
    /// How often it was rebuilt: whoever waited for another's rebuild need not do it again.
    generation: AtomicU64,
    /// After how many outages of Redis it was rebuilt last, plus one; 0 is never.
    built: AtomicU64,
    /// Whether the log has no coupon left. That never changes back: a coupon is issued once.
    sold_out: AtomicBool,
    /// Until when claims under way are known to hold what the log has left.
    agreed_until: Mutex<Option<Instant>>,
}

impl PoolGate {
    pub(super) fn is_built(&self, outages: u64) -> bool {
        self.built.load(Ordering::SeqCst) == outages + 1
    }

    pub(super) fn generation(&self) -> u64 {
        self.generation.load(Ordering::SeqCst)
    }

    /// It was rebuilt, after so many outages.
    pub(super) fn rebuilt(&self, outages: u64) {
        self.built.store(outages + 1, Ordering::SeqCst);
        self.generation.fetch_add(1, Ordering::SeqCst);
    }

    /// The gate contradicted the log: it is rebuilt before it is believed again.
    pub(super) fn distrust(&self) {
        self.built.store(0, Ordering::SeqCst);
    }

    /// The log has no coupon left.
    pub(super) fn is_sold_out(&self) -> bool {
        self.sold_out.load(Ordering::SeqCst)
    }

    pub(super) fn sold_out(&self) {
        self.sold_out.store(true, Ordering::SeqCst);
    }

    /// Claims under way hold what the log has left: true for a moment.
    pub(super) fn agreed(&self, now: Instant) {
        let mut until = self
            .agreed_until
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        *until = Some(now + AGREEMENT);
    }

    pub(super) fn is_agreed(&self, now: Instant) -> bool {
        let until = self
            .agreed_until
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        until.is_some_and(|until| now < until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pool_is_rebuilt_after_every_outage_and_when_it_is_distrusted() {
        let pool = PoolGate::default();
        assert!(!pool.is_built(0), "never touched");
        pool.rebuilt(0);
        assert!(pool.is_built(0) && !pool.is_built(1));
        pool.rebuilt(1);
        assert!(pool.is_built(1));
        pool.distrust();
        assert!(!pool.is_built(1));
        assert_eq!(pool.generation(), 2);
    }
}
