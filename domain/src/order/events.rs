//! What can have happened to an order. This is a storage format: see `golden/order/`.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::ids::{CouponCode, OrderItemId, PaymentId, ProductId, RefundId, UserId};
use crate::inventory::Allocation;
use crate::money::Money;

/// One line of an order, as it was when the order was placed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderLine {
    /// The line's own id.
    pub order_item_id: OrderItemId,
    /// What was bought.
    pub product_id: ProductId,
    /// Its name then.
    pub name: String,
    /// How many pieces.
    pub quantity: u32,
    /// What one piece cost then.
    pub unit_price: Money,
    /// `quantity × unit_price`.
    pub amount: Money,
    /// The warehouses that the pieces come from.
    pub allocations: Vec<Allocation>,
}

/// What a coupon takes off.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Discount {
    /// The coupon.
    pub code: CouponCode,
    /// What it takes off the sum of the lines.
    pub amount: Money,
}

/// Why an order was cancelled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum CancelReason {
    /// The gateway declined, or its answer could not be accepted.
    PaymentFailed {
        /// The payment's failure code.
        code: String,
    },
    /// Nobody paid in time (RS-05).
    PaymentTimedOut,
    /// Whoever placed it, or an operator, cancelled it.
    Requested {
        /// In their words.
        reason: String,
    },
}

/// What a refund takes of one line, and what it leaves of it for others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundedLine {
    /// The line.
    pub order_item_id: OrderItemId,
    /// What was bought.
    pub product_id: ProductId,
    /// Pieces that go back; none when only money does.
    pub quantity: u32,
    /// Money that goes back.
    pub amount: Money,
    /// Points that go back.
    pub points: i64,
    /// Pieces that no refund has taken yet.
    pub left_quantity: u32,
    /// Money that no refund has taken yet.
    pub left_amount: Money,
    /// Points that no refund has taken yet.
    pub left_points: i64,
}

/// An event of an order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum OrderEvent {
    /// It was placed, its stock held.
    OrderPlaced {
        /// Who buys.
        user_id: UserId,
        /// What they buy: one line a product.
        lines: Vec<OrderLine>,
        /// The sum of the lines.
        subtotal: Money,
        /// The coupon, when one was given.
        discount: Option<Discount>,
        /// What is to be paid: `subtotal − discount`.
        total: Money,
        /// Unpaid after this moment, it is cancelled.
        payment_due_at: DateTime<Utc>,
    },
    /// A coupon was given when paying.
    OrderDiscounted {
        /// The coupon.
        discount: Discount,
        /// What is to be paid now.
        total: Money,
    },
    /// A payment is under way.
    OrderPaymentStarted {
        /// Which.
        payment_id: PaymentId,
    },
    /// It is paid.
    OrderPaid {
        /// By which payment.
        payment_id: PaymentId,
        /// It is confirmed by itself at this moment.
        confirmation_due_at: DateTime<Utc>,
    },
    /// It is confirmed: no longer cancelled, only refunded.
    OrderConfirmed {},
    /// It left the warehouse.
    OrderShipped {},
    /// It arrived.
    OrderDelivered {},
    /// It was cancelled.
    OrderCancelled {
        /// Why.
        reason: CancelReason,
        /// Whether it had been paid, so that money and stock go back.
        was_paid: bool,
    },
    /// Points pay a part of it, or all.
    OrderPointsApplied {
        /// How many: one is a minor unit of the order's currency.
        points: i64,
        /// What is left to be paid with money: `total − points`.
        payable: Money,
    },
    /// All or part of it is to go back to its buyer.
    OrderRefundStarted {
        /// Under which id: that of the payment's refund.
        refund_id: RefundId,
        /// The payment that gives the money back.
        payment_id: PaymentId,
        /// The sum of the lines' money.
        amount: Money,
        /// The sum of the lines' points.
        points: i64,
        /// What of which line.
        lines: Vec<RefundedLine>,
        /// Whether the pieces become stock again: they have not left the warehouse.
        restock: bool,
        /// Why, in the words of whoever asked for it.
        reason: String,
    },
    /// Money and points are back with the buyer.
    OrderRefunded {
        /// Which refund.
        refund_id: RefundId,
        /// Its money.
        amount: Money,
        /// Its points.
        points: i64,
        /// Whether nothing of the order is left: all of it has gone back.
        whole: bool,
    },
}

impl cqrs_es::DomainEvent for OrderEvent {
    fn event_type(&self) -> String {
        match self {
            Self::OrderPlaced { .. } => "OrderPlaced",
            Self::OrderDiscounted { .. } => "OrderDiscounted",
            Self::OrderPaymentStarted { .. } => "OrderPaymentStarted",
            Self::OrderPaid { .. } => "OrderPaid",
            Self::OrderConfirmed {} => "OrderConfirmed",
            Self::OrderShipped {} => "OrderShipped",
            Self::OrderDelivered {} => "OrderDelivered",
            Self::OrderCancelled { .. } => "OrderCancelled",
            Self::OrderPointsApplied { .. } => "OrderPointsApplied",
            Self::OrderRefundStarted { .. } => "OrderRefundStarted",
            Self::OrderRefunded { .. } => "OrderRefunded",
        }
        .to_owned()
    }

    fn event_version(&self) -> String {
        "1".to_owned()
    }
}
