//! Samples of the events of a user's payment methods.

use domain::PaymentMethodId;
use domain::payment_method::{DeletionReason, MethodKind, PaymentMethodEvent};
use uuid::Uuid;

use crate::samples::moment;

pub(crate) fn payment_method_events() -> Vec<PaymentMethodEvent> {
    let method_id =
        PaymentMethodId::new(Uuid::from_u128(0x0193_cccc_dddd_7eee_8fff_0000_0000_0070));
    let gateway = || "toss".to_owned();
    let reason = || "TIMEOUT".to_owned();
    let next_attempt_at = moment("2025-03-01T09:31:00Z");
    vec![
        PaymentMethodEvent::PaymentMethodRequested {
            method_id,
            gateway: gateway(),
            auth_token: "tok_approve".to_owned(),
        },
        PaymentMethodEvent::PaymentMethodRegistrationDelayed {
            method_id,
            reason: reason(),
            attempts: 1,
            next_attempt_at,
        },
        PaymentMethodEvent::PaymentMethodRegistrationFailed {
            method_id,
            code: "INVALID_AUTH_KEY".to_owned(),
            message: "no".to_owned(),
        },
        PaymentMethodEvent::PaymentMethodRegistered {
            method_id,
            gateway: gateway(),
            kind: MethodKind::Card,
            card_company: Some("71".to_owned()),
            card_last4: Some("1234".to_owned()),
        },
        PaymentMethodEvent::PaymentMethodMadeDefault { method_id },
        PaymentMethodEvent::PaymentMethodDeleted {
            method_id,
            gateway: gateway(),
            reason: DeletionReason::Requested,
        },
        PaymentMethodEvent::PaymentMethodErasureDelayed {
            method_id,
            reason: reason(),
            attempts: 1,
            next_attempt_at: Some(next_attempt_at),
        },
        PaymentMethodEvent::PaymentMethodErased { method_id },
    ]
}
