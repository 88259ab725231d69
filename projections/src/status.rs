//! How far the read models are.

use chrono::{DateTime, Utc};
use sqlx::{FromRow, PgPool};

use crate::error::ProjectionError;

/// How far one generation of a projection is: a row of `read_model.projection_status`.
#[derive(Clone, Debug, PartialEq, FromRow)]
pub struct ProjectionStatus {
    /// The projection's name.
    pub projection: String,
    /// Which generation.
    pub generation: i32,
    /// The version of the projector that fills it.
    pub version: i32,
    /// `live`, `previous` or `building`.
    pub state: String,
    /// Its checkpoint.
    pub position: i64,
    /// The highest position of the log.
    pub head: i64,
    /// Events that are not in it yet.
    pub lag_events: i64,
    /// The age of the oldest event that is not in it yet.
    pub lag_seconds: f64,
    /// Streams that wait because of an event that could not be taken in.
    pub parked_keys: i64,
    /// Events that wait.
    pub parked_events: i64,
    /// When its checkpoint moved last.
    pub updated_at: DateTime<Utc>,
}

/// How far each generation is.
///
/// # Errors
/// The database is away.
pub async fn status(pool: &PgPool) -> Result<Vec<ProjectionStatus>, ProjectionError> {
    Ok(sqlx::query_as(
        "SELECT projection, generation, version, state, position, head, lag_events, lag_seconds,
                parked_keys, parked_events, updated_at
           FROM read_model.projection_status ORDER BY projection, generation",
    )
    .fetch_all(pool)
    .await?)
}

/// Sets the gauges of the live generations. Not measured is not wrong: the next time comes.
pub(crate) async fn measure(pool: &PgPool) {
    let statuses = match status(pool).await {
        Ok(statuses) => statuses,
        Err(error) => {
            tracing::debug!(error = %error, "the projections' lag was not measured");
            return;
        }
    };
    for status in statuses.into_iter().filter(|status| status.state == "live") {
        let name = status.projection;
        metrics::gauge!("projection_lag_events", "projection" => name.clone())
            .set(as_f64(status.lag_events));
        metrics::gauge!("projection_lag_seconds", "projection" => name.clone())
            .set(status.lag_seconds);
        metrics::gauge!("projection_parked_events", "projection" => name)
            .set(as_f64(status.parked_events));
    }
}

/// Gauges are floating point; a count beyond 2³² is as good as infinite.
fn as_f64(count: i64) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}
