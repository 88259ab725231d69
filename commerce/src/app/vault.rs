//! The safe of billing keys, and who asks it.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use command_api::{CustomerKeys, RefundAccount, RefundAccounts, SavedKeys, SavedMethod};
use domain::PaymentMethodId;
use payment_vault::{AccountOfRefund, BillingKey, KeySafe, Vault, VaultError, VaultKeys};
use platform::ApiError;
use platform::config::Secret;
use sqlx::PgPool;
use uuid::Uuid;

use crate::config::ServeConfig;

/// The safe behind the payment service's pool, where payment methods are saved.
pub(super) fn key_safe(config: &ServeConfig, payment: Option<&PgPool>) -> Option<Arc<dyn KeySafe>> {
    let (keys, pool) = config.vault_keys.clone().zip(payment.cloned())?;
    Some(Arc::new(Vault::new(pool, keys)))
}

/// With the names by which companies know users, with what finds methods by their keys, and with a place for the
/// accounts that refunds of deposits go to, where there is a safe.
pub(super) fn with_safe(
    gateways: command_api::Gateways,
    keys: Option<&VaultKeys>,
    safe: Option<Arc<dyn KeySafe>>,
) -> command_api::Gateways {
    let Some((keys, safe)) = keys.cloned().zip(safe) else {
        return gateways;
    };
    gateways
        .with_customer_keys(CustomerKeys::new(move |user_id| keys.customer_key(user_id)))
        .with_saved_keys(Arc::new(InTheSafe(Arc::clone(&safe))))
        .with_refund_accounts(Arc::new(InTheSafe(safe)))
}

/// The safe, as the command API knows it: it finds methods by their keys' fingerprints, and their users by what is
/// sealed.
struct InTheSafe(Arc<dyn KeySafe>);

#[async_trait]
impl SavedKeys for InTheSafe {
    async fn method_of(
        &self,
        company: &str,
        billing_key: &Secret,
    ) -> Result<Option<SavedMethod>, ApiError> {
        let key = BillingKey::new(billing_key.reveal().to_owned());
        let found = self.0.find(company, &key).await.map_err(unavailable)?;
        let Some(id) = found else { return Ok(None) };
        let kept = self.0.open(id, company).await.map_err(unavailable)?;
        // Wiped since it was found.
        let Some(kept) = kept else { return Ok(None) };
        let user_id = kept.user_id.parse();
        Ok(Some(SavedMethod {
            user_id: user_id.map_err(|error| ApiError::internal(&error))?,
            method_id: PaymentMethodId::new(id),
        }))
    }
}

fn unavailable(error: VaultError) -> ApiError {
    let code = error.code();
    tracing::warn!(
        code, error = %error,
        "the method of a billing key that a company tells about cannot be found now: {error}"
    );
    ApiError::unavailable()
}

#[async_trait]
impl RefundAccounts for InTheSafe {
    fn fingerprint(&self, refund_id: Uuid, account: &RefundAccount) -> String {
        self.0
            .account_fingerprint(refund_id, &to_be_sealed(account))
    }

    async fn keep(
        &self,
        refund_id: Uuid,
        account: RefundAccount,
        told_at: DateTime<Utc>,
    ) -> Result<(), ApiError> {
        let account = AccountOfRefund {
            refund_id,
            account: to_be_sealed(&account),
            told_at,
        };
        let kept = self.0.keep_account(&account).await;
        kept.map_err(|error| not_kept(refund_id, &error))
    }

    async fn wipe(&self, refund_id: Uuid) -> Result<(), ApiError> {
        let wiped = self.0.wipe_account(refund_id).await;
        wiped.map_err(|error| not_kept(refund_id, &error))
    }
}

fn not_kept(refund_id: Uuid, error: &VaultError) -> ApiError {
    let code = error.code();
    tracing::error!(
        refund.id = %refund_id, code, error = %error,
        "the account of refund {refund_id} cannot be kept or wiped now: {error}"
    );
    ApiError::unavailable()
}

fn to_be_sealed(account: &RefundAccount) -> payment_vault::RefundAccount {
    payment_vault::RefundAccount {
        bank: account.bank.clone(),
        number: account.number.clone(),
        holder: account.holder.clone(),
    }
}
