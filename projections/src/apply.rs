//! One batch, one transaction: rows and checkpoint together, so that each event counts exactly once.

use std::collections::HashSet;
use std::sync::Arc;

use event_store::RecordedEvent;
use failpoints::failpoint;
use sqlx::{Connection, PgConnection};

use crate::error::ProjectionError;
use crate::generation::Target;
use crate::memory::Tables;
use crate::parking::{self, Parked};
use crate::projector::{Event, key};

/// Takes a batch in: the events that follow `from`, up to `to`, of which `wanted` are those that the
/// projector wants. An event that cannot be taken in is parked, not an error.
///
/// # Errors
/// The database is away, or another instance has moved the generation: nothing took effect.
pub(crate) async fn apply_batch(
    connection: &mut PgConnection,
    target: &Target,
    from: u64,
    to: u64,
    wanted: &[Arc<RecordedEvent>],
) -> Result<(), ProjectionError> {
    if wanted.is_empty() {
        // One statement is a transaction of its own.
        target.advance(connection, from, to).await?;
        failpoint!("projections.checkpoint.after", sqlx::Error::Io);
        return Ok(());
    }
    let mut transaction = connection.begin().await?;
    let any_parked = target.advance(&mut transaction, from, to).await?;
    let mut blocked = HashSet::new();
    if any_parked {
        blocked = parking::keys(&mut transaction, target).await?;
    }
    let (events, parked) = decode(wanted, &mut blocked);
    match target
        .projector
        .apply(&mut Tables::Postgres(&mut transaction), &events)
        .await
    {
        Ok(()) => {
            parking::park(&mut transaction, target, &parked).await?;
            failpoint!("projections.apply.before", sqlx::Error::Io);
            transaction.commit().await?;
            failpoint!("projections.apply.after", sqlx::Error::Io);
        }
        Err(error) if error.is_poison() => {
            transaction.rollback().await?;
            apply_poisoned(connection, target, from, to, wanted).await?;
        }
        Err(error) => {
            transaction.rollback().await?;
            return Err(error);
        }
    }
    let count = u64::try_from(wanted.len()).unwrap_or(u64::MAX);
    metrics::counter!("projection_events_total", "projection" => target.projection())
        .increment(count);
    Ok(())
}

/// The same again, with the bad ones set apart.
async fn apply_poisoned(
    connection: &mut PgConnection,
    target: &Target,
    from: u64,
    to: u64,
    wanted: &[Arc<RecordedEvent>],
) -> Result<(), ProjectionError> {
    let mut transaction = connection.begin().await?;
    target.advance(&mut transaction, from, to).await?;
    let mut blocked = parking::keys(&mut transaction, target).await?;
    let (events, mut parked) = decode(wanted, &mut blocked);
    parked.extend(parking::apply_apart(&mut transaction, target, events, &mut blocked).await?);
    parking::park(&mut transaction, target, &parked).await?;
    transaction.commit().await?;
    Ok(())
}

/// Gives events their types back. Those that cannot be read are parked, and all later ones of their keys.
pub(crate) fn decode(
    stored: &[Arc<RecordedEvent>],
    blocked: &mut HashSet<String>,
) -> (Vec<Event>, Vec<Parked>) {
    let (mut events, mut parked) = (Vec::with_capacity(stored.len()), Vec::new());
    for event in stored {
        if !blocked.is_empty() && blocked.contains(&key(event)) {
            parked.push(Parked::waiting(event.position, key(event)));
            continue;
        }
        match Event::decode(Arc::clone(event)) {
            Ok(decoded) => events.push(decoded),
            Err(error) => {
                blocked.insert(key(event));
                parked.push(Parked::failed(event.position, key(event), &error));
            }
        }
    }
    (events, parked)
}
