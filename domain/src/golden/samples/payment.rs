//! A payment.

use super::Cases;
use crate::mothers::{at, krw, method_id, order_id, refund_id, user};
use crate::payment::{
    DEPOSIT_EXPIRED, DepositAccount, GatewayNotice, InquiryCause, NO_RECORD, PaymentEvent,
    RefundReason, ReviewReason,
};

pub(super) fn cases() -> Cases<PaymentEvent> {
    let (order_id, user_id, amount) = (order_id(1), user("ann"), krw(30_000));
    let gateway_transaction_id = "mock-0001".to_owned();
    let unknown = |reason: &str, inquiries, next_inquiry_at| PaymentEvent::PaymentOutcomeUnknown {
        order_id,
        reason: reason.to_owned(),
        inquiries,
        next_inquiry_at,
    };
    let delayed = |attempts, next_attempt_at| PaymentEvent::PaymentRefundDelayed {
        refund_id: refund_id(1),
        reason: "timeout".to_owned(),
        attempts,
        next_attempt_at,
        refused: false,
    };
    let failed = |code: &str, message: &str| PaymentEvent::PaymentFailed {
        order_id,
        user_id: user("ann"),
        amount,
        code: code.to_owned(),
        message: message.to_owned(),
    };
    let mut cases: Cases<PaymentEvent> = vec![
        (
            None,
            PaymentEvent::PaymentRequested {
                order_id,
                user_id: user_id.clone(),
                amount,
                gateway: "mock".to_owned(),
                token: "tok_approve_7f3a".to_owned(),
                method_id: None,
            },
        ),
        (
            Some("by-method"),
            PaymentEvent::PaymentRequested {
                order_id,
                user_id: user_id.clone(),
                amount,
                gateway: "toss".to_owned(),
                token: String::new(),
                method_id: Some(method_id(1)),
            },
        ),
        (
            None,
            PaymentEvent::PaymentSucceeded {
                order_id,
                user_id: user_id.clone(),
                amount,
                gateway_transaction_id: gateway_transaction_id.clone(),
            },
        ),
        (
            None,
            PaymentEvent::PaymentMismatched {
                order_id,
                user_id: user_id.clone(),
                expected: amount,
                charged: krw(29_999),
                gateway_transaction_id,
            },
        ),
        (None, unknown("timeout", 1, Some(at(1)))),
        (Some("never-again"), unknown(NO_RECORD, 13, None)),
        (None, failed("CARD_DECLINED", "The card was declined.")),
        (
            Some("no-record"),
            failed(NO_RECORD, "the gateway has no record of the payment"),
        ),
        (
            Some("no-deposit"),
            failed(DEPOSIT_EXPIRED, "nobody paid into the account in time"),
        ),
        (
            None,
            PaymentEvent::PaymentDepositAwaited {
                order_id,
                user_id: user("ann"),
                amount,
                gateway_transaction_id: "mock-0001".to_owned(),
                account: DepositAccount {
                    bank: "20".to_owned(),
                    number: "X6505636518308".to_owned(),
                    holder: Some("박토스".to_owned()),
                    until: at(7 * 24 * 60),
                    open_until: None,
                },
                inquiries: 0,
                next_inquiry_at: at(10),
            },
        ),
        (
            None,
            PaymentEvent::PaymentInquiryRequested {
                order_id,
                cause: InquiryCause::Notice(GatewayNotice {
                    notice_id: "a4b1c2".to_owned(),
                    status: Some("DONE".to_owned()),
                    amount: Some(30_000),
                    currency: Some("KRW".to_owned()),
                    left: None,
                    signed: false,
                }),
                due_at: None,
            },
        ),
        (
            Some("operator"),
            PaymentEvent::PaymentInquiryRequested {
                order_id,
                cause: InquiryCause::Operator {},
                due_at: None,
            },
        ),
        (
            None,
            PaymentEvent::PaymentReviewRequired {
                order_id,
                reason: ReviewReason::DepositTakenBack,
                amount: Some(amount),
            },
        ),
        (
            Some("without-amount"),
            PaymentEvent::PaymentReviewRequired {
                order_id,
                reason: ReviewReason::AnswerMismatched,
                amount: None,
            },
        ),
        (None, delayed(1, Some(at(1)))),
        (Some("never-again"), delayed(13, None)),
        (
            Some("refused"),
            PaymentEvent::PaymentRefundDelayed {
                refund_id: refund_id(1),
                reason: "REFUSED_NOT_CANCELABLE_PAYMENT".to_owned(),
                attempts: 1,
                next_attempt_at: Some(at(1)),
                refused: true,
            },
        ),
    ];
    let reasons = [
        (None, RefundReason::OrderCancelled),
        (Some("late-success"), RefundReason::LateSuccess),
        (Some("amount-mismatch"), RefundReason::AmountMismatch),
        (Some("requested"), RefundReason::Requested),
    ];
    for (case, reason) in reasons {
        let (refund_id, user_id) = (refund_id(1), user_id.clone());
        let requested = PaymentEvent::PaymentRefundRequested {
            order_id,
            refund_id,
            amount,
            reason,
        };
        let refunded = PaymentEvent::PaymentRefunded {
            order_id,
            user_id,
            refund_id,
            amount,
            reason,
            others_remain: false,
        };
        cases.extend([(case, requested), (case, refunded)]);
    }
    cases.extend([
        (
            Some("others-remain"),
            PaymentEvent::PaymentRefunded {
                order_id,
                user_id: user("ann"),
                refund_id: refund_id(1),
                amount: krw(0),
                reason: RefundReason::Requested,
                others_remain: true,
            },
        ),
        (
            Some("open-for-longer"),
            PaymentEvent::PaymentDepositAwaited {
                order_id,
                user_id: user("ann"),
                amount,
                gateway_transaction_id: "mock-0001".to_owned(),
                account: DepositAccount {
                    bank: "20".to_owned(),
                    number: "X6505636518308".to_owned(),
                    holder: None,
                    until: at(24 * 60),
                    open_until: Some(at(7 * 24 * 60)),
                },
                inquiries: 0,
                next_inquiry_at: at(10),
            },
        ),
        (
            Some("overtaken"),
            PaymentEvent::PaymentInquiryRequested {
                order_id,
                cause: InquiryCause::Overtaken {},
                due_at: None,
            },
        ),
        (
            Some("put-off"),
            PaymentEvent::PaymentInquiryRequested {
                order_id,
                cause: InquiryCause::Notice(GatewayNotice {
                    notice_id: "a4b1c3".to_owned(),
                    status: Some("PARTIAL_CANCELED".to_owned()),
                    amount: Some(30_000),
                    currency: Some("KRW".to_owned()),
                    left: Some(12_000),
                    signed: true,
                }),
                due_at: Some(at(10)),
            },
        ),
    ]);
    cases
}
