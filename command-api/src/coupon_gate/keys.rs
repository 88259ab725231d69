//! The names of the gate's keys. The first two are the requirements' own.

use domain::CouponPoolId;

/// How long a pool's keys are kept after they were last rebuilt: should a pool be asked for again later,
/// it is rebuilt from the log.
pub(super) const KEEP_MS: i64 = 7 * 24 * 60 * 60 * 1_000;
/// How long members that are being gathered are kept, should whoever gathers them die.
pub(super) const GATHERING_KEEP_MS: i64 = 60_000;

/// The keys of one pool.
pub(super) struct Keys {
    pub(super) members: String,
    pub(super) count: String,
    pub(super) pending: String,
    pub(super) refusals: String,
}

impl Keys {
    pub(super) fn of(pool_id: CouponPoolId) -> Self {
        Self {
            members: format!("user:coupon:{pool_id}"),
            count: format!("coupon:{pool_id}:count"),
            pending: format!("coupon:{pool_id}:pending"),
            refusals: format!("coupon:{pool_id}:refusals"),
        }
    }

    /// Where the members are gathered for one rebuild.
    pub(super) fn gathering(pool_id: CouponPoolId) -> String {
        format!("user:coupon:{pool_id}:{}", uuid::Uuid::now_v7().simple())
    }
}
