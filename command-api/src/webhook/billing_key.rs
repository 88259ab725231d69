//! A company tells that a billing key charges no more: its method is deleted, with the reason `GATEWAY`.
//!
//! Companies do not sign this and have no call to ask about a key, so it is believed as it is. That is safe: a key is a
//! secret that the company and the vault alone have, so who names one knows it; and all that follows is that the shop
//! charges it no more. Its user saves the card again.

use async_trait::async_trait;
use chrono::Utc;
use domain::payment_method::{DeletePaymentMethod, DeletionReason, MethodStage, PaymentMethods};
use domain::{PaymentMethodId, UserId};
use platform::ApiError;
use platform::config::Secret;

use super::taken::{Taken, command_of};
use crate::api::CommandApi;
use crate::execute::{unexecuted, unread};

/// When a company is told to try again that is sooner than the method's registration.
const RETRY_AFTER_S: u32 = 60;

/// Finds saved payment methods by their keys. What keeps the keys is not known here.
#[async_trait]
pub trait SavedKeys: Send + Sync {
    /// The method that has this key of a company's; `None` when none has, or it is erased.
    ///
    /// # Errors
    /// It cannot be known now: the company is to try again.
    async fn method_of(
        &self,
        company: &str,
        billing_key: &Secret,
    ) -> Result<Option<SavedMethod>, ApiError>;
}

/// A saved payment method.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SavedMethod {
    /// Whose.
    pub user_id: UserId,
    /// Which.
    pub method_id: PaymentMethodId,
}

/// Deletes the method of a key. Looked at before it is written, so that a double leaves nothing behind.
pub(super) async fn take_in(
    api: &CommandApi,
    company: &str,
    keys: &dyn SavedKeys,
    billing_key: &Secret,
) -> Result<Taken, ApiError> {
    let Some(found) = keys.method_of(company, billing_key).await? else {
        return Ok(Taken::Unknown);
    };
    let SavedMethod { user_id, method_id } = found;
    let loaded = api.store().load::<PaymentMethods>(&user_id).await;
    let (methods, _) = loaded.map_err(|error| unread(&error))?;
    match methods.method(method_id).map(|method| &method.stage) {
        // Failed or erased: the vault is a moment behind.
        Err(_) | Ok(MethodStage::Deleted { .. }) => return Ok(Taken::NoNews),
        // Its key is kept already, and the log is a moment behind.
        Ok(MethodStage::Pending { .. }) => {
            return Err(ApiError::unavailable().with_retry_after_s(RETRY_AFTER_S));
        }
        Ok(MethodStage::Active { .. }) => {}
    }
    // A method is deleted once, so this is one command however often it is told.
    let key = format!("billing-key-deleted/{method_id}");
    let delete = DeletePaymentMethod {
        user_id,
        method_id,
        reason: DeletionReason::Gateway,
    };
    let command = command_of(company, &key, delete, Utc::now());
    let outcome = api.store().execute(command).await.map_err(unexecuted)?;
    if outcome.status >= 400 {
        // Its user was faster.
        return Ok(Taken::NoNews);
    }
    tracing::info!(
        payment_method.id = %method_id, gateway.name = company,
        log.position = outcome.position, replayed = outcome.replayed,
        "{company} deleted the key of payment method {method_id}: it is charged no more"
    );
    Ok(Taken::Acted)
}
