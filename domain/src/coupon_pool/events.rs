//! What can have happened to a coupon pool. This is a storage format: see `golden/coupon_pool/`.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::ids::{CouponCode, OrderId, UserId};
use crate::money::{Money, MoneyError};

/// What a coupon takes off.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum DiscountRule {
    /// So much money, but never more than the order costs.
    Fixed {
        /// How much.
        amount: Money,
    },
    /// So many percent, rounded down to a whole minor unit.
    Percent {
        /// From 1 to 100.
        percent: u8,
        /// But never more than this.
        max_amount: Option<Money>,
    },
}

impl DiscountRule {
    /// What the coupon takes off an order of this sum.
    ///
    /// # Errors
    /// The rule is in another currency.
    pub fn amount_off(&self, subtotal: Money) -> Result<Money, MoneyError> {
        match self {
            Self::Fixed { amount } => amount.min(subtotal),
            Self::Percent {
                percent,
                max_amount,
            } => {
                let share = subtotal.percent(*percent)?;
                max_amount.map_or(Ok(share), |max| share.min(max))
            }
        }
    }
}

/// An event of a coupon pool.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum CouponPoolEvent {
    /// It was created (CO-01).
    CouponPoolCreated {
        /// What the coupons are called.
        name: String,
        /// How many there are.
        quantity: u32,
        /// What each takes off.
        discount: DiscountRule,
        /// From when they are issued and used.
        valid_from: DateTime<Utc>,
        /// Until when: at this moment they no longer are.
        valid_until: DateTime<Utc>,
    },
    /// A user took one (CO-02).
    CouponIssued {
        /// Who.
        user_id: UserId,
        /// Which.
        code: CouponCode,
    },
    /// An order holds it.
    CouponHeld {
        /// Whose it is.
        user_id: UserId,
        /// Which.
        code: CouponCode,
        /// Which order.
        order_id: OrderId,
        /// What it takes off that order.
        amount: Money,
    },
    /// The order was paid with it (CO-04).
    CouponUsed {
        /// Whose it is.
        user_id: UserId,
        /// Which.
        code: CouponCode,
        /// Which order.
        order_id: OrderId,
    },
    /// The order was cancelled unpaid: the coupon is free again.
    CouponReleased {
        /// Whose it is.
        user_id: UserId,
        /// Which.
        code: CouponCode,
        /// Which order.
        order_id: OrderId,
    },
    /// The paid order was cancelled: its coupon is free again.
    CouponGivenBack {
        /// Whose it is.
        user_id: UserId,
        /// Which.
        code: CouponCode,
        /// Which order.
        order_id: OrderId,
    },
    /// The validity ended (CO-05).
    CouponPoolClosed {},
}

impl cqrs_es::DomainEvent for CouponPoolEvent {
    fn event_type(&self) -> String {
        match self {
            Self::CouponPoolCreated { .. } => "CouponPoolCreated",
            Self::CouponIssued { .. } => "CouponIssued",
            Self::CouponHeld { .. } => "CouponHeld",
            Self::CouponUsed { .. } => "CouponUsed",
            Self::CouponReleased { .. } => "CouponReleased",
            Self::CouponGivenBack { .. } => "CouponGivenBack",
            Self::CouponPoolClosed {} => "CouponPoolClosed",
        }
        .to_owned()
    }

    fn event_version(&self) -> String {
        "1".to_owned()
    }
}
