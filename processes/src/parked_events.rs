//! Events that this program cannot read: set aside in sight, and made up for once a program can.

use event_store::StoreError;
use sqlx::{PgConnection, PgPool};

use crate::agenda;
use crate::error::ProcessesError;
use crate::item::Item;
use crate::reader::items_of;
use crate::term::Term;

/// An event that could not be read.
pub struct Unreadable {
    /// Where it stands in the log.
    pub position: u64,
    /// Why.
    pub error: String,
}

/// Sets events aside, in the transaction that moves the checkpoint past them.
pub(crate) async fn insert(
    transaction: &mut PgConnection,
    unreadable: &[Unreadable],
) -> Result<(), ProcessesError> {
    for event in unreadable {
        sqlx::query(
            "INSERT INTO processes.parked_events (position, error) VALUES ($1, $2)
             ON CONFLICT (position) DO NOTHING",
        )
        .bind(signed(event.position)?)
        .bind(&event.error)
        .execute(&mut *transaction)
        .await?;
    }
    Ok(())
}

/// How many events are set aside.
pub(crate) async fn count(pool: &PgPool) -> Result<i64, ProcessesError> {
    let count = sqlx::query_scalar("SELECT count(*) FROM processes.parked_events");
    Ok(count.fetch_one(pool).await?)
}

/// Tries the events that were set aside once more, in the order of the log: what follows from those that
/// can be read by now becomes rows.
pub(crate) async fn retry(term: &Term) -> Result<(), ProcessesError> {
    let mut after = 0;
    loop {
        let next: Option<i64> = sqlx::query_scalar(
            "SELECT min(position) FROM processes.parked_events WHERE position > $1",
        )
        .bind(after)
        .fetch_one(term.parts.pool())
        .await?;
        let Some(next) = next else { return Ok(()) };
        after = next;
        let position = u64::try_from(next).map_err(|_| out_of_range())?;
        match read_one(term, position).await {
            Ok(items) => make_up_for(term, next, &items).await?,
            Err(error) if error.is_transient() => return Err(error),
            // As before. It is in the table, and in the gauge.
            Err(_) => {}
        }
    }
}

async fn read_one(term: &Term, position: u64) -> Result<Vec<Item>, ProcessesError> {
    let events = term
        .parts
        .store
        .log()
        .read(position.saturating_sub(1), 1)
        .await?;
    let now = term.parts.clock.now();
    let mut items = Vec::new();
    for event in &events {
        // No holder before this one could read it, and from the table it is taken up as any other.
        items.extend(items_of(event, position, now).map_err(StoreError::from)?);
    }
    Ok(items)
}

async fn make_up_for(term: &Term, position: i64, items: &[Item]) -> Result<(), ProcessesError> {
    let laned: Vec<_> = items
        .iter()
        .map(|item| (item.clone(), term.lanes.of(&item.action).name().to_owned()))
        .collect();
    let mut transaction = term.begin_flushed().await?;
    agenda::insert(&mut transaction, &laned).await?;
    sqlx::query("DELETE FROM processes.parked_events WHERE position = $1")
        .bind(position)
        .execute(&mut *transaction)
        .await?;
    transaction.commit().await?;
    let steps = items.len();
    tracing::info!(
        log.position = position,
        steps,
        "processes: the event at {position} can be read now: {steps} steps made up for"
    );
    Ok(())
}

fn signed(position: u64) -> Result<i64, ProcessesError> {
    i64::try_from(position).map_err(|_| out_of_range())
}

fn out_of_range() -> ProcessesError {
    StoreError::OutOfRange { what: "position" }.into()
}
