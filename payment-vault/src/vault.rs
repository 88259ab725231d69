//! The safe in the schema `payment`. Its pool logs in as `payment_service`.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use failpoints::failpoint;
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use crate::error::VaultError;
use crate::keys::VaultKeys;
use crate::refund_accounts::{self, AccountOfRefund, RefundAccount};
use crate::safe::{BillingKey, Keeping, KeptMethod, KeySafe, NewMethod};
use crate::seal::{self, Opened, Secrets};

/// The constraint that says that another method has the same key.
const SAME_KEY: &str = "uk_methods_pg_billing_key";

/// Billing keys in PostgreSQL.
#[derive(Clone)]
pub struct Vault {
    pool: PgPool,
    keys: VaultKeys,
}

#[derive(sqlx::FromRow)]
struct Row {
    card_company: Option<String>,
    card_last4: Option<String>,
    status: String,
    key_name: String,
    sealed: Vec<u8>,
}

impl Vault {
    /// The vault behind this pool, which logs in as `payment_service`.
    #[must_use]
    pub fn new(pool: PgPool, keys: VaultKeys) -> Self {
        Self { pool, keys }
    }
}

#[async_trait]
impl KeySafe for Vault {
    fn customer_key(&self, user_id: &str) -> String {
        self.keys.customer_key(user_id)
    }

