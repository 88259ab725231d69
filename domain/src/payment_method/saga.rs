//! What follows from what happened to a user's payment methods: calls to the gateway, now or later.

use super::events::PaymentMethodEvent;
use crate::saga::{Action, Due, Step};

/// What follows from an event.
pub(crate) fn follow(user_id: &str, event: &PaymentMethodEvent) -> Vec<Step> {
    let Ok(user_id) = user_id.parse() else {
        return vec![];
    };
    match event {
        PaymentMethodEvent::PaymentMethodRequested { method_id, .. } => {
            let method_id = *method_id;
            let action = Action::RegisterMethod { user_id, method_id };
            vec![Step::new("register-method", Due::Now, action)]
        }
        PaymentMethodEvent::PaymentMethodRegistrationDelayed {
            method_id,
            next_attempt_at,
            ..
        } => {
            let method_id = *method_id;
            let action = Action::RegisterMethod { user_id, method_id };
            vec![Step::new(
                "register-method",
                Due::At(*next_attempt_at),
                action,
            )]
        }
        PaymentMethodEvent::PaymentMethodDeleted { method_id, .. } => {
            let method_id = *method_id;
            let action = Action::EraseMethod { user_id, method_id };
            vec![Step::new("erase-method", Due::Now, action)]
        }
        PaymentMethodEvent::PaymentMethodErasureDelayed {
            method_id,
            next_attempt_at: Some(at),
            ..
        } => {
            let method_id = *method_id;
            let action = Action::EraseMethod { user_id, method_id };
            vec![Step::new("erase-method", Due::At(*at), action)]
        }
        PaymentMethodEvent::PaymentMethodErasureDelayed {
            next_attempt_at: None,
            ..
        }
        | PaymentMethodEvent::PaymentMethodRegistrationFailed { .. }
        | PaymentMethodEvent::PaymentMethodRegistered { .. }
        | PaymentMethodEvent::PaymentMethodMadeDefault { .. }
        | PaymentMethodEvent::PaymentMethodErased { .. } => vec![],
    }
}
