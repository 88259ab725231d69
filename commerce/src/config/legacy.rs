//! The legacy database, and how its payments are brought over.

use std::time::Duration;

use chrono::{FixedOffset, Offset as _, Utc};
use platform::config::{Env, Secret};

/// Rows at once: a batch is some megabytes, and a tenth of a second.
const BATCH_ROWS: u32 = 5_000;
/// The longest that one statement may take: counting ten million rows takes less.
const STATEMENT_TIMEOUT_S: u64 = 600;
/// Korea's clock, all year.
const UTC_OFFSET_S: i32 = 9 * 60 * 60;

/// Both sides of the migration.
#[derive(Clone, Debug)]
pub(crate) struct LegacyConfig {
    pub(crate) legacy_url: Secret,
    pub(crate) payment_url: Secret,
    pub(crate) main_service_url: Secret,
    pub(crate) batch_rows: u32,
    pub(crate) statement_timeout: Duration,
    pub(crate) utc_offset: FixedOffset,
}

impl LegacyConfig {
    /// Reads it.
    pub(crate) fn read(env: &Env) -> Self {
        Self {
            legacy_url: env.secret(
                "LEGACY_DATABASE_URL",
                "mysql://migrator:…@legacy/main_db",
                "The legacy database, MySQL 8, with the payments to bring over.",
            ),
            payment_url: env.secret(
                "PAYMENT_DATABASE_URL",
                "postgres://payment_service:…@localhost/commerce",
                "The schema payment, as role payment_service.",
            ),
            main_service_url: env.secret(
                "MAIN_SERVICE_DATABASE_URL",
                "postgres://main_service:…@localhost/commerce",
                "The schema main, as role main_service.",
            ),
            batch_rows: env.within(
                "LEGACY_BATCH_ROWS",
                BATCH_ROWS,
                1..=100_000,
                "Rows that are read and written at once.",
            ),
            statement_timeout: env.duration_s(
                "LEGACY_STATEMENT_TIMEOUT_S",
                STATEMENT_TIMEOUT_S,
                "How long one statement may take, on either side.",
            ),
            utc_offset: env.parsed(
                "LEGACY_UTC_OFFSET",
                FixedOffset::east_opt(UTC_OFFSET_S).unwrap_or(Utc.fix()),
                "The clock that the legacy database's dates are of.",
            ),
        }
    }
}