    async fn keep(&self, new: &NewMethod) -> Result<Keeping, VaultError> {
        failpoint!("payment-vault.keep.before", sqlx::Error::Io);
        let secrets = Secrets {
            billing_key: new.billing_key.reveal(),
            customer_key: new.customer_key.reveal(),
            user_id: &new.user_id,
        };
        let sealed = seal::seal(&self.keys, (new.method_id, &new.company), &secrets)?;
        let key = self.keys.first();
        let fingerprint = key.fingerprint(&new.company, new.billing_key.reveal());
        failpoint!("payment-vault.keep.sealed", sqlx::Error::Io);
        let mut transaction = self.pool.begin().await?;
        let inserted = sqlx::query(
            "INSERT INTO payment.methods
                    (id, pg_billing_key, pg_company, method_type, card_company, card_last4, registered_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (id) DO NOTHING",
        )
        .bind(new.method_id)
        .bind(fingerprint)
        .bind(&new.company)
        .bind(new.kind)
        .bind(&new.card_company)
        .bind(&new.card_last4)
        .bind(new.now)
        .execute(&mut *transaction)
        .await;
        match inserted {
            Ok(done) if done.rows_affected() == 0 => return Ok(Keeping::Kept),
            Ok(_) => {}
            Err(sqlx::Error::Database(error)) if error.constraint() == Some(SAME_KEY) => {
                return Ok(Keeping::Elsewhere);
            }
            Err(error) => return Err(error.into()),
        }
        sqlx::query(
            "INSERT INTO payment.method_keys (method_id, key_name, sealed) VALUES ($1, $2, $3)",
        )
        .bind(new.method_id)
        .bind(&key.name)
        .bind(sealed)
        .execute(&mut *transaction)
        .await?;
        let (method_id, now) = (new.method_id, new.now);
        note(
            &mut transaction,
            method_id,
            None,
            "ACTIVE",
            "registered",
            now,
        )
        .await?;
        transaction.commit().await?;
        failpoint!("payment-vault.keep.after", sqlx::Error::Io);
        Ok(Keeping::Kept)
    }

    async fn open(&self, method_id: Uuid, company: &str) -> Result<Option<KeptMethod>, VaultError> {
        let row = sqlx::query_as::<_, Row>(
            "SELECT m.card_company, m.card_last4, m.status, k.key_name, k.sealed
               FROM payment.methods m JOIN payment.method_keys k ON k.method_id = m.id
              WHERE m.id = $1",
        )
        .bind(method_id)
        .fetch_optional(&self.pool)
        .await?;
        failpoint!("payment-vault.open.read", sqlx::Error::Io);
        let Some(row) = row else { return Ok(None) };
        let row_of = (method_id, company);
        let opened: Opened = seal::open(&self.keys, &row.key_name, row_of, &row.sealed)?;
        Ok(Some(KeptMethod {
            user_id: opened.user_id,
            billing_key: BillingKey::new(opened.billing_key),
            customer_key: BillingKey::new(opened.customer_key),
            card_company: row.card_company,
            card_last4: row.card_last4,
            is_active: row.status == "ACTIVE",
        }))
    }

    async fn retire(&self, method_id: Uuid, now: DateTime<Utc>) -> Result<bool, VaultError> {
        failpoint!("payment-vault.retire.before", sqlx::Error::Io);
        let mut transaction = self.pool.begin().await?;
        let changed = sqlx::query(
            "UPDATE payment.methods SET status = 'INACTIVE' WHERE id = $1 AND status = 'ACTIVE'",
        )
        .bind(method_id)
        .execute(&mut *transaction)
        .await?;
        if changed.rows_affected() > 0 {
            let previous = Some("ACTIVE");
            note(
                &mut transaction,
                method_id,
                previous,
                "INACTIVE",
                "deleted",
                now,
            )
            .await?;
        }
        let was_kept =
            sqlx::query_scalar("SELECT EXISTS (SELECT FROM payment.methods WHERE id = $1)")
                .bind(method_id)
                .fetch_one(&mut *transaction)
                .await?;
        transaction.commit().await?;
        failpoint!("payment-vault.retire.after", sqlx::Error::Io);
        Ok(was_kept)
    }

    async fn wipe(&self, method_id: Uuid, now: DateTime<Utc>) -> Result<(), VaultError> {
        failpoint!("payment-vault.wipe.before", sqlx::Error::Io);
        let mut transaction = self.pool.begin().await?;
        let previous: Option<String> = sqlx::query_scalar(
            "SELECT status FROM payment.methods WHERE id = $1 AND status <> 'DELETED' FOR UPDATE",
        )
        .bind(method_id)
        .fetch_optional(&mut *transaction)
        .await?;
        if let Some(previous) = previous {
            sqlx::query("DELETE FROM payment.method_keys WHERE method_id = $1")
                .bind(method_id)
                .execute(&mut *transaction)
                .await?;
            // The fingerprint goes too: the company may issue the same key to somebody else.
            sqlx::query(
                "UPDATE payment.methods
                    SET status = 'DELETED', deleted_at = $2, pg_billing_key = 'erased:' || id::text
                  WHERE id = $1",
            )
            .bind(method_id)
            .bind(now)
            .execute(&mut *transaction)
            .await?;
            let previous = Some(previous.as_str());
            note(
                &mut transaction,
                method_id,
                previous,
                "DELETED",
                "key erased",
                now,
            )
            .await?;
        }
        transaction.commit().await?;
        failpoint!("payment-vault.wipe.after", sqlx::Error::Io);
        Ok(())
    }

    async fn find(
        &self,
        company: &str,
        billing_key: &BillingKey,
    ) -> Result<Option<Uuid>, VaultError> {
        let fingerprints: Vec<String> = self
            .keys
            .all()
            .map(|key| key.fingerprint(company, billing_key.reveal()))
            .collect();
        let found = sqlx::query_scalar(
            "SELECT id FROM payment.methods WHERE pg_billing_key = ANY($1) AND pg_company = $2",
        )
        .bind(fingerprints)
        .bind(company)
        .fetch_optional(&self.pool)
        .await?;
        Ok(found)
    }

    fn account_fingerprint(&self, refund_id: Uuid, account: &RefundAccount) -> String {
        refund_accounts::fingerprint(&self.keys, refund_id, account)
    }

    async fn keep_account(&self, told: &AccountOfRefund) -> Result<(), VaultError> {
        refund_accounts::keep((&self.pool, &self.keys), told).await
    }

    async fn open_account(&self, refund_id: Uuid) -> Result<Option<RefundAccount>, VaultError> {
        refund_accounts::open((&self.pool, &self.keys), refund_id).await
    }

    async fn wipe_account(&self, refund_id: Uuid) -> Result<(), VaultError> {
        refund_accounts::wipe(&self.pool, refund_id).await
    }
}

/// One row of the method's history.
async fn note(
    connection: &mut PgConnection,
    method_id: Uuid,
    previous: Option<&str>,
    current: &str,
    reason: &str,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO payment.method_history
                (id, method_id, previous_status, current_status, change_reason, changed_at)
         VALUES (gen_random_uuid(), $1, $2, $3, $4, $5)",
    )
    .bind(method_id)
    .bind(previous)
    .bind(current)
    .bind(reason)
    .bind(now)
    .execute(connection)
    .await?;
    Ok(())
}
