//! What can be asked of an order.

use chrono::{DateTime, Utc};

use super::events::{CancelReason, Discount, OrderLine};
use super::refund::RefundScope;
use crate::ids::{PaymentId, RefundId, UserId};

/// A command to an order.
#[derive(Clone, Debug)]
pub enum OrderCommand {
    /// Place it. The lines carry the prices of this moment.
    Place {
        /// Who buys.
        user_id: UserId,
        /// One line a product, at most [`crate::order::Order::LINES_MAX`].
        lines: Vec<OrderLine>,
        /// What a coupon takes off.
        discount: Option<Discount>,
        /// When it is cancelled if unpaid.
        payment_due_at: DateTime<Utc>,
    },
    /// Take a coupon into account that was given when paying.
    ApplyDiscount {
        /// The coupon and what it takes off.
        discount: Discount,
    },
    /// Pay this much of it with points.
    ApplyPoints {
        /// How many.
        points: i64,
    },
    /// A payment begins.
    StartPayment {
        /// Which.
        payment_id: PaymentId,
    },
    /// The payment succeeded (PAY-02).
    Pay {
        /// Which.
        payment_id: PaymentId,
        /// When the order confirms itself.
        confirmation_due_at: DateTime<Utc>,
    },
    /// No way back any more.
    Confirm,
    /// It left the warehouse.
    Ship,
    /// It arrived.
    Deliver,
    /// Cancel it (O-04).
    Cancel {
        /// Why.
        reason: CancelReason,
    },
    /// Give all or part of it back.
    StartRefund {
        /// Under which id.
        refund_id: RefundId,
        /// What of it.
        scope: RefundScope,
        /// Why: 1 to 200 characters.
        reason: String,
    },
    /// The money of a refund is back with the buyer.
    CompleteRefund {
        /// Which.
        refund_id: RefundId,
    },
}
