//! What is said about payments.

use domain::payment::{AMOUNT_MISMATCH, PaymentEvent, ReviewReason};
use domain::{Money, OrderId, UserId};
use serde::Serialize;

use super::{Body, Translation, millis, refund};

#[derive(Clone, Debug, Serialize)]
pub(crate) struct Requested {
    payment_id: String,
    order_id: OrderId,
    user_id: UserId,
    amount: i64,
    currency: &'static str,
    gateway: String,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct OutcomeUnknown {
    payment_id: String,
    order_id: OrderId,
    reason: String,
    inquiries: i64,
    next_inquiry_at: Option<i64>,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct Completed {
    payment_id: String,
    order_id: OrderId,
    user_id: UserId,
    amount: i64,
    currency: &'static str,
    gateway_transaction_id: String,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct Failed {
    payment_id: String,
    order_id: OrderId,
    user_id: UserId,
    amount: i64,
    currency: &'static str,
    failure_code: String,
    message: Option<String>,
    charged_amount: Option<i64>,
    charged_currency: Option<&'static str>,
    gateway_transaction_id: Option<String>,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct DepositAwaited {
    payment_id: String,
    order_id: OrderId,
    user_id: UserId,
    amount: i64,
    currency: &'static str,
    bank: String,
    due_at: i64,
    inquiries: i64,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct ReviewRequired {
    payment_id: String,
    order_id: OrderId,
    reason: &'static str,
    amount: Option<i64>,
    currency: Option<&'static str>,
}

/// Payment events are public (PAY-05), without the token that opens one and without the number of an account
/// that a buyer pays into. That the gateway is to be asked is nobody else's business: what it says is news.
pub(crate) fn translate(payment_id: &str, event: &PaymentEvent) -> Option<Translation> {
    Some(match event {
        PaymentEvent::PaymentRequested {
            order_id,
            user_id,
            amount,
            gateway,
            token: _,
            method_id: _,
        } => {
            let requested = Requested {
                payment_id: payment_id.to_owned(),
                order_id: *order_id,
                user_id: user_id.clone(),
                amount: amount.amount(),
                currency: amount.currency().code(),
                gateway: gateway.clone(),
            };
            ("PAYMENT_REQUESTED", Body::PaymentRequested(requested))
        }
        PaymentEvent::PaymentOutcomeUnknown {
            order_id,
            reason,
            inquiries,
            next_inquiry_at,
        } => {
            let unknown = OutcomeUnknown {
                payment_id: payment_id.to_owned(),
                order_id: *order_id,
                reason: reason.clone(),
                inquiries: i64::from(*inquiries),
                next_inquiry_at: next_inquiry_at.map(millis),
            };
            (
                "PAYMENT_OUTCOME_UNKNOWN",
                Body::PaymentOutcomeUnknown(unknown),
            )
        }
        PaymentEvent::PaymentSucceeded {
            order_id,
            user_id,
            amount,
            gateway_transaction_id,
        } => {
            let completed = Completed {
                payment_id: payment_id.to_owned(),
                order_id: *order_id,
                user_id: user_id.clone(),
                amount: amount.amount(),
                currency: amount.currency().code(),
                gateway_transaction_id: gateway_transaction_id.clone(),
            };
            ("PAYMENT_SUCCESS", Body::PaymentCompleted(completed))
        }
        PaymentEvent::PaymentFailed {
            order_id,
            user_id,
            amount,
            code,
            message,
        } => {
            let mut failed = failed(payment_id, *order_id, user_id, *amount, code);
            failed.message = Some(message.clone());
            ("PAYMENT_FAILED", Body::PaymentFailed(failed))
        }
        PaymentEvent::PaymentMismatched {
            order_id,
            user_id,
            expected,
            charged,
            gateway_transaction_id,
        } => {
            let mut failed = failed(payment_id, *order_id, user_id, *expected, AMOUNT_MISMATCH);
            failed.charged_amount = Some(charged.amount());
            failed.charged_currency = Some(charged.currency().code());
            failed.gateway_transaction_id = Some(gateway_transaction_id.clone());
            ("PAYMENT_FAILED", Body::PaymentFailed(failed))
        }
        PaymentEvent::PaymentRefundRequested {
            order_id,
            refund_id,
            amount,
            reason,
        } => refund::requested(payment_id, *order_id, *refund_id, *amount, *reason),
        PaymentEvent::PaymentRefundDelayed {
            refund_id,
            reason,
            attempts,
            next_attempt_at,
            // The public reason says so.
            refused: _,
        } => refund::delayed(payment_id, *refund_id, reason, *attempts, *next_attempt_at),
        PaymentEvent::PaymentRefunded {
            order_id,
            user_id,
            refund_id,
            amount,
            reason,
            // Whether points still pay for a part is the order's to say.
            others_remain: _,
        } => refund::done(
            payment_id,
            (*order_id, user_id),
            *refund_id,
            *amount,
            *reason,
        ),
        PaymentEvent::PaymentDepositAwaited {
            order_id,
            user_id,
            amount,
            account,
            inquiries,
            ..
        } => {
            let awaited = DepositAwaited {
                payment_id: payment_id.to_owned(),
                order_id: *order_id,
                user_id: user_id.clone(),
                amount: amount.amount(),
                currency: amount.currency().code(),
                bank: account.bank.clone(),
                due_at: millis(account.until),
                inquiries: i64::from(*inquiries),
            };
            (
                "PAYMENT_DEPOSIT_AWAITED",
                Body::PaymentDepositAwaited(awaited),
            )
        }
        PaymentEvent::PaymentReviewRequired {
            order_id,
            reason,
            amount,
        } => {
            let review = ReviewRequired {
                payment_id: payment_id.to_owned(),
                order_id: *order_id,
                reason: public_reason(*reason),
                amount: amount.map(Money::amount),
                currency: amount.map(|amount| amount.currency().code()),
            };
            (
                "PAYMENT_REVIEW_REQUIRED",
                Body::PaymentReviewRequired(review),
            )
        }
        PaymentEvent::PaymentInquiryRequested { .. } => return None,
    })
}

/// The public names are a contract of their own, so they don't follow the storage format.
fn public_reason(reason: ReviewReason) -> &'static str {
    match reason {
        ReviewReason::AnswerMismatched => "ANSWER_MISMATCHED",
        ReviewReason::ChargeUnreadable => "CHARGE_UNREADABLE",
        ReviewReason::RefundedAtGateway => "REFUNDED_AT_GATEWAY",
        ReviewReason::DepositMismatched => "DEPOSIT_MISMATCHED",
        ReviewReason::DepositTakenBack => "DEPOSIT_TAKEN_BACK",
        ReviewReason::ChargeChanged => "CHARGE_CHANGED",
        ReviewReason::ChargedTwice => "CHARGED_TWICE",
        ReviewReason::ChargeDenied => "CHARGE_DENIED",
    }
}

/// A payment that failed, with nothing charged.
fn failed(
    payment_id: &str,
    order_id: OrderId,
    user_id: &UserId,
    amount: Money,
    code: &str,
) -> Failed {
    Failed {
        payment_id: payment_id.to_owned(),
        order_id,
        user_id: user_id.clone(),
        amount: amount.amount(),
        currency: amount.currency().code(),
        failure_code: code.to_owned(),
        message: None,
        charged_amount: None,
        charged_currency: None,
        gateway_transaction_id: None,
    }
}
