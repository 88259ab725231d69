//! The coupon gate (NFR-04): an atomic step in Redis in front of the coupon pool's aggregate.
//!
//! When thousands want the last coupons, nearly all are refused, and a refusal should cost neither a
//! decision nor a write. The gate refuses them by itself; whoever it lets through is decided by the
//! aggregate, which stays the truth. So the gate may be too generous at any time (a claim too many is
//! refused by the aggregate), and must never be too strict for long:
//!
//! | key | what |
//! | --- | --- |
//! | `user:coupon:{pool}` | who has a coupon, or a claim under way |
//! | `coupon:{pool}:count` | how many are left |
//! | `coupon:{pool}:pending` | claims under way, by when they were admitted |
//! | `coupon:{pool}:refusals` | what was answered to which command without asking the log |
//!
//! | the gate finds | and does |
//! | --- | --- |
//! | a place | takes it, notes it as pending, asks the aggregate; then confirms or releases it |
//! | the user, pending | asks the aggregate: an unfinished claim is tried again |
//! | the user | answers from the log if it has this very command, otherwise `COUPON_ALREADY_ISSUED` |
//! | no place | `COUPON_SOLD_OUT`, once the log has no coupon left and none for this user |
//! | no place, and claims under way for all that the log has left | waits a moment, then asks the aggregate |
//! | no place, and more left in the log than claims under way | rebuilds from the log, looks again |
//! | no place, and a pending claim that is too old | rebuilds from the log, looks again |
//! | no counter | rebuilds from the log, looks again |
//! | Redis away or slow | asks the aggregate: correct, slower |
//!
//! Every pool is rebuilt the first time that a process touches it, and again after Redis was away, so a
//! crash of ours or a loss of theirs repairs itself before it answers. Only a pool that exists has keys;
//! whether a pool exists, and whether its validity has begun or ended, is the aggregate's to say.

mod admit;
mod audit;
mod breaker;
mod keys;
mod link;
mod pools;
mod rebuild;
mod refusals;
mod settle;

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use domain::{CouponPoolId, UserId};
use event_store::{CommandId, EventStore, StoreError};
use platform::Language;

use crate::config::CouponGateConfig;
use crate::error::CommandApiError;
pub use audit::{GateAudit, GateAway, GateState};
use link::{Away, Link};
use pools::Pools;
pub(crate) use refusals::{Refusal, RefusalCode};

/// The gate. Cheap to clone; all clones share one connection.
#[derive(Clone)]
pub struct CouponGate {
    shared: Arc<Shared>,
}

struct Shared {
    link: Link,
    store: EventStore,
    pools: Pools,
    pending_ttl_ms: i64,
    rebuild_wait: Duration,
    contest_wait: Duration,
}

/// Who knocks, and with which request.
#[derive(Clone, Debug)]
pub(crate) struct Knock {
    /// For a coupon of which pool.
    pub(crate) pool_id: CouponPoolId,
    /// Who.
    pub(crate) user_id: UserId,
    /// The command that the request is.
    pub(crate) command_id: CommandId,
    /// When.
    pub(crate) now: DateTime<Utc>,
    /// The language of a refusal.
    pub(crate) language: Language,
    /// The request that a refusal names.
    pub(crate) request_id: String,
}

/// What the gate says.
#[derive(Debug)]
pub(crate) enum Admission {
    /// The aggregate decides; [`CouponGate::settle`] wants to know what it said.
    Ask(Permit),
    /// The user has one: unless the log has this very command, it is refused.
    Holder,
    /// The log has this very command's answer.
    Logged,
    /// No.
    Refused(Refusal),
}

/// How a claim got through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Permit {
    /// It holds a place.
    Placed,
    /// The gate was not asked, or could not say.
    Unguarded,
}

/// Why the gate could not say.
#[derive(Debug, thiserror::Error)]
pub(crate) enum GateError {
    /// Redis is away or slow.
    #[error(transparent)]
    Away(#[from] Away),
    /// The log could not be read for a rebuild.
    #[error("the pool could not be read from the log: {0}")]
    Log(#[from] StoreError),
    /// What Redis holds is not what we put there.
    #[error("Redis answered what it never should: {0}")]
    Garbled(String),
    /// It took too long, or was never settled.
    #[error("the gate and the log could not be brought together: {0}")]
    Unsettled(&'static str),
}

impl CouponGate {
    /// The gate, when Redis is configured. Nothing is connected yet: a Redis that is away does not keep
    /// the program from starting. Call it in a runtime, which then runs the gate's work.
    ///
    /// # Errors
    /// The address is not one of Redis.
    pub fn new(
        config: &CouponGateConfig,
        store: EventStore,
    ) -> Result<Option<Self>, CommandApiError> {
        let Some(url) = &config.redis_url else {
            return Ok(None);
        };
        let link = Link::new(url.reveal(), config.redis_timeout)?;
        let pending_ttl_ms = i64::try_from(config.pending_ttl.as_millis()).unwrap_or(i64::MAX);
        let pools = Pools::default();
        Ok(Some(Self {
            shared: Arc::new(Shared {
                link,
                store,
                pools,
                pending_ttl_ms,
                rebuild_wait: config.rebuild_wait,
                contest_wait: config.contest_wait,
            }),
        }))
    }

    /// Whether Redis answers.
    pub(crate) async fn ping(&self) -> Result<(), Away> {
        self.shared.link.ping().await
    }
}
