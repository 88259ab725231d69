//! A generation that is filled beside the live one: to take its place, or only to be compared with it.

use std::sync::Arc;

use event_store::{EventLog, RecordedEvent};
use sqlx::{Connection, PgConnection, PgPool, Postgres, Transaction};

use crate::apply::apply_batch;
use crate::compare::{self, Comparison};
use crate::error::ProjectionError;
use crate::generation::{self, Generation, State, Target};
use crate::projector::Projector;
use crate::{schema, session};

/// Events of one transaction while nobody reads the rows. What happens to an order within one is written once.
const FILL_BATCH_EVENTS: usize = 8_000;

/// How far the filling is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Of which projection.
    pub projection: &'static str,
    /// Events read so far.
    pub position: u64,
    /// Events in the log when it began.
    pub head: u64,
}

/// Told now and then how far the filling is.
pub(crate) type OnProgress<'a> = &'a mut (dyn FnMut(Progress) + Send);

/// A generation that is being filled. It must be taken over or [`Candidate::discard`]ed; should the
/// program die instead, the next one drops what it left.
pub(crate) struct Candidate {
    pub(crate) target: Target,
    /// Holds the lock on the projection's tables as long as it lives.
    pub(crate) owner: PgConnection,
    /// Feeds the candidate, as the program's own role.
    feeder: PgConnection,
    pub(crate) position: u64,
}

impl Candidate {
    /// Makes an empty candidate.
    pub(crate) async fn begin(
        owner: &PgPool,
        app: &PgPool,
        projector: Arc<dyn Projector>,
    ) -> Result<Self, ProjectionError> {
        let projection = projector.name();
        let mut owner = PgConnection::connect_with(&owner.connect_options()).await?;
        lock_tables(&mut owner, projection).await?;
        schema::drop_leftovers(&mut owner, projection).await?;
        let number = schema::create(&mut owner, projector.as_ref(), "building").await?;
        let target = Target::new(projector, number);
        let feeder = session::connect(app, &target).await?;
        Ok(Self {
            target,
            owner,
            feeder,
            position: 0,
        })
    }

    /// Fills it until the log has no more.
    pub(crate) async fn fill(
        &mut self,
        log: &EventLog,
        on_progress: OnProgress<'_>,
    ) -> Result<(), ProjectionError> {
        let head = log.head().await?;
        self.fill_to(log, u64::MAX, head, on_progress).await
    }

    /// Fills it up to where the live generation is. That moves on meanwhile, so little may be missing.
    pub(crate) async fn follow(
        &mut self,
        log: &EventLog,
        live: &Generation,
        on_progress: OnProgress<'_>,
    ) -> Result<(), ProjectionError> {
        let live = Target::new(Arc::clone(&self.target.projector), live.number);
        loop {
            let mut reader = self.owner.begin().await?;
            let Some(position) = live.hold(&mut reader).await? else {
                return Ok(());
            };
            reader.rollback().await?;
            if position <= self.position {
                return Ok(());
            }
            let missing = position - self.position;
            self.fill_to(log, position, position, on_progress).await?;
            if missing < u64::try_from(FILL_BATCH_EVENTS).unwrap_or(u64::MAX) {
                return Ok(());
            }
        }
    }

    /// Fills it to a position, or until the log has no more. The next events are read while these are
    /// taken in.
    pub(crate) async fn fill_to(
        &mut self,
        log: &EventLog,
        end: u64,
        head: u64,
        on_progress: OnProgress<'_>,
    ) -> Result<(), ProjectionError> {
        let room = |from: u64| {
            usize::try_from(end.saturating_sub(from))
                .unwrap_or(usize::MAX)
                .min(FILL_BATCH_EVENTS)
        };
        let mut events = read(log.clone(), self.position, room(self.position)).await?;
        while let Some(last) = events.last().map(|event| event.position) {
            // In a task of its own: to make events of rows is as much work as to make rows of events.
            let read_on = tokio::spawn(read(log.clone(), last, room(last)));
            let wanted = self.target.wanted(&events);
            apply_batch(&mut self.feeder, &self.target, self.position, last, &wanted).await?;
            events = read_on.await??;
            self.position = last;
            on_progress(Progress {
                projection: self.target.projection(),
                position: last,
                head: head.max(last),
            });
        }
        Ok(())
    }

    /// Compares it with the live generation, both at the same position: the live one is held only while
    /// the last few events are taken in, then both are read in one snapshot.
    pub(crate) async fn compare(
        &mut self,
        log: &EventLog,
        live: &Generation,
        snapshots: &PgPool,
    ) -> Result<Comparison, ProjectionError> {
        let live_target = Target::new(Arc::clone(&self.target.projector), live.number);
        let mut holder = PgConnection::connect_with(&snapshots.connect_options()).await?;
        let mut snapshot = PgConnection::connect_with(&snapshots.connect_options()).await?;
        let mut hold = holder.begin().await?;
        let position = live_target.hold(&mut hold).await?.unwrap_or(self.position);
        self.fill_to(log, position, position, &mut |_| ()).await?;
        let mut snapshot = begin_snapshot(&mut snapshot).await?;
        hold.rollback().await?;
        compare::compare(&mut snapshot, &self.target, live, position).await
    }

    /// Drops it.
    pub(crate) async fn discard(mut self) -> Result<(), ProjectionError> {
        session::close(self.feeder).await;
        schema::drop_leftovers(&mut self.owner, self.target.projection()).await?;
        session::close(self.owner).await;
        Ok(())
    }
}

/// The next events, however many the log gives at once.
async fn read(
    log: EventLog,
    after: u64,
    max: usize,
) -> Result<Vec<Arc<RecordedEvent>>, ProjectionError> {
    let mut events: Vec<Arc<RecordedEvent>> = Vec::new();
    while events.len() < max {
        let from = events.last().map_or(after, |event| event.position);
        let more = log.read(from, max - events.len()).await?;
        if more.is_empty() {
            break;
        }
        events.extend(more);
    }
    Ok(events)
}

/// The live generation.
pub(crate) async fn live(owner: &PgPool, projection: &str) -> Result<Generation, ProjectionError> {
    generation::in_state(owner, projection, State::Live)
        .await?
        .ok_or_else(|| ProjectionError::NotInstalled {
            projection: projection.to_owned(),
        })
}

/// Only one may make or switch a projection's tables; the lock is the session's.
pub(crate) async fn lock_tables(
    owner: &mut PgConnection,
    projection: &'static str,
) -> Result<(), ProjectionError> {
    let locked: bool = sqlx::query_scalar("SELECT pg_try_advisory_lock($1, hashtext($2))")
        .bind(schema::TABLES_LOCK_CLASS)
        .bind(projection)
        .fetch_one(owner)
        .await?;
    if locked {
        Ok(())
    } else {
        Err(ProjectionError::Busy { projection })
    }
}

async fn begin_snapshot(
    connection: &mut PgConnection,
) -> Result<Transaction<'_, Postgres>, ProjectionError> {
    let mut snapshot = connection.begin().await?;
    sqlx::query("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        .execute(&mut *snapshot)
        .await?;
    // The snapshot is taken by the first query.
    sqlx::query("SELECT count(*) FROM projections.generations")
        .execute(&mut *snapshot)
        .await?;
    Ok(snapshot)
}
