//! Read models that stand still.

use std::fmt;
use std::time::Duration;

use sqlx::PgPool;

use crate::error::ProjectionError;

/// A live read model that has not taken in an event for too long.
#[derive(Clone, Debug, PartialEq)]
pub struct Behind {
    /// Which.
    pub projection: String,
    /// The first event that it has not taken in.
    pub position: u64,
    /// How long that event has been stored, in seconds.
    pub age_s: f64,
}

impl fmt::Display for Behind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            projection,
            position,
            age_s,
        } = self;
        write!(
            f,
            "projection {projection} has not taken in the event at {position}, stored {age_s:.0} s ago"
        )
    }
}

/// The live read models whose next event has been stored for longer than `at_most`, by name.
///
/// # Errors
/// The database is away.
pub async fn behind(owner: &PgPool, at_most: Duration) -> Result<Vec<Behind>, ProjectionError> {
    let rows: Vec<(String, i64, f64)> = sqlx::query_as(
        "SELECT g.projection, e.position,
                extract(epoch FROM clock_timestamp() - e.recorded_at)::float8
           FROM projections.generations g
           JOIN event_store.events e ON e.position = g.position + 1
          WHERE g.state = 'live' AND e.recorded_at < clock_timestamp() - make_interval(secs => $1)
          ORDER BY g.projection",
    )
    .bind(at_most.as_secs_f64())
    .fetch_all(owner)
    .await?;
    let behind = rows
        .into_iter()
        .map(|(projection, position, age_s)| Behind {
            projection,
            position: position.unsigned_abs(),
            age_s,
        });
    Ok(behind.collect())
}
