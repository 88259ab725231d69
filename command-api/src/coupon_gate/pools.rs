//! What this process knows of each pool's gate. Losing it is harmless: the pool is rebuilt.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use domain::coupon_pool::CouponPoolState;
use domain::{CouponPoolId, UserId};
use lru::LruCache;
use sha2::{Digest, Sha256};

/// Pools that a process remembers: more than are ever open at once.
const POOLS_MAX: NonZeroUsize = match NonZeroUsize::new(10_000) {
    Some(max) => max,
    None => NonZeroUsize::MIN,
};
/// Holders of sold-out pools that a process remembers, in all: 32 MB.
const HOLDERS_MAX: usize = 2_000_000;
/// How long it is taken for granted that claims under way hold the last coupons.
const CONTEST: Duration = Duration::from_millis(20);

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

    /// The log has no coupon of this pool left: these are its holders, for ever.
    pub(super) fn sold_out(&self, pool: &PoolGate, state: &CouponPoolState) {
        pool.holders.get_or_init(|| Holders::of(state));
        self.forget_beyond(HOLDERS_MAX);
    }

    /// Forgets the longest unused pools until no more holders than that are remembered, or one pool is left.
    fn forget_beyond(&self, holders_max: usize) {
        let mut pools = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut kept: usize = pools.iter().map(|(_, pool)| pool.holders_kept()).sum();
        while kept > holders_max && pools.len() > 1 {
            kept -= pools.pop_lru().map_or(0, |(_, pool)| pool.holders_kept());
        }
    }
}

/// Who has a coupon of a sold-out pool: the first half of each id's SHA-256, in order.
struct Holders(Box<[u128]>);

impl Holders {
    fn of(state: &CouponPoolState) -> Self {
        let mut digests: Vec<u128> = state.holders().map(Self::digest).collect();
        digests.sort_unstable();
        Self(digests.into_boxed_slice())
    }

    fn contain(&self, user: &UserId) -> bool {
        self.0.binary_search(&Self::digest(user)).is_ok()
    }

    fn digest(user: &UserId) -> u128 {
        let digest = Sha256::digest(user.as_str());
        let (half, _) = digest.split_at(size_of::<u128>());
        half.iter()
            .fold(0, |sum, byte| (sum << 8) | u128::from(*byte))
    }
}

/// What this process knows of one pool's gate.
#[derive(Default)]
pub(super) struct PoolGate {
    /// One rebuild at a time.
    pub(super) rebuilding: Arc<tokio::sync::Mutex<()>>,
    /// How often it was rebuilt: whoever waited for another's rebuild need not do it again.
    generation: AtomicU64,
    /// After how many outages of Redis it was rebuilt last, plus one; 0 is never.
    built: AtomicU64,
    /// Once the log has no coupon left: who has one. Neither changes again: a coupon is issued once.
    holders: OnceLock<Holders>,
    /// Until when claims under way are known to hold what the log has left.
    contested_until: Mutex<Option<Instant>>,
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

    /// Whether the log has no coupon left.
    pub(super) fn is_sold_out(&self) -> bool {
        self.holders.get().is_some()
    }

    /// Whether the log has no coupon left, and this user has one.
    pub(super) fn is_held_by(&self, user: &UserId) -> bool {
        let holders = self.holders.get();
        holders.is_some_and(|holders| holders.contain(user))
    }

    fn holders_kept(&self) -> usize {
        self.holders.get().map_or(0, |holders| holders.0.len())
    }

    /// Claims under way hold what the log has left: true for a moment.
    pub(super) fn contested(&self, now: Instant) {
        let mut until = self
            .contested_until
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        *until = Some(now + CONTEST);
    }

    pub(super) fn is_contested(&self, now: Instant) -> bool {
        let until = self
            .contested_until
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        until.is_some_and(|until| now < until)
    }
}

#[cfg(test)]
mod tests {
    use domain::coupon_pool::{CouponPool, CouponPoolEvent};
    use domain::{CouponCode, Decider};
    use uuid::Uuid;

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

    fn pool_of(holders: u32) -> CouponPoolState {
        let mut state = CouponPoolState::default();
        for serial in 1..=holders {
            let issued = CouponPoolEvent::CouponIssued {
                user_id: user(serial),
                code: CouponCode::new(CouponPoolId::new(Uuid::nil()), serial),
            };
            CouponPool::evolve(&mut state, &issued);
        }
        state
    }

    fn user(n: u32) -> UserId {
        format!("user-{n}").parse().expect("a user's id")
    }

    #[test]
    fn holders_of_sold_out_pools_are_remembered_within_a_limit() {
        let pools = Pools::default();
        let (older, newer) = (
            CouponPoolId::new(Uuid::nil()),
            CouponPoolId::new(Uuid::max()),
        );
        for pool in [older, newer] {
            pools.sold_out(&pools.get(pool), &pool_of(10));
            assert!(pools.get(pool).is_held_by(&user(10)));
            assert!(!pools.get(pool).is_held_by(&user(11)));
        }
        pools.forget_beyond(20);
        assert!(pools.get(older).is_sold_out() && pools.get(newer).is_sold_out());
        pools.forget_beyond(19);
        assert!(!pools.get(older).is_sold_out() && pools.get(newer).is_sold_out());
        pools.forget_beyond(9);
        assert!(
            pools.get(newer).is_sold_out(),
            "the pool just asked for stays"
        );
    }
}
