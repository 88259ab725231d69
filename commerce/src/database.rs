//! Pools, and the one place where their limits are set.

use std::str::FromStr;
use std::time::Duration;

use payment_ledger::Ledger;
use platform::config::Secret;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{Connection, PgConnection, PgPool};

use crate::config::{DatabaseConfig, OwnerConfig};
use crate::error::CommerceError;

/// No statement of the program takes longer; a report belongs on a replica of its own.
const STATEMENT_TIMEOUT: &str = "30s";
/// A transaction that nobody continues holds locks.
const IDLE_IN_TRANSACTION_TIMEOUT: &str = "10s";
/// How long a verb that an operator typed waits for the database.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// A connection that was used within this is taken to be alive. sqlx asks by default before every use, which
/// costs as much as a small query.
const TRUSTED_FOR: Duration = Duration::from_secs(1);

/// Connections of a verb: one to listen, one to read, a few to write.
const VERB_POOL_SIZE: u32 = 5;

/// A pool. It connects when it is first used, so that a program can start before its database does.
pub(crate) fn pool(
    variable: &'static str,
    url: &Secret,
    config: &DatabaseConfig,
) -> Result<PgPool, CommerceError> {
    let options = options(variable, url)?.options([
        ("statement_timeout", STATEMENT_TIMEOUT),
        (
            "idle_in_transaction_session_timeout",
            IDLE_IN_TRANSACTION_TIMEOUT,
        ),
    ]);
    Ok(PgPoolOptions::new()
        .max_connections(config.pool_size)
        .acquire_timeout(config.acquire_timeout)
        .test_before_acquire(false)
        .before_acquire(|connection, used| {
            Box::pin(async move {
                if used.idle_for > TRUSTED_FOR {
                    connection.ping().await?;
                }
                Ok(true)
            })
        })
        .connect_lazy_with(options))
}

/// One connection, for a verb.
pub(crate) async fn connect(
    variable: &'static str,
    url: &Secret,
) -> Result<PgConnection, CommerceError> {
    let options = options(variable, url)?;
    let connecting = tokio::time::timeout(CONNECT_TIMEOUT, PgConnection::connect_with(&options));
    let away = |source| CommerceError::DatabaseAway { variable, source };
    connecting
        .await
        .map_err(|_| away(sqlx::Error::PoolTimedOut))?
        .map_err(away)
}

/// A few connections, for a verb; they are made now, so that a database that is away is named at once.
pub(crate) async fn verb_pool(
    variable: &'static str,
    url: &Secret,
) -> Result<PgPool, CommerceError> {
    PgPoolOptions::new()
        .max_connections(VERB_POOL_SIZE)
        .acquire_timeout(CONNECT_TIMEOUT)
        .connect_with(options(variable, url)?)
        .await
        .map_err(|source| CommerceError::DatabaseAway { variable, source })
}

/// A few connections to a part of the payment ledger, for a verb: where its service is configured, as that service, since
/// its schema may be in another database than the log; else as the owner.
pub(crate) async fn ledger_pool(
    config: &OwnerConfig,
    owner: &PgPool,
    ledger: Ledger,
) -> Result<PgPool, CommerceError> {
    let (variable, url) = match ledger {
        Ledger::Transactions => ("PAYMENT_DATABASE_URL", &config.payment_url),
        Ledger::OrderPayments | Ledger::UserMethods => {
            ("MAIN_SERVICE_DATABASE_URL", &config.main_service_url)
        }
    };
    match url {
        Some(url) => verb_pool(variable, url).await,
        None => Ok(owner.clone()),
    }
}

/// What a URL says.
pub(crate) fn options(
    variable: &'static str,
    url: &Secret,
) -> Result<PgConnectOptions, CommerceError> {
    PgConnectOptions::from_str(url.reveal())
        .map_err(|source| CommerceError::DatabaseUrl { variable, source })
}
