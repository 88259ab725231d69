//! What is said about money that goes back.

use chrono::{DateTime, Utc};
use domain::payment::RefundReason;
use domain::{Money, OrderId, RefundId, UserId};
use serde::Serialize;

use super::{Body, Translation, millis};

#[derive(Clone, Debug, Serialize)]
pub(crate) struct Requested {
    payment_id: String,
    order_id: OrderId,
    refund_id: RefundId,
    amount: i64,
    currency: &'static str,
    reason: &'static str,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct Delayed {
    payment_id: String,
    refund_id: RefundId,
    reason: String,
    attempts: i64,
    next_attempt_at: Option<i64>,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct Done {
    payment_id: String,
    order_id: OrderId,
    user_id: UserId,
    refund_id: RefundId,
    amount: i64,
    currency: &'static str,
    reason: &'static str,
}

pub(crate) fn requested(
    payment_id: &str,
    order_id: OrderId,
    refund_id: RefundId,
    amount: Money,
    reason: RefundReason,
) -> Translation {
    let requested = Requested {
        payment_id: payment_id.to_owned(),
        order_id,
        refund_id,
        amount: amount.amount(),
        currency: amount.currency().code(),
        reason: public_reason(reason),
    };
    (
        "PAYMENT_REFUND_REQUESTED",
        Body::PaymentRefundRequested(requested),
    )
}

pub(crate) fn delayed(
    payment_id: &str,
    refund_id: RefundId,
    reason: &str,
    attempts: u32,
    next_attempt_at: Option<DateTime<Utc>>,
) -> Translation {
    let delayed = Delayed {
        payment_id: payment_id.to_owned(),
        refund_id,
        reason: reason.to_owned(),
        attempts: i64::from(attempts),
        next_attempt_at: next_attempt_at.map(millis),
    };
    (
        "PAYMENT_REFUND_DELAYED",
        Body::PaymentRefundDelayed(delayed),
    )
}

pub(crate) fn done(
    payment_id: &str,
    (order_id, user_id): (OrderId, &UserId),
    refund_id: RefundId,
    amount: Money,
    reason: RefundReason,
) -> Translation {
    let done = Done {
        payment_id: payment_id.to_owned(),
        order_id,
        user_id: user_id.clone(),
        refund_id,
        amount: amount.amount(),
        currency: amount.currency().code(),
        reason: public_reason(reason),
    };
    ("PAYMENT_REFUNDED", Body::PaymentRefunded(done))
}

/// The public names are a contract of their own, so they don't follow the storage format.
fn public_reason(reason: RefundReason) -> &'static str {
    match reason {
        RefundReason::OrderCancelled => "ORDER_CANCELLED",
        RefundReason::LateSuccess => "LATE_SUCCESS",
        RefundReason::AmountMismatch => "AMOUNT_MISMATCH",
        RefundReason::Requested => "REQUESTED",
    }
}
