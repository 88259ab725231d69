//! Pools of the services' own roles, where they are configured. They connect when they are first used.

use platform::config::Secret;
use sqlx::PgPool;

use crate::config::DatabaseConfig;
use crate::database;
use crate::error::CommerceError;

/// Connections for whoever writes or reads in batches.
const BATCHES_POOL_SIZE: u32 = 2;
/// As the payment service: beside the exchanges, which are written in batches, billing keys are opened, each in a
/// millisecond and few at once.
const PAYMENT_POOL_SIZE: u32 = 6;

/// To the schema `payment`, for everything of a process but its queries.
pub(super) fn payment(config: &DatabaseConfig) -> Result<Option<PgPool>, CommerceError> {
    let url = config.payment_url.as_ref();
    pool("PAYMENT_DATABASE_URL", url, config, PAYMENT_POOL_SIZE)
}

/// To the schema `payment`, for queries: their sessions have limits of their own.
pub(super) fn payment_queries(config: &DatabaseConfig) -> Result<Option<PgPool>, CommerceError> {
    let url = config.payment_url.as_ref();
    pool("PAYMENT_DATABASE_URL", url, config, BATCHES_POOL_SIZE)
}

/// To the schema `main`.
pub(super) fn main_service(config: &DatabaseConfig) -> Result<Option<PgPool>, CommerceError> {
    let url = config.main_service_url.as_ref();
    pool("MAIN_SERVICE_DATABASE_URL", url, config, BATCHES_POOL_SIZE)
}

fn pool(
    variable: &'static str,
    url: Option<&Secret>,
    config: &DatabaseConfig,
    pool_size: u32,
) -> Result<Option<PgPool>, CommerceError> {
    let limits = DatabaseConfig {
        pool_size,
        ..config.clone()
    };
    url.map(|url| database::pool(variable, url, &limits))
        .transpose()
}
