//! Replaying what was parked, in order.

use std::collections::HashSet;
use std::sync::Arc;

use event_store::follower::close;
use event_store::{EventLog, RecordedEvent};
use sqlx::{Connection, PgConnection, PgPool, Row};

use crate::apply::decode;
use crate::catalogue;
use crate::error::{ProjectionError, signed, unsigned};
use crate::generation::{self, State, Target};
use crate::parking;
use crate::session;

/// Parked events that are replayed in one transaction, which holds the projection up.
const RETRY_BATCH_EVENTS: usize = 500;

/// What a replay came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RetryReport {
    /// Events that are taken in now.
    pub replayed: u64,
    /// Events that still wait.
    pub parked: u64,
}

/// Replays a projection's parked events, in order, in every generation that this program can feed; the
/// projection itself may be running. Those that fail again stay parked.
///
/// # Errors
/// No such projection, or the database is away: what was replayed so far stays.
pub async fn retry_parked(
    app: &PgPool,
    log: &EventLog,
    projection: &str,
) -> Result<RetryReport, ProjectionError> {
    let projector = catalogue::find(projection)?;
    let mut total = RetryReport::default();
    for generation in generation::all(app).await? {
        let fed = generation.state != State::Building && generation.version == projector.version();
        if generation.projection != projection || !fed {
            continue;
        }
        let target = Target::new(Arc::clone(&projector), generation.number);
        let mut connection = session::connect(app, &target).await?;
        let report = retry(&mut connection, log, &target).await?;
        total.replayed += report.replayed;
        total.parked += report.parked;
        close(connection).await;
    }
    Ok(total)
}

/// Replays the parked events of one generation.
pub(crate) async fn retry(
    connection: &mut PgConnection,
    log: &EventLog,
    target: &Target,
) -> Result<RetryReport, ProjectionError> {
    let mut report = RetryReport::default();
    let mut blocked = HashSet::new();
    let mut after = 0;
    loop {
        let mut transaction = connection.begin().await?;
        // Held from here on: what is parked now is all that is.
        if target.hold(&mut transaction).await?.is_none() {
            break;
        }
        let positions = parked_after(&mut transaction, target, after).await?;
        let Some(last) = positions.last() else { break };
        after = *last;
        let stored = read(log, &positions).await?;
        let (events, mut parked) = decode(&stored, &mut blocked);
        parked.extend(parking::apply_apart(&mut transaction, target, events, &mut blocked).await?);
        let still: HashSet<u64> = parked.iter().map(|event| event.position).collect();
        let done: Vec<u64> = positions
            .into_iter()
            .filter(|p| !still.contains(p))
            .collect();
        unpark(&mut transaction, target, &done).await?;
        let failed: Vec<_> = parked
            .into_iter()
            .filter(|event| event.error.is_some())
            .collect();
        parking::park(&mut transaction, target, &failed).await?;
        transaction.commit().await?;
        report.replayed += count(done.len());
        report.parked += count(still.len());
    }
    Ok(report)
}

async fn parked_after(
    transaction: &mut PgConnection,
    target: &Target,
    after: u64,
) -> Result<Vec<u64>, ProjectionError> {
    let rows = sqlx::query(
        "SELECT position FROM projections.parked
          WHERE projection = $1 AND generation = $2 AND position > $3
          ORDER BY position LIMIT $4",
    )
    .bind(target.projection())
    .bind(target.generation)
    .bind(signed(after, "a position")?)
    .bind(signed(count(RETRY_BATCH_EVENTS), "a count")?)
    .fetch_all(transaction)
    .await?;
    rows.iter()
        .map(|row| unsigned(row.try_get("position")?, "a position"))
        .collect()
}

async fn unpark(
    transaction: &mut PgConnection,
    target: &Target,
    done: &[u64],
) -> Result<(), ProjectionError> {
    let positions: Vec<i64> = done
        .iter()
        .map(|p| signed(*p, "a position"))
        .collect::<Result<_, _>>()?;
    sqlx::query(
        "DELETE FROM projections.parked
          WHERE projection = $1 AND generation = $2 AND position = ANY ($3)",
    )
    .bind(target.projection())
    .bind(target.generation)
    .bind(positions)
    .execute(transaction)
    .await?;
    Ok(())
}

/// The events at these positions, which ascend. Neighbours are read together.
async fn read(
    log: &EventLog,
    positions: &[u64],
) -> Result<Vec<Arc<RecordedEvent>>, ProjectionError> {
    let mut events = Vec::with_capacity(positions.len());
    let mut rest = positions;
    while let Some(first) = rest.first() {
        let run = rest
            .iter()
            .zip(*first..)
            .take_while(|(position, next)| *position == next)
            .count();
        events.extend(log.read(first.saturating_sub(1), run).await?);
        rest = rest.get(run..).unwrap_or_default();
    }
    Ok(events)
}

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}
