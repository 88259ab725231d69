//! The bank accounts that refunds of deposits go to: sealed as billing keys are, until the money is back.

use std::fmt;

use chrono::{DateTime, Utc};
use failpoints::failpoint;
use serde::{Deserialize, Serialize};
use sqlx::PgPool;
use uuid::Uuid;
use zeroize::{Zeroize, Zeroizing};

use crate::error::VaultError;
use crate::keys::VaultKeys;
use crate::seal;

/// What an account is sealed for, beside its refund's id.
const PURPOSE: &str = "refund-account";

/// A buyer's bank account. It prints as `***`, and is overwritten when it is dropped.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundAccount {
    /// The bank, by the company's code for it.
    pub bank: String,
    /// Its number: digits.
    pub number: String,
    /// In whose name it is.
    pub holder: String,
}

impl fmt::Debug for RefundAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl Drop for RefundAccount {
    fn drop(&mut self) {
        self.bank.zeroize();
        self.number.zeroize();
        self.holder.zeroize();
    }
}

/// An account that was told.
#[derive(Clone, Debug)]
pub struct AccountOfRefund {
    /// Which refund goes there.
    pub refund_id: Uuid,
    /// The account.
    pub account: RefundAccount,
    /// When the log took that it was told: the first time, whichever repeat keeps it.
    pub told_at: DateTime<Utc>,
}

/// What tells one account of a refund from another to whoever has the keys.
pub(crate) fn fingerprint(keys: &VaultKeys, refund_id: Uuid, account: &RefundAccount) -> String {
    let parts = [&account.bank, &account.number, &account.holder];
    // A length before each, so that no two accounts make one text.
    let parts = parts.map(|part| format!("{}:{part}", part.len()));
    let text = Zeroizing::new(format!("{refund_id}/{}", parts.concat()));
    keys.first().fingerprint(PURPOSE, &text)
}

/// Keeps an account, unless another was told since: whoever keeps what it was told late must not undo a correction, and
/// a correction that a crash kept from being kept takes its place when it is repeated.
pub(crate) async fn keep(
    (pool, keys): (&PgPool, &VaultKeys),
    told: &AccountOfRefund,
) -> Result<(), VaultError> {
    failpoint!("payment-vault.account.keep.before", sqlx::Error::Io);
    let sealed = seal::seal(keys, (told.refund_id, PURPOSE), &told.account)?;
    sqlx::query(
        "INSERT INTO payment.refund_accounts (refund_id, key_name, sealed, given_at)
         VALUES ($1, $2, $3, $4)
         ON CONFLICT (refund_id)
         DO UPDATE SET key_name = excluded.key_name, sealed = excluded.sealed, given_at = excluded.given_at
          WHERE refund_accounts.given_at <= excluded.given_at",
    )
    .bind(told.refund_id)
    .bind(&keys.first().name)
    .bind(sealed)
    .bind(told.told_at)
    .execute(pool)
    .await?;
    failpoint!("payment-vault.account.keep.after", sqlx::Error::Io);
    Ok(())
}

/// Opens an account; none when none was told, or it was wiped.
pub(crate) async fn open(
    (pool, keys): (&PgPool, &VaultKeys),
    refund_id: Uuid,
) -> Result<Option<RefundAccount>, VaultError> {
    let row: Option<(String, Vec<u8>)> =
        sqlx::query_as("SELECT key_name, sealed FROM payment.refund_accounts WHERE refund_id = $1")
            .bind(refund_id)
            .fetch_optional(pool)
            .await?;
    failpoint!("payment-vault.account.open.read", sqlx::Error::Io);
    row.map(|(key_name, sealed)| seal::open(keys, &key_name, (refund_id, PURPOSE), &sealed))
        .transpose()
}

/// Wipes an account: the money is back.
pub(crate) async fn wipe(pool: &PgPool, refund_id: Uuid) -> Result<(), VaultError> {
    failpoint!("payment-vault.account.wipe.before", sqlx::Error::Io);
    sqlx::query("DELETE FROM payment.refund_accounts WHERE refund_id = $1")
        .bind(refund_id)
        .execute(pool)
        .await?;
    failpoint!("payment-vault.account.wipe.after", sqlx::Error::Io);
    Ok(())
}
