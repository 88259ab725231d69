//! Whether the database answers, for processes that serve no API of their own.

use std::time::Duration;

use platform::health::{CheckFailed, Health, Need};
use sqlx::PgPool;

/// How long the database may take to answer.
const POSTGRES_DEADLINE: Duration = Duration::from_secs(2);

/// Adds a check of the database.
pub(super) fn with_postgres(health: Health, pool: PgPool) -> Health {
    health.check("postgres", Need::Required, POSTGRES_DEADLINE, move || {
        let pool = pool.clone();
        async move {
            let asked = sqlx::query("SELECT 1").execute(&pool).await;
            asked.map(drop).map_err(|error| CheckFailed(error.to_string()))
        }
    })
}
