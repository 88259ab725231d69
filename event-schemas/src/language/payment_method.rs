//! What is said about saved payment methods: that they are there, and which is charged. Nothing of a card.

use domain::PaymentMethodId;
use domain::payment_method::PaymentMethodEvent;
use serde::Serialize;

use super::{Body, Translation};

#[derive(Clone, Debug, Serialize)]
pub(crate) struct StatusChanged {
    user_id: String,
    method_id: PaymentMethodId,
    status: &'static str,
    method_type: Option<&'static str>,
    gateway: Option<String>,
}

/// A method on its way, one that came to nothing, and the erasing of a key are the shop's own business.
pub(crate) fn translate(user_id: &str, event: &PaymentMethodEvent) -> Option<Translation> {
    let (event_type, status, method_type, gateway) = match event {
        PaymentMethodEvent::PaymentMethodRegistered { kind, gateway, .. } => (
            "PAYMENT_METHOD_REGISTERED",
            "ACTIVE",
            Some(kind.as_str()),
            Some(gateway),
        ),
        PaymentMethodEvent::PaymentMethodMadeDefault { .. } => {
            ("PAYMENT_METHOD_MADE_DEFAULT", "ACTIVE", None, None)
        }
        PaymentMethodEvent::PaymentMethodDeleted { gateway, .. } => {
            ("PAYMENT_METHOD_DELETED", "DELETED", None, Some(gateway))
        }
        PaymentMethodEvent::PaymentMethodRequested { .. }
        | PaymentMethodEvent::PaymentMethodRegistrationDelayed { .. }
        | PaymentMethodEvent::PaymentMethodRegistrationFailed { .. }
        | PaymentMethodEvent::PaymentMethodErasureDelayed { .. }
        | PaymentMethodEvent::PaymentMethodErased { .. } => return None,
    };
    let changed = StatusChanged {
        user_id: user_id.to_owned(),
        method_id: event.method_id(),
        status,
        method_type,
        gateway: gateway.cloned(),
    };
    Some((event_type, Body::PaymentMethodStatusChanged(changed)))
}
