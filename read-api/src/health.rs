//! Whether what this room needs answers.

use std::time::Duration;

use platform::health::{CheckFailed, Health, Need};
use sqlx::PgPool;

use crate::freshness;

/// How long the database may take to say how far the read models are.
const POSTGRES_DEADLINE: Duration = Duration::from_secs(2);

/// Adds the check of this room. It asks for the positions and not for a constant, so that a database
/// without the tables is not ready.
pub(crate) fn add_checks(health: Health, pool: &PgPool) -> Health {
    let pool = pool.clone();
    health.check("postgres", Need::Required, POSTGRES_DEADLINE, move || {
        let pool = pool.clone();
        async move {
            let asked = freshness::positions(&pool).await;
            asked
                .map(drop)
                .map_err(|error| CheckFailed(error.to_string()))
        }
    })
}
