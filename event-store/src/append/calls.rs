//! The two functions of the database that write a batch, and what they say.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::rows::{HeldLease, NewCommand, NewEvent, Touch};
use super::{Batch, Touched, rows};
use crate::error::StoreError;

/// Its SQLSTATE (PostgreSQL, appendix A): a command or an event was there already.
const UNIQUE_VIOLATION: &str = "23505";

/// What the database said to a batch.
pub(super) struct Answer {
    /// The highest position before the batch.
    pub(super) head: i64,
    pub(super) recorded_at: DateTime<Utc>,
    /// The numbers of the commands that were not written, and why.
    pub(super) refused: Vec<i32>,
    pub(super) reasons: Vec<String>,
    pub(super) awaits_standbys: bool,
}

/// Writes a batch as a whole. `None`, and nothing was written, when one of its commands is not new or
/// builds on what is not there.
pub(super) async fn append_whole(
    batch: &Batch,
    connection: &mut PgConnection,
) -> Result<Option<Answer>, StoreError> {
    let to_look_at = |one: &&Touched| one.expected.is_some() && !one.begins;
    let touched: Vec<Touch<'_>> = rows(batch.touched.iter().filter(to_look_at));
    // Called as a value: a function in FROM goes through a table of its own.
    let called = sqlx::query_as::<_, ((i64, DateTime<Utc>), bool)>(
        "SELECT event_store.append_whole($1, $2, $3, $4),
                current_setting('synchronous_standby_names') <> ''",
    )
    .bind(rows::<NewCommand<'_>, _>(&batch.entries))
    .bind(unless_empty(rows::<HeldLease<'_>, _>(&batch.fences)))
    .bind(unless_empty(touched))
    .bind(unless_empty(rows::<NewEvent<'_>, _>(&batch.events)))
    .fetch_one(connection)
    .await;
    match called {
        Ok(((head, recorded_at), awaits_standbys)) => Ok(Some(Answer {
            head,
            recorded_at,
            refused: Vec::new(),
            reasons: Vec::new(),
            awaits_standbys,
        })),
        Err(sqlx::Error::Database(error)) if error.code().as_deref() == Some(UNIQUE_VIOLATION) => {
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}

/// Writes of a batch what can be written, and says of each other command why it is not.
pub(super) async fn append(
    batch: &Batch,
    connection: &mut PgConnection,
) -> Result<Answer, StoreError> {
    type Called = (i64, DateTime<Utc>, Vec<i32>, Vec<String>);
    let ((head, recorded_at, refused, reasons), awaits_standbys): (Called, bool) = sqlx::query_as(
        "SELECT event_store.append($1, $2, $3, $4),
                current_setting('synchronous_standby_names') <> ''",
    )
    .bind(rows::<NewCommand<'_>, _>(&batch.entries))
    .bind(unless_empty(rows::<HeldLease<'_>, _>(&batch.fences)))
    .bind(rows::<Touch<'_>, _>(&batch.touched))
    .bind(rows::<NewEvent<'_>, _>(&batch.events))
    .fetch_one(connection)
    .await?;
    Ok(Answer {
        head,
        recorded_at,
        refused,
        reasons,
        awaits_standbys,
    })
}

fn unless_empty<T>(rows: Vec<T>) -> Option<Vec<T>> {
    (!rows.is_empty()).then_some(rows)
}
