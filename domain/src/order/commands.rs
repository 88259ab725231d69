//! What can be asked of an order.

use chrono::{DateTime, Utc};

use super::events::{CancelReason, Discount, OrderLine};
use crate::ids::{PaymentId, UserId};

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
}
