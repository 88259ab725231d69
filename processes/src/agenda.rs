//! The rows of `processes.actions`: what the sagas have to do and have not done yet.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, PgPool, Row};
use uuid::Uuid;

use crate::error::ProcessesError;
use crate::item::{Item, Origin};
use crate::lanes::{COMMANDS, Lane};

/// The most characters of an error that a row keeps.
const ERROR_MAX_CHARS: usize = 500;

/// Adds items with the lanes that they run in. Returns the ids of those that were not there yet.
///
/// # Errors
/// The database is away.
pub async fn insert(
    transaction: &mut PgConnection,
    items: &[(Item, String)],
) -> Result<Vec<Uuid>, ProcessesError> {
    let mut ids = Vec::with_capacity(items.len());
    let mut names = Vec::with_capacity(items.len());
    let mut lanes = Vec::with_capacity(items.len());
    let mut actions = Vec::with_capacity(items.len());
    let mut due = Vec::with_capacity(items.len());
    let mut correlations = Vec::with_capacity(items.len());
    let mut causations = Vec::with_capacity(items.len());
    for (item, lane) in items {
        ids.push(item.action_id);
        names.push(item.name.as_str());
        lanes.push(lane.as_str());
        actions.push(serde_json::to_string(&item.action)?);
        due.push(item.due_at);
        correlations.push(item.correlation_id);
        causations.push(item.causation_id);
    }
    let inserted = sqlx::query_scalar(
        "INSERT INTO processes.actions
                (action_id, name, lane, action, due_at, correlation_id, causation_id)
         SELECT a.id, a.name, a.lane, a.action::jsonb, a.due_at, a.correlation, a.causation
           FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::timestamptz[],
                       $6::uuid[], $7::uuid[])
                AS a(id, name, lane, action, due_at, correlation, causation)
             ON CONFLICT (action_id) DO NOTHING
         RETURNING action_id",
    )
    .bind(ids)
    .bind(names)
    .bind(lanes)
    .bind(actions)
    .bind(due)
    .bind(correlations)
    .bind(causations)
    .fetch_all(transaction)
    .await?;
    Ok(inserted)
}

/// A row that is due: an item, or why it cannot be read.
pub struct DueRow {
    /// Its key.
    pub action_id: Uuid,
    /// The lane that it runs in.
    pub lane: String,
    /// What is to be done.
    pub item: Result<Item, ProcessesError>,
}

/// What is due and not taken up, by lane as many as there is room for, the longest due first.
///
/// # Errors
/// The database is away.
pub async fn due(
    pool: &PgPool,
    now: DateTime<Utc>,
    rooms: &[(&Arc<Lane>, usize)],
) -> Result<Vec<DueRow>, ProcessesError> {
    let claimed: Vec<Uuid> = rooms.iter().flat_map(|(lane, _)| lane.claimed()).collect();
    let names: Vec<&str> = rooms.iter().map(|(lane, _)| lane.name()).collect();
    let free = rooms
        .iter()
        .map(|(_, free)| i64::try_from(*free).unwrap_or(i64::MAX));
    let rows = sqlx::query(
        "SELECT a.action_id, a.lane, a.name, a.action::text AS action, a.due_at, a.attempts,
                a.correlation_id, a.causation_id
           FROM unnest($1::text[], $2::bigint[]) AS room(lane, free)
          CROSS JOIN LATERAL (
                SELECT * FROM processes.actions
                 WHERE lane = room.lane AND parked_at IS NULL AND due_at <= $3
                   AND action_id <> ALL ($4)
                 ORDER BY due_at, action_id
                 LIMIT room.free) a
          ORDER BY a.due_at, a.action_id",
    )
    .bind(names)
    .bind(free.collect::<Vec<_>>())
    .bind(now)
    .bind(claimed)
    .fetch_all(pool)
    .await?;
    rows.iter().map(due_row).collect()
}

fn due_row(row: &PgRow) -> Result<DueRow, ProcessesError> {
    Ok(DueRow {
        action_id: row.try_get("action_id")?,
        lane: row.try_get("lane")?,
        item: item(row),
    })
}

fn item(row: &PgRow) -> Result<Item, ProcessesError> {
    let attempts: i32 = row.try_get("attempts")?;
    Ok(Item {
        action_id: row.try_get("action_id")?,
        name: row.try_get("name")?,
        action: serde_json::from_str(row.try_get("action")?)?,
        due_at: row.try_get("due_at")?,
        attempts: u32::try_from(attempts).unwrap_or(0),
        correlation_id: row.try_get("correlation_id")?,
        causation_id: row.try_get("causation_id")?,
        origin: Origin::Old,
    })
}

/// When the next action becomes due after `now`.
///
/// # Errors
/// The database is away.
pub async fn next_due_at(
    pool: &PgPool,
    now: DateTime<Utc>,
    lanes: &[&str],
) -> Result<Option<DateTime<Utc>>, ProcessesError> {
    let next = sqlx::query_scalar(
        "SELECT min(a.due_at)
           FROM unnest($1::text[]) AS l(lane)
          CROSS JOIN LATERAL (
                SELECT due_at FROM processes.actions
                 WHERE lane = l.lane AND parked_at IS NULL AND due_at > $2
                 ORDER BY due_at LIMIT 1) a",
    )
    .bind(lanes)
    .bind(now)
    .fetch_one(pool)
    .await?;
    Ok(next)
}

/// Takes rows of lanes that no longer exist, such as that of a gateway that was taken out, to one that
/// does. Returns how many.
///
/// # Errors
/// The database is away.
pub async fn adopt(transaction: &mut PgConnection, lanes: &[&str]) -> Result<u64, ProcessesError> {
    let adopted = sqlx::query("UPDATE processes.actions SET lane = $2 WHERE lane <> ALL ($1)")
        .bind(lanes)
        .bind(COMMANDS)
        .execute(transaction)
        .await?;
    Ok(adopted.rows_affected())
}

/// Lets parked actions be tried once more: it may be another program that tries, or a better day. What
/// fails again is parked again at once. Returns how many.
///
/// # Errors
/// The database is away.
pub async fn unpark(transaction: &mut PgConnection) -> Result<u64, ProcessesError> {
    let statement = "UPDATE processes.actions SET parked_at = NULL WHERE parked_at IS NOT NULL";
    Ok(sqlx::query(statement)
        .execute(transaction)
        .await?
        .rows_affected())
}

/// Notes that an action failed, and when it is tried again: never, when it is parked. Never before it was due:
/// the clock may have been set back meanwhile, and a timer's command that comes too early does nothing.
///
/// # Errors
/// The database is away.
pub async fn failed(
    transaction: &mut PgConnection,
    action_id: Uuid,
    error: &str,
    again_at: Option<DateTime<Utc>>,
) -> Result<(), ProcessesError> {
    sqlx::query(
        "UPDATE processes.actions
            SET attempts = attempts + 1, last_error = $2, due_at = greatest(due_at, $3),
                parked_at = CASE WHEN $3 IS NULL THEN now() END
          WHERE action_id = $1",
    )
    .bind(action_id)
    .bind(error.chars().take(ERROR_MAX_CHARS).collect::<String>())
    .bind(again_at)
    .execute(transaction)
    .await?;
    Ok(())
}

/// Deletes what is done.
///
/// # Errors
/// The database is away.
pub async fn delete(transaction: &mut PgConnection, ids: &[Uuid]) -> Result<(), ProcessesError> {
    sqlx::query("DELETE FROM processes.actions WHERE action_id = ANY ($1)")
        .bind(ids)
        .execute(transaction)
        .await?;
    Ok(())
}
