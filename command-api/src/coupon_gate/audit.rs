//! The gate beside the log: does it hold a place for somebody who has no coupon, and does it count right?
//! Only looks. A gate that is too generous is none of its business: the aggregate refuses what it lets by.

use deadpool_redis::redis::{Cmd, Pipeline};
use domain::{CouponPoolId, UserId};

use super::keys::Keys;
use super::link::{Away, Link};
use crate::config::CouponGateConfig;
use crate::error::CommandApiError;

/// Members that Redis is asked for at a time, about.
const SCAN_COUNT: usize = 1_000;
/// Places without a coupon that are remembered: enough to see that something is wrong.
const SUSPECTS_MAX: usize = 1_000;

/// A look at the gate.
pub struct GateAudit {
    link: Link,
}

/// Why the gate could not be looked at.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct GateAway(String);

impl From<Away> for GateAway {
    fn from(away: Away) -> Self {
        Self(away.to_string())
    }
}

/// What the gate of a pool holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GateState {
    /// How many places it says are left.
    pub left: i64,
    /// How many it says are taken, by coupons and by claims under way.
    pub taken: u64,
    /// Users whose place is neither a coupon nor a claim under way, as far as was known when it was looked
    /// at: a claim may have come through meanwhile.
    pub suspects: Vec<UserId>,
}

impl GateAudit {
    /// The look, when Redis is configured. Nothing is connected yet.
    ///
    /// # Errors
    /// The address is not one of Redis.
    pub fn new(config: &CouponGateConfig) -> Result<Option<Self>, CommandApiError> {
        let Some(url) = &config.redis_url else {
            return Ok(None);
        };
        let link = Link::new(url.reveal(), config.redis_timeout)?;
        Ok(Some(Self { link }))
    }

    /// What the gate of a pool holds; `None` when it has no keys now, and will be built from the log.
    ///
    /// # Errors
    /// Redis is away.
    pub async fn state(
        &self,
        pool_id: CouponPoolId,
        has_coupon: impl Fn(&UserId) -> bool,
    ) -> Result<Option<GateState>, GateAway> {
        let keys = Keys::of(pool_id);
        let mut suspects = Vec::new();
        let mut cursor = 0_u64;
        loop {
            let mut scan = Cmd::new();
            scan.arg("SSCAN").arg(&keys.members).arg(cursor);
            scan.arg("COUNT").arg(SCAN_COUNT);
            let (next, members): (u64, Vec<String>) = self.link.query(&scan).await?;
            for member in members {
                let user = UserId::try_from(member)
                    .map_err(|error| GateAway(format!("a member of {pool_id}: {error}")))?;
                let known = has_coupon(&user) || suspects.len() >= SUSPECTS_MAX;
                if !known && self.holds(pool_id, &user).await? {
                    suspects.push(user);
                }
            }
            cursor = next;
            if cursor == 0 {
                break;
            }
        }
        let mut count = Pipeline::new();
        count.atomic().cmd("GET").arg(&keys.count);
        count.cmd("SCARD").arg(&keys.members);
        let (left, taken): (Option<i64>, u64) = self.link.transaction(&count).await?;
        Ok(left.map(|left| GateState {
            left,
            taken,
            suspects,
        }))
    }

    /// Whether a user's place is taken for a coupon, and not only for a claim under way.
    ///
    /// # Errors
    /// Redis is away.
    pub async fn holds(&self, pool_id: CouponPoolId, user: &UserId) -> Result<bool, GateAway> {
        let keys = Keys::of(pool_id);
        let mut ask = Pipeline::new();
        ask.atomic();
        ask.cmd("SISMEMBER").arg(&keys.members).arg(user.as_str());
        ask.cmd("ZSCORE").arg(&keys.pending).arg(user.as_str());
        let (is_member, pending): (bool, Option<f64>) = self.link.transaction(&ask).await?;
        Ok(is_member && pending.is_none())
    }
}
