//! Samples of a payment's events.

use domain::payment::{DepositAccount, InquiryCause, PaymentEvent, RefundReason, ReviewReason};

use crate::samples::{krw, moment, order, refund, usd, user};

/// What must never be published.
pub(crate) const TOKEN: &str = "tok_approve_secret";

/// A buyer's account to pay into, which must never be published either.
pub(crate) const ACCOUNT: &str = "X6505636518308";

pub(crate) fn payment_events() -> Vec<PaymentEvent> {
    let (order_id, user_id, amount) = (order(), user(), krw(27_000));
    let refund_id = refund();
    let refunded = |reason| PaymentEvent::PaymentRefunded {
        order_id,
        user_id: user(),
        refund_id,
        amount,
        reason,
        others_remain: false,
    };
    vec![
        PaymentEvent::PaymentRequested {
            order_id,
            user_id: user_id.clone(),
            amount,
            gateway: "mock".to_owned(),
            token: TOKEN.to_owned(),
            method_id: None,
        },
        PaymentEvent::PaymentOutcomeUnknown {
            order_id,
            reason: "timeout".to_owned(),
            inquiries: 1,
            next_inquiry_at: Some(moment("2025-03-01T09:31:00Z")),
        },
        PaymentEvent::PaymentOutcomeUnknown {
            order_id,
            reason: "timeout".to_owned(),
            inquiries: 20,
            next_inquiry_at: None,
        },
        PaymentEvent::PaymentSucceeded {
            order_id,
            user_id: user_id.clone(),
            amount,
            gateway_transaction_id: "mock-1".to_owned(),
        },
        PaymentEvent::PaymentFailed {
            order_id,
            user_id: user_id.clone(),
            amount,
            code: "CARD_DECLINED".to_owned(),
            message: "한도 초과".to_owned(),
        },
        PaymentEvent::PaymentMismatched {
            order_id,
            user_id,
            expected: amount,
            charged: usd(2_700),
            gateway_transaction_id: "mock-2".to_owned(),
        },
        PaymentEvent::PaymentRefundRequested {
            order_id,
            refund_id,
            amount,
            reason: RefundReason::LateSuccess,
        },
        PaymentEvent::PaymentRefundDelayed {
            refund_id,
            reason: "HTTP 503".to_owned(),
            attempts: 2,
            next_attempt_at: Some(moment("2025-03-01T09:40:00Z")),
            refused: false,
        },
        PaymentEvent::PaymentRefundDelayed {
            refund_id,
            reason: "HTTP 503".to_owned(),
            attempts: 30,
            next_attempt_at: None,
            refused: true,
        },
        refunded(RefundReason::OrderCancelled),
        refunded(RefundReason::LateSuccess),
        refunded(RefundReason::AmountMismatch),
    ]
}

/// What is told beside the gateway's first word: behind all other samples, whose ids are counted.
pub(crate) fn waiting_events() -> Vec<PaymentEvent> {
    let (order_id, amount) = (order(), krw(27_000));
    vec![
        PaymentEvent::PaymentDepositAwaited {
            order_id,
            user_id: user(),
            amount,
            gateway_transaction_id: "mock-3".to_owned(),
            account: DepositAccount {
                bank: "20".to_owned(),
                number: ACCOUNT.to_owned(),
                holder: Some("박토스".to_owned()),
                until: moment("2025-03-08T09:30:00Z"),
                open_until: None,
            },
            inquiries: 2,
            next_inquiry_at: moment("2025-03-01T15:30:00Z"),
        },
        PaymentEvent::PaymentInquiryRequested {
            order_id,
            cause: InquiryCause::Operator {},
            due_at: None,
        },
        PaymentEvent::PaymentReviewRequired {
            order_id,
            reason: ReviewReason::DepositTakenBack,
            amount: Some(amount),
        },
        PaymentEvent::PaymentReviewRequired {
            order_id,
            reason: ReviewReason::AnswerMismatched,
            amount: None,
        },
    ]
}
