//! The new side: the schema `payment` as its owner, the schema `main` as its own. They may be two databases.
//! Everything that the migration remembers is in `payment`.

use std::collections::BTreeMap;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{Connection as _, PgConnection, PgPool};

use crate::error::LegacyMigrationError;
use crate::error::LegacyMigrationError::Target as Failed;
use crate::steps::Step;

/// Connections to each of the two: batches come one after the other.
const POOL_MAX: u32 = 2;
/// The longest wait for a connection, and for a lock that somebody else holds.
const WAIT: Duration = Duration::from_secs(10);
const WAIT_MS: &str = "10000";
/// Whoever holds this lock is the one that migrates.
const LOCK: &str = "SELECT pg_advisory_lock(hashtextextended('migrate-legacy', 0))";

/// Both schemas.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) payment: PgPool,
    pub(crate) main: PgPool,
}

/// A definition that leads back.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub(crate) struct Definition {
    pub(crate) kind: String,
    /// Unique among its kind.
    pub(crate) name: String,
    #[sqlx(rename = "table_name")]
    pub(crate) table: String,
    pub(crate) definition: String,
}

/// What is known of a step.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub(crate) struct StepState {
    pub(crate) step: String,
    pub(crate) started_at: chrono::DateTime<chrono::Utc>,
    pub(crate) finished_at: Option<chrono::DateTime<chrono::Utc>>,
    pub(crate) details: Option<serde_json::Value>,
}

impl Target {
    /// Connects, with limits on every statement; and takes the lock, which lives as long as the connection
    /// that is handed back.
    pub(crate) async fn open(
        payment: PgConnectOptions,
        main: PgConnectOptions,
        statement_timeout: Duration,
    ) -> Result<(Self, PgConnection), LegacyMigrationError> {
        let limit = statement_timeout.as_millis().to_string();
        let limited = |options: PgConnectOptions| {
            options.options([
                ("statement_timeout", limit.as_str()),
                ("lock_timeout", WAIT_MS),
            ])
        };
        let pool = PgPoolOptions::new()
            .max_connections(POOL_MAX)
            .acquire_timeout(WAIT);
        let payment = limited(payment);
        let mut lock = PgConnection::connect_with(&payment).await.map_err(Failed)?;
        sqlx::query(LOCK)
            .execute(&mut lock)
            .await
            .map_err(|error| match error {
                // 55P03: the lock was not to be had in time.
                sqlx::Error::Database(error) if error.code().as_deref() == Some("55P03") => {
                    LegacyMigrationError::Busy
                }
                error => Failed(error),
            })?;
        let target = Self {
            payment: pool.clone().connect_with(payment).await.map_err(Failed)?,
            main: pool.connect_with(limited(main)).await.map_err(Failed)?,
        };
        Ok((target, lock))
    }

    /// What is known of every step that was begun.
    pub(crate) async fn steps(&self) -> Result<BTreeMap<String, StepState>, LegacyMigrationError> {
        let steps: Vec<StepState> = sqlx::query_as(
            "SELECT step, started_at, finished_at, details FROM payment.legacy_steps",
        )
        .fetch_all(&self.payment)
        .await
        .map_err(Failed)?;
        Ok(steps.into_iter().map(|s| (s.step.clone(), s)).collect())
    }

    /// Whether a step is done.
    pub(crate) async fn is_done(&self, step: Step) -> Result<bool, LegacyMigrationError> {
        let steps = self.steps().await?;
        let state = steps.get(step.name());
        Ok(state.is_some_and(|state| state.finished_at.is_some()))
    }

    /// A step begins, or goes on after an interruption.
    pub(crate) async fn begin(&self, step: Step) -> Result<(), LegacyMigrationError> {
        self.execute(
            "INSERT INTO payment.legacy_steps (step) VALUES ($1) ON CONFLICT (step) DO NOTHING",
            step.name(),
        )
        .await
    }

    /// A step is done.
    pub(crate) async fn finish(
        &self,
        step: Step,
        details: &serde_json::Value,
    ) -> Result<(), LegacyMigrationError> {
        sqlx::query(
            "UPDATE payment.legacy_steps SET finished_at = now(), details = $2 WHERE step = $1",
        )
        .bind(step.name())
        .bind(details)
        .execute(&self.payment)
        .await
        .map(|_| ())
        .map_err(Failed)
    }

    /// A step is taken back.
    pub(crate) async fn unmake(&self, step: Step) -> Result<(), LegacyMigrationError> {
        self.execute(
            "DELETE FROM payment.legacy_steps WHERE step = $1",
            step.name(),
        )
        .await
    }

    /// Keeps definitions, as they are now.
    pub(crate) async fn keep(&self, all: &[Definition]) -> Result<(), LegacyMigrationError> {
        let mut transaction = self.payment.begin().await.map_err(Failed)?;
        for one in all {
            sqlx::query(
                "INSERT INTO payment.legacy_definitions (kind, name, table_name, definition)
                 VALUES ($1, $2, $3, $4)
                 ON CONFLICT (kind, name) DO UPDATE SET definition = EXCLUDED.definition",
            )
            .bind(&one.kind)
            .bind(&one.name)
            .bind(&one.table)
            .bind(&one.definition)
            .execute(&mut *transaction)
            .await
            .map_err(Failed)?;
        }
        transaction.commit().await.map_err(Failed)
    }

    /// The definitions of a kind, by name.
    pub(crate) async fn definitions(
        &self,
        kind: &str,
    ) -> Result<Vec<Definition>, LegacyMigrationError> {
        sqlx::query_as(
            "SELECT kind, name, table_name, definition FROM payment.legacy_definitions
              WHERE kind = $1 ORDER BY name",
        )
        .bind(kind)
        .fetch_all(&self.payment)
        .await
        .map_err(Failed)
    }

    /// Forgets the definitions of a kind: what they made is there again.
    pub(crate) async fn forget(&self, kind: &str) -> Result<(), LegacyMigrationError> {
        self.execute(
            "DELETE FROM payment.legacy_definitions WHERE kind = $1",
            kind,
        )
        .await
    }

    async fn execute(&self, sql: &str, name: &str) -> Result<(), LegacyMigrationError> {
        sqlx::query(sql)
            .bind(name)
            .execute(&self.payment)
            .await
            .map(|_| ())
            .map_err(Failed)
    }
}
