//! Which generation answers the queries: switched in one transaction, there and back.

use std::sync::Arc;

use event_store::EventLog;
use event_store::follower::close;
use sqlx::{Connection, PgConnection, PgPool};

use crate::apply::apply_batch;
use crate::candidate::{self, Candidate, lock_tables};
use crate::catalogue;
use crate::error::ProjectionError;
use crate::generation::{self, Generation, State, Target};
use crate::{schema, session};

/// How long a switch waits for queries that read the views; those that come meanwhile wait behind it.
const SWITCH_LOCK_TIMEOUT_MS: u32 = 2_000;
/// How often a switch is tried when long queries are in its way.
const SWITCH_ATTEMPTS_MAX: u32 = 15;
/// Events of one transaction while the previous generation catches up.
const CATCH_UP_BATCH_EVENTS: usize = 500;

/// What a switch back came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SwitchReport {
    /// The generation that answered before, and is kept.
    pub previous: i32,
    /// The generation that answers now.
    pub live: i32,
    /// Where it was when it took over.
    pub position: u64,
}

/// Goes back to the generation that answered before the last rebuild. It first catches up with the live
/// one, so that no query sees the past.
///
/// # Errors
/// There is none that this version of the program can feed, or the database is away: nothing changed.
pub async fn switch_back(
    owner: &PgPool,
    app: &PgPool,
    log: &EventLog,
    projection: &str,
) -> Result<SwitchReport, ProjectionError> {
    let projector = catalogue::find(projection)?;
    let name = projector.name();
    let mut session = PgConnection::connect_with(&owner.connect_options()).await?;
    lock_tables(&mut session, name).await?;
    let live = candidate::live(owner, name).await?;
    let previous = generation::in_state(owner, name, State::Previous)
        .await?
        .filter(|previous| previous.version == projector.version())
        .ok_or(ProjectionError::NoWayBack { projection: name })?;
    let target = Target::new(projector, previous.number);
    let mut feeder = session::connect(app, &target).await?;
    let log_head = log.head().await?;
    catch_up(&mut feeder, &target, log, log_head).await?;
    let live_target = Target::new(Arc::clone(&target.projector), live.number);
    let mut attempt = 1;
    loop {
        let mut transaction = begin(&mut session).await?;
        let position = held(&live_target, &mut transaction).await?;
        catch_up(&mut feeder, &target, log, position).await?;
        let position = held(&target, &mut transaction).await?;
        match switch(&mut transaction, &live, &target).await {
            Ok(()) => {
                transaction.commit().await?;
                close(feeder).await;
                close(session).await;
                let (previous, live) = (live.number, previous.number);
                return Ok(SwitchReport {
                    previous,
                    live,
                    position,
                });
            }
            Err(error) if attempt < SWITCH_ATTEMPTS_MAX && is_in_the_way(&error) => {
                transaction.rollback().await?;
                attempt += 1;
            }
            Err(error) => return Err(error),
        }
    }
}

/// Lets a candidate take the live generation's place.
pub(crate) async fn take_over(
    log: &EventLog,
    live: &Generation,
    candidate: &mut Candidate,
    owner: &PgPool,
) -> Result<(), ProjectionError> {
    let live_target = Target::new(Arc::clone(&candidate.target.projector), live.number);
    let mut session = PgConnection::connect_with(&owner.connect_options()).await?;
    let mut attempt = 1;
    loop {
        let mut transaction = begin(&mut session).await?;
        let position = held(&live_target, &mut transaction).await?;
        candidate
            .fill_to(log, position, position, &mut |_| ())
            .await?;
        match switch(&mut transaction, live, &candidate.target).await {
            Ok(()) => {
                transaction.commit().await?;
                close(session).await;
                return Ok(());
            }
            Err(error) if attempt < SWITCH_ATTEMPTS_MAX && is_in_the_way(&error) => {
                transaction.rollback().await?;
                attempt += 1;
            }
            Err(error) => return Err(error),
        }
    }
}

async fn begin(
    session: &mut PgConnection,
) -> Result<sqlx::Transaction<'_, sqlx::Postgres>, ProjectionError> {
    let mut transaction = session.begin().await?;
    sqlx::raw_sql(&format!(
        "SET LOCAL lock_timeout = '{SWITCH_LOCK_TIMEOUT_MS}ms'"
    ))
    .execute(&mut *transaction)
    .await?;
    Ok(transaction)
}

async fn held(target: &Target, transaction: &mut PgConnection) -> Result<u64, ProjectionError> {
    let position = target.hold(transaction).await?;
    position.ok_or(ProjectionError::NoWayBack {
        projection: target.projection(),
    })
}

/// Registry and views at once. Whoever was previous is retired: there is one way back, not two.
async fn switch(
    transaction: &mut PgConnection,
    live: &Generation,
    next: &Target,
) -> Result<(), ProjectionError> {
    for (sql, generation) in [
        (
            "UPDATE projections.generations SET state = 'retired', updated_at = now()
              WHERE projection = $1 AND state = 'previous' AND generation <> $2",
            next.generation,
        ),
        (
            "UPDATE projections.generations SET state = 'previous', updated_at = now()
              WHERE projection = $1 AND generation = $2",
            live.number,
        ),
        (
            "UPDATE projections.generations SET state = 'live', updated_at = now()
              WHERE projection = $1 AND generation = $2",
            next.generation,
        ),
    ] {
        sqlx::query(sql)
            .bind(next.projection())
            .bind(generation)
            .execute(&mut *transaction)
            .await?;
    }
    schema::show(transaction, next).await
}

/// Feeds a generation to a position, beside whoever else feeds it.
async fn catch_up(
    feeder: &mut PgConnection,
    target: &Target,
    log: &EventLog,
    end: u64,
) -> Result<(), ProjectionError> {
    while let Some(position) = target.position(&mut *feeder).await?.filter(|p| *p < end) {
        let events = log.read(position, CATCH_UP_BATCH_EVENTS).await?;
        let Some(last) = events.last().map(|event| event.position) else {
            return Ok(());
        };
        let wanted = target.wanted(&events);
        match apply_batch(feeder, target, position, last, &wanted).await {
            Ok(()) | Err(ProjectionError::Moved { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Whether queries hold the views: a lock timeout or a deadlock with one of them.
fn is_in_the_way(error: &ProjectionError) -> bool {
    let ProjectionError::Database(sqlx::Error::Database(error)) = error else {
        return false;
    };
    matches!(error.code().as_deref(), Some("55P03" | "40P01"))
}
