//! Events that could not be taken in: only their own key waits, the others go on.

use std::collections::HashSet;

use event_store::with_causes;
use sqlx::{Connection, PgConnection};

use crate::error::{ProjectionError, signed};
use crate::generation::Target;
use crate::memory::Tables;
use crate::projector::{Event, key};

/// The most characters of a stored error: enough to understand it, and bounded whatever the event holds.
const ERROR_MAX_CHARS: usize = 1_000;

/// An event that waits.
#[derive(Debug)]
pub(crate) struct Parked {
    pub(crate) position: u64,
    pub(crate) key: String,
    /// What went wrong; `None` when it only waits behind an earlier event of its key.
    pub(crate) error: Option<String>,
}

impl Parked {
    pub(crate) fn failed(position: u64, key: String, error: &dyn std::error::Error) -> Self {
        let text = with_causes(error);
        let error = Some(text.chars().take(ERROR_MAX_CHARS).collect());
        Self {
            position,
            key,
            error,
        }
    }

    pub(crate) fn waiting(position: u64, key: String) -> Self {
        Self {
            position,
            key,
            error: None,
        }
    }
}

/// The keys that wait.
pub(crate) async fn keys(
    connection: &mut PgConnection,
    target: &Target,
) -> Result<HashSet<String>, ProjectionError> {
    let keys: Vec<String> = sqlx::query_scalar(
        "SELECT DISTINCT key FROM projections.parked WHERE projection = $1 AND generation = $2",
    )
    .bind(target.projection())
    .bind(target.generation)
    .fetch_all(connection)
    .await?;
    Ok(keys.into_iter().collect())
}

/// Takes in events of which at least one may fail: those that fail are parked, with all later ones of
/// their keys, which join `blocked`; the others take effect. Halves are tried apart, so that one bad
/// event among many costs a few attempts and not one for each.
pub(crate) async fn apply_apart(
    transaction: &mut PgConnection,
    target: &Target,
    events: Vec<Event>,
    blocked: &mut HashSet<String>,
) -> Result<Vec<Parked>, ProjectionError> {
    let mut parked = Vec::new();
    let mut parts = vec![events];
    while let Some(part) = parts.pop() {
        let (waiting, mut ready): (Vec<_>, Vec<_>) = part
            .into_iter()
            .partition(|event| blocked.contains(&key(&event.stored)));
        let wait = |event: &Event| Parked::waiting(event.stored.position, key(&event.stored));
        parked.extend(waiting.iter().map(wait));
        if ready.is_empty() {
            continue;
        }
        let mut savepoint = transaction.begin().await?;
        let mut tables = Tables::Postgres(&mut savepoint);
        let error = match target.projector.apply(&mut tables, &ready).await {
            Ok(()) => {
                savepoint.commit().await?;
                continue;
            }
            Err(error) if error.is_poison() => error,
            Err(error) => return Err(error),
        };
        savepoint.rollback().await?;
        let later = ready.split_off(ready.len().div_ceil(2));
        if let [event] = ready.as_slice()
            && later.is_empty()
        {
            let key = key(&event.stored);
            blocked.insert(key.clone());
            parked.push(Parked::failed(event.stored.position, key, &error));
        } else {
            parts.push(later);
            parts.push(ready);
        }
    }
    Ok(parked)
}

/// Writes down what waits. One that was written down before gets another attempt counted.
pub(crate) async fn park(
    transaction: &mut PgConnection,
    target: &Target,
    parked: &[Parked],
) -> Result<(), ProjectionError> {
    if parked.is_empty() {
        return Ok(());
    }
    let positions: Vec<i64> = parked
        .iter()
        .map(|p| signed(p.position, "a position"))
        .collect::<Result<_, _>>()?;
    let keys: Vec<&str> = parked.iter().map(|p| p.key.as_str()).collect();
    let errors: Vec<&str> = parked
        .iter()
        .map(|p| p.error.as_deref().unwrap_or(WAITS))
        .collect();
    sqlx::query(
        "INSERT INTO projections.parked AS p (projection, generation, position, key, error)
         SELECT $1, $2, u.* FROM unnest($3::bigint[], $4::text[], $5::text[]) u
         ON CONFLICT (projection, generation, position) DO UPDATE
            SET error = excluded.error, attempts = p.attempts + 1",
    )
    .bind(target.projection())
    .bind(target.generation)
    .bind(positions)
    .bind(keys)
    .bind(errors)
    .execute(transaction)
    .await?;
    for event in parked {
        if let Some(error) = &event.error {
            tracing::error!(
                projection = target.projection(),
                projection.generation = target.generation,
                event.position = event.position,
                event.key = %event.key,
                error = %error,
                "the event at {} cannot be taken into {}: its key {} is parked",
                event.position,
                target.projection(),
                event.key,
            );
        }
    }
    Ok(())
}

/// What is written down for an event that did not fail itself.
const WAITS: &str = "waits behind an earlier event of its key";
