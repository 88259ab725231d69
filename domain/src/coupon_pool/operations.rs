//! What operators, users and timers do to a coupon pool.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::{CouponPool, CouponPoolCommand, CouponPoolError, DiscountRule};
use crate::ids::{CouponPoolId, UserId};
use crate::rejection::Rejection;
use crate::streams::StreamId;
use crate::workspace::{Halt, Operation, Workspace};

/// Create a pool (CO-01).
#[derive(Clone, Debug)]
pub struct CreateCouponPool {
    /// Its new id.
    pub pool_id: CouponPoolId,
    /// What the coupons are called.
    pub name: String,
    /// How many there are.
    pub quantity: u32,
    /// What each takes off.
    pub discount: DiscountRule,
    /// From when.
    pub valid_from: DateTime<Utc>,
    /// Until when.
    pub valid_until: DateTime<Utc>,
}

/// Take a coupon, first come, first served (CO-02).
#[derive(Clone, Debug)]
pub struct ClaimCoupon {
    /// Of which pool.
    pub pool_id: CouponPoolId,
    /// Who.
    pub user_id: UserId,
    /// When.
    pub now: DateTime<Utc>,
}

/// Close a pool whose validity ended (CO-05).
#[derive(Clone, Debug)]
pub struct CloseCouponPool {
    /// Which.
    pub pool_id: CouponPoolId,
    /// When.
    pub now: DateTime<Utc>,
}

impl Operation for CreateCouponPool {
    fn name(&self) -> &'static str {
        "create-coupon-pool"
    }

    fn streams(&self) -> Vec<StreamId> {
        vec![StreamId::of::<CouponPool>(self.pool_id)]
    }

    fn new_streams(&self) -> Vec<StreamId> {
        self.streams()
    }

    fn decide(&self, workspace: &mut Workspace<'_>) -> Result<Value, Halt> {
        let create = CouponPoolCommand::Create {
            name: self.name.clone(),
            quantity: self.quantity,
            discount: self.discount.clone(),
            valid_from: self.valid_from,
            valid_until: self.valid_until,
        };
        workspace.execute::<CouponPool>(self.pool_id, create)?;
        Ok(json!({ "id": self.pool_id }))
    }
}

impl Operation for ClaimCoupon {
    fn name(&self) -> &'static str {
        "claim-coupon"
    }

    fn streams(&self) -> Vec<StreamId> {
        vec![StreamId::of::<CouponPool>(self.pool_id)]
    }

    fn decide(&self, workspace: &mut Workspace<'_>) -> Result<Value, Halt> {
        let (pool_id, user_id, now) = (self.pool_id, self.user_id.clone(), self.now);
        let claim = CouponPoolCommand::Claim {
            pool_id,
            user_id,
            now,
        };
        workspace.execute::<CouponPool>(self.pool_id, claim)?;
        let pool = workspace.read::<CouponPool>(self.pool_id)?;
        let coupon = pool
            .coupon_of(&self.user_id)
            .ok_or(Rejection::from(CouponPoolError::CouponNotFound))?;
        Ok(json!({ "id": coupon.code, "code": coupon.code, "poolId": self.pool_id }))
    }
}

impl Operation for CloseCouponPool {
    fn name(&self) -> &'static str {
        "close-coupon-pool"
    }

    fn streams(&self) -> Vec<StreamId> {
        vec![StreamId::of::<CouponPool>(self.pool_id)]
    }

    fn decide(&self, workspace: &mut Workspace<'_>) -> Result<Value, Halt> {
        workspace
            .execute::<CouponPool>(self.pool_id, CouponPoolCommand::Close { now: self.now })?;
        Ok(json!({ "id": self.pool_id }))
    }
}
