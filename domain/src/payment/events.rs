//! What can have happened to a payment. This is a storage format: see `golden/payment/`.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::ids::{OrderId, PaymentMethodId, RefundId, UserId};
use crate::money::Money;

/// The failure code of a payment that the gateway never heard of.
pub const NO_RECORD: &str = "GATEWAY_NO_RECORD";

/// Why captured money goes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RefundReason {
    /// The paid order was cancelled.
    OrderCancelled,
    /// The success came after the order was cancelled.
    LateSuccess,
    /// The gateway charged another amount than was asked for.
    AmountMismatch,
    /// The buyer or an operator asked for it: the order says what for.
    Requested,
}

/// An event of a payment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum PaymentEvent {
    /// It was asked for.
    PaymentRequested {
        /// For which order.
        order_id: OrderId,
        /// Who pays.
        user_id: UserId,
        /// How much.
        amount: Money,
        /// Through which gateway.
        gateway: String,
        /// What the gateway gave the buyer's browser; empty without a browser. Never a card number.
        token: String,
        /// The saved payment method that is charged without a browser.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        method_id: Option<PaymentMethodId>,
    },
    /// Nobody knows yet whether the gateway charged.
    PaymentOutcomeUnknown {
        /// For which order.
        order_id: OrderId,
        /// Why: a timeout, a server error, no record of it yet.
        reason: String,
        /// How many inquiries were made so far.
        inquiries: u32,
        /// When it is asked next; never again when the schedule is over: a person must look.
        next_inquiry_at: Option<DateTime<Utc>>,
    },
    /// The gateway charged what was asked for.
    PaymentSucceeded {
        /// For which order.
        order_id: OrderId,
        /// Who paid.
        user_id: UserId,
        /// How much.
        amount: Money,
        /// The gateway's own id of the charge.
        gateway_transaction_id: String,
    },
    /// The gateway did not charge.
    PaymentFailed {
        /// For which order.
        order_id: OrderId,
        /// Who would have paid.
        user_id: UserId,
        /// How much was asked for.
        amount: Money,
        /// The gateway's code, or [`NO_RECORD`].
        code: String,
        /// The gateway's words.
        message: String,
    },
    /// The gateway charged another amount: the payment failed, and the charge goes back.
    PaymentMismatched {
        /// For which order.
        order_id: OrderId,
        /// Who was charged.
        user_id: UserId,
        /// What was asked for.
        expected: Money,
        /// What was charged.
        charged: Money,
        /// The gateway's own id of the charge.
        gateway_transaction_id: String,
    },
    /// Captured money is to go back.
    PaymentRefundRequested {
        /// For which order.
        order_id: OrderId,
        /// Under which id: the gateway's idempotency key of the refund.
        refund_id: RefundId,
        /// How much.
        amount: Money,
        /// Why.
        reason: RefundReason,
    },
    /// The refund is not known to be done.
    PaymentRefundDelayed {
        /// Which refund.
        refund_id: RefundId,
        /// Why.
        reason: String,
        /// How many attempts were made so far.
        attempts: u32,
        /// When it is tried next; never again when the schedule is over: a person must look.
        next_attempt_at: Option<DateTime<Utc>>,
    },
    /// The money went back.
    PaymentRefunded {
        /// For which order.
        order_id: OrderId,
        /// Who got it.
        user_id: UserId,
        /// Which refund.
        refund_id: RefundId,
        /// How much.
        amount: Money,
        /// Why.
        reason: RefundReason,
    },
}

impl cqrs_es::DomainEvent for PaymentEvent {
    fn event_type(&self) -> String {
        match self {
            Self::PaymentRequested { .. } => "PaymentRequested",
            Self::PaymentOutcomeUnknown { .. } => "PaymentOutcomeUnknown",
            Self::PaymentSucceeded { .. } => "PaymentSucceeded",
            Self::PaymentFailed { .. } => "PaymentFailed",
            Self::PaymentMismatched { .. } => "PaymentMismatched",
            Self::PaymentRefundRequested { .. } => "PaymentRefundRequested",
            Self::PaymentRefundDelayed { .. } => "PaymentRefundDelayed",
            Self::PaymentRefunded { .. } => "PaymentRefunded",
        }
        .to_owned()
    }

    fn event_version(&self) -> String {
        "1".to_owned()
    }
}
