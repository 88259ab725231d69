//! Saved payment methods.

use super::Cases;
use crate::mothers::{at, method_id};
use crate::payment_method::{DeletionReason, MethodKind, PaymentMethodEvent};

pub(super) fn cases() -> Cases<PaymentMethodEvent> {
    let method_id = method_id(1);
    let registered =
        |kind, card: Option<(&str, &str)>| PaymentMethodEvent::PaymentMethodRegistered {
            method_id,
            gateway: "toss".to_owned(),
            kind,
            card_company: card.map(|(company, _)| company.to_owned()),
            card_last4: card.map(|(_, last4)| last4.to_owned()),
        };
    let deleted = |reason| PaymentMethodEvent::PaymentMethodDeleted {
        method_id,
        gateway: "toss".to_owned(),
        reason,
    };
    let erasure_delayed =
        |attempts, next_attempt_at| PaymentMethodEvent::PaymentMethodErasureDelayed {
            method_id,
            reason: "TIMEOUT".to_owned(),
            attempts,
            next_attempt_at,
        };
    vec![
        (
            None,
            PaymentMethodEvent::PaymentMethodRequested {
                method_id,
                gateway: "toss".to_owned(),
                auth_token: "tok_approve".to_owned(),
            },
        ),
        (
            None,
            PaymentMethodEvent::PaymentMethodRegistrationDelayed {
                method_id,
                reason: "TIMEOUT".to_owned(),
                attempts: 1,
                next_attempt_at: at(1),
            },
        ),
        (
            None,
            PaymentMethodEvent::PaymentMethodRegistrationFailed {
                method_id,
                code: "INVALID_AUTH_KEY".to_owned(),
                message: "잘못된 인증 정보입니다".to_owned(),
            },
        ),
        (None, registered(MethodKind::Card, Some(("71", "1234")))),
        (Some("account"), registered(MethodKind::Account, None)),
        (Some("mobile"), registered(MethodKind::Mobile, None)),
        (
            None,
            PaymentMethodEvent::PaymentMethodMadeDefault { method_id },
        ),
        (None, deleted(DeletionReason::Requested)),
        (Some("by-gateway"), deleted(DeletionReason::Gateway)),
        (None, erasure_delayed(1, Some(at(1)))),
        (Some("given-up"), erasure_delayed(12, None)),
        (None, PaymentMethodEvent::PaymentMethodErased { method_id }),
    ]
}
