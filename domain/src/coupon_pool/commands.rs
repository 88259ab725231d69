//! What can be asked of a coupon pool.

use chrono::{DateTime, Utc};

use super::events::DiscountRule;
use crate::ids::{CouponCode, CouponPoolId, OrderId, UserId};
use crate::money::Money;

/// A command to a coupon pool.
#[derive(Clone, Debug)]
pub enum CouponPoolCommand {
    /// Create it.
    Create {
        /// 1 to 100 characters.
        name: String,
        /// From 1 to [`crate::coupon_pool::CouponPool::QUANTITY_MAX`].
        quantity: u32,
        /// What each takes off.
        discount: DiscountRule,
        /// From when.
        valid_from: DateTime<Utc>,
        /// Until when.
        valid_until: DateTime<Utc>,
    },
    /// Take one.
    Claim {
        /// The pool's own id, which the code carries.
        pool_id: CouponPoolId,
        /// Who.
        user_id: UserId,
        /// When.
        now: DateTime<Utc>,
    },
    /// Hold it for an order.
    Hold {
        /// Whose it must be.
        user_id: UserId,
        /// Which.
        code: CouponCode,
        /// Which order.
        order_id: OrderId,
        /// The sum of the order's lines.
        subtotal: Money,
        /// When.
        now: DateTime<Utc>,
    },
    /// The order that holds it is paid.
    Use {
        /// Whose it is.
        user_id: UserId,
        /// Which order.
        order_id: OrderId,
    },
    /// The order that holds it is cancelled, unpaid.
    Release {
        /// Whose it is.
        user_id: UserId,
        /// Which order.
        order_id: OrderId,
    },
    /// The order that used it is cancelled. It comes back even after the validity ended: as a coupon
    /// that can no longer be used.
    GiveBack {
        /// Whose it is.
        user_id: UserId,
        /// Which order.
        order_id: OrderId,
    },
    /// The validity ended.
    Close {
        /// When.
        now: DateTime<Utc>,
    },
}
