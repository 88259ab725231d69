//! Bringing the gate of a pool in line with the log: one rebuild of a pool at a time, and whoever waited
//! for another's does not do it again.

use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use deadpool_redis::redis::{Pipeline, Script};
use domain::CouponPoolId;
use domain::coupon_pool::{CouponPool, CouponPoolState};

use super::keys::{GATHERING_KEEP_MS, KEEP_MS, Keys};
use super::pools::PoolGate;
use super::{CouponGate, GateError};
use failpoints::failpoint;

/// How often a claim looks that waits for those under way.
const CONTEST_STEP: Duration = Duration::from_millis(2);
/// How often a rebuild reads the log again because coupons were issued meanwhile.
const REPLACES_MAX: u32 = 4;
/// Members of one step: about 100 kB of a command.
const MEMBERS_PER_STEP: usize = 2_000;

static REPLACE: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("replace.lua")));

/// Why the log is asked.
#[derive(Clone, Copy, Debug)]
pub(super) enum Reason {
    /// This process has not built it yet, or not since Redis was away.
    FirstTouch,
    /// Redis has no such keys: it lost them, or they were kept long enough.
    Missing,
    /// Somebody was admitted and never came back.
    Stale,
    /// The gate has no place left; so many claims are under way.
    SoldOut {
        /// How many.
        pending: u32,
    },
}

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rebuilt {
    /// The gate now says what the log says.
    Agrees,
    /// Claims under way hold the last coupons. Whether they get them, the log will say.
    Contested,
    /// There is no such pool.
    NoSuchPool,
}

impl CouponGate {
    /// Rebuilds a pool's gate, unless that was done since `seen`.
    pub(super) async fn rebuild(
        &self,
        pool_id: CouponPoolId,
        pool: &Arc<PoolGate>,
        seen: u64,
        reason: Reason,
    ) -> Result<Rebuilt, GateError> {
        let (gate, pool) = (self.clone(), Arc::clone(pool));
        // Waited for here: whoever gives up leaves nothing behind that would still do it.
        let turn = Arc::clone(&pool.rebuilding).lock_owned();
        let patience = self.shared.rebuild_wait;
        let turn = tokio::time::timeout(patience, turn).await;
        let turn = turn.map_err(|_| GateError::Unsettled("another rebuild takes long"))?;
        let work = async move {
            let _one_at_a_time = turn;
            if reason.is_doubt() && pool.is_contested(Instant::now()) {
                return Ok(Rebuilt::Contested);
            }
            let is_settled = reason.is_doubt() && pool.is_sold_out();
            if is_settled || pool.generation() != seen {
                return Ok(Rebuilt::Agrees);
            }
            gate.bring_in_line(pool_id, &pool, reason).await
        };
        // Not on a worker, which has requests to answer; and on, when whoever waited for it no longer does.
        let work = self.shared.link.runtime().spawn(work);
        match tokio::time::timeout(patience, work).await {
            Ok(Ok(rebuilt)) => rebuilt,
            Ok(Err(_)) => Err(GateError::Unsettled("the rebuild was cut short")),
            Err(_) => Err(GateError::Unsettled("the rebuild takes long")),
        }
    }

    async fn bring_in_line(
        &self,
        pool_id: CouponPoolId,
        pool: &PoolGate,
        reason: Reason,
    ) -> Result<Rebuilt, GateError> {
        let started = Instant::now();
        let outages = self.shared.link.outages();
        let mut state = self.read(pool_id).await?;
        if !state.exists() {
            return Ok(Rebuilt::NoSuchPool);
        }
        // Claims under way are in the log within a few commits, unless their process died.
        while reason.is_explained_by(&state) && started.elapsed() < self.shared.contest_wait {
            tokio::time::sleep(CONTEST_STEP).await;
            state = self.read(pool_id).await?;
        }
        if state.remaining() == 0 {
            self.shared.pools.sold_out(pool, &state);
        }
        if reason.is_doubt() && state.remaining() == 0 {
            return Ok(Rebuilt::Agrees);
        }
        if reason.is_explained_by(&state) {
            pool.contested(Instant::now());
            return Ok(Rebuilt::Contested);
        }
        failpoint!("command-api.gate.rebuild.before");
        let mut confirmed = 0;
        for attempt in 1.. {
            confirmed = self.replace(pool_id, &state, confirmed).await?;
            if confirmed == 0 {
                break;
            }
            if attempt == REPLACES_MAX {
                return Err(GateError::Unsettled(
                    "coupons are issued faster than it is rebuilt",
                ));
            }
            state = self.read(pool_id).await?;
        }
        failpoint!("command-api.gate.rebuild.after");
        if state.remaining() == 0 {
            self.shared.pools.sold_out(pool, &state);
        }
        pool.rebuilt(outages);
        let label = reason.label();
        metrics::counter!("coupon_gate_rebuilds_total", "reason" => label).increment(1);
        tracing::info!(
            coupon_pool.id = %pool_id, reason = label,
            issued = state.issued_count(), remaining = state.remaining(),
            duration_ms = started.elapsed().as_secs_f64() * 1000.0,
            "the gate of coupon pool {pool_id} was rebuilt from the log"
        );
        Ok(Rebuilt::Agrees)
    }

    async fn read(&self, pool_id: CouponPoolId) -> Result<CouponPoolState, GateError> {
        let (state, _) = self.shared.store.load::<CouponPool>(pool_id).await?;
        Ok(state)
    }

    /// Gathers the holders under a name of their own, then puts all in place at once. Not when Redis knows of
    /// more than the state and than `confirmed`, which was the case when the state was read: coupons were
    /// issued meanwhile. Then it returns how many, otherwise 0.
    async fn replace(
        &self,
        pool_id: CouponPoolId,
        state: &CouponPoolState,
        confirmed: usize,
    ) -> Result<usize, GateError> {
        let (keys, gathering) = (Keys::of(pool_id), Keys::gathering(pool_id));
        let holders: Vec<&str> = state.holders().map(domain::UserId::as_str).collect();
        for step in holders.chunks(MEMBERS_PER_STEP) {
            let mut commands = Pipeline::new();
            commands.cmd("SADD").arg(&gathering).arg(step).ignore();
            commands
                .cmd("PEXPIRE")
                .arg(&gathering)
                .arg(GATHERING_KEEP_MS)
                .ignore();
            self.shared.link.pipeline(&commands).await?;
        }
        let mut replace = REPLACE.key(&keys.members);
        replace
            .key(&keys.count)
            .key(&keys.pending)
            .key(&gathering)
            .arg(holders.len())
            .arg(state.remaining())
            .arg(KEEP_MS)
            .arg(holders.len().max(confirmed));
        Ok(self.shared.link.long_script(&replace).await?)
    }
}

impl Reason {
    /// Whether the gate may well be right: then a recent agreement of the log will do.
    fn is_doubt(self) -> bool {
        matches!(self, Self::SoldOut { .. })
    }

    /// Whether the gate has no place because claims under way hold all that the log has left.
    fn is_explained_by(self, state: &CouponPoolState) -> bool {
        matches!(self, Self::SoldOut { pending } if (1..=pending).contains(&state.remaining()))
    }

    fn label(self) -> &'static str {
        match self {
            Self::FirstTouch => "first_touch",
            Self::Missing => "missing",
            Self::Stale => "stale",
            Self::SoldOut { .. } => "sold_out_wrongly",
        }
    }
}
