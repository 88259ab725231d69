//! What an event makes of a method's row and of its user's wallet.

use domain::payment_method::PaymentMethodEvent;
use uuid::Uuid;

use super::rows::{MethodRow, WalletRow};
use crate::error::ProjectionError;
use crate::projector::{Event, missing};
use crate::table::Rows;

pub(super) struct Books {
    pub(super) methods: Rows<Uuid, MethodRow>,
    pub(super) wallets: Rows<String, WalletRow>,
}

impl Books {
    pub(super) fn fold(
        &mut self,
        user_id: &str,
        event: &Event,
        method_event: &PaymentMethodEvent,
    ) -> Result<(), ProjectionError> {
        let id = method_event.method_id().uuid();
        if let PaymentMethodEvent::PaymentMethodRequested { gateway, .. } = method_event {
            let row = requested(id, user_id, gateway, event)?;
            if !self.methods.add(id, row) {
                let found = format!("payment method {id} is there already");
                return Err(ProjectionError::Poison(found));
            }
            return Ok(());
        }
        let method = self.methods.change(&id);
        let method = method.ok_or_else(|| missing("payment method", id))?;
        method.updated_at = event.at();
        method.version = event.version()?;
        match method_event {
            PaymentMethodEvent::PaymentMethodRequested { .. } => {}
            PaymentMethodEvent::PaymentMethodRegistrationDelayed {
                reason,
                attempts,
                next_attempt_at,
                ..
            } => {
                method.delay_reason = Some(reason.clone());
                method.attempts = i64::from(*attempts);
                method.next_attempt_at = Some(*next_attempt_at);
            }
            PaymentMethodEvent::PaymentMethodRegistrationFailed { code, message, .. } => {
                settled(method, "FAILED");
                method.failure_code = Some(code.clone());
                method.failure_message = Some(message.clone());
            }
            PaymentMethodEvent::PaymentMethodRegistered {
                kind,
                card_company,
                card_last4,
                ..
            } => {
                settled(method, "ACTIVE");
                method.method_type = Some(kind.as_str().to_owned());
                method.card_company.clone_from(card_company);
                method.card_last4.clone_from(card_last4);
                method.registered_at = Some(event.at());
            }
            PaymentMethodEvent::PaymentMethodMadeDefault { .. } => {
                self.set_default(user_id, Some(id), event);
            }
            PaymentMethodEvent::PaymentMethodDeleted { .. } => {
                settled(method, "DELETED");
                method.deleted_at = Some(event.at());
                let key = user_id.to_owned();
                if let Some(wallet) = self.wallets.change(&key)
                    && wallet.default_id == Some(id)
                {
                    self.set_default(user_id, None, event);
                }
            }
            PaymentMethodEvent::PaymentMethodErasureDelayed {
                reason,
                attempts,
                next_attempt_at,
                ..
            } => {
                method.delay_reason = Some(reason.clone());
                method.attempts = i64::from(*attempts);
                method.next_attempt_at = *next_attempt_at;
            }
            PaymentMethodEvent::PaymentMethodErased { .. } => {
                settled(method, "DELETED");
                method.erased_at = Some(event.at());
            }
        }
        Ok(())
    }

    fn set_default(&mut self, user_id: &str, default_id: Option<Uuid>, event: &Event) {
        let key = user_id.to_owned();
        if let Some(wallet) = self.wallets.change(&key) {
            wallet.default_id = default_id;
            wallet.updated_at = event.at();
            return;
        }
        let wallet = WalletRow {
            user_id: key.clone(),
            default_id,
            updated_at: event.at(),
        };
        self.wallets.add(key, wallet);
    }
}

fn requested(
    id: Uuid,
    user_id: &str,
    gateway: &str,
    event: &Event,
) -> Result<MethodRow, ProjectionError> {
    Ok(MethodRow {
        id,
        user_id: user_id.to_owned(),
        gateway: gateway.to_owned(),
        status: "PENDING".to_owned(),
        method_type: None,
        card_company: None,
        card_last4: None,
        failure_code: None,
        failure_message: None,
        delay_reason: None,
        attempts: 0,
        next_attempt_at: None,
        requested_at: event.at(),
        registered_at: None,
        deleted_at: None,
        erased_at: None,
        updated_at: event.at(),
        version: event.version()?,
    })
}

/// The company has answered, or need not for now.
fn settled(method: &mut MethodRow, status: &str) {
    status.clone_into(&mut method.status);
    method.delay_reason = None;
    method.attempts = 0;
    method.next_attempt_at = None;
}
