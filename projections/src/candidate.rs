//! A generation that is filled beside the live one: to take its place, or only to be compared with it.

use std::sync::Arc;

use event_store::follower::close;
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
        let read = |after: u64| {
            let room = usize::try_from(end.saturating_sub(after)).unwrap_or(usize::MAX);
            let (log, target) = (log.clone(), self.target.clone());
            let max = room.min(FILL_BATCH_EVENTS);
            tokio::spawn(async move { Next::read(&log, &target, after, max).await })
        };
        let mut next = read(self.position).await??;
        while let Some(last) = next.last {
            // In a task of its own: to make events of rows is as much work as to make rows of events.
            let reading = read(last);
            let (from, wanted) = (self.position, &next.wanted);
            apply_batch(&mut self.feeder, &self.target, from, last, wanted).await?;
            next = reading.await??;
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
        close(self.feeder).await;
        schema::drop_leftovers(&mut self.owner, self.target.projection()).await?;
        close(self.owner).await;
        Ok(())
    }
}

/// What is taken in next.
#[derive(Default)]
struct Next {
    /// The position of the last event; none at the end.
    last: Option<u64>,
    /// What the projector wants of them.
    wanted: Vec<Arc<RecordedEvent>>,
}

impl Next {
    /// Reads events, however many the log gives at once, and parses them ahead.
    async fn read(
        log: &EventLog,
        target: &Target,
        after: u64,
        max: usize,
    ) -> Result<Self, ProjectionError> {
        let (mut next, mut count) = (Self::default(), 0);
        while count < max {
            let events = log.read(next.last.unwrap_or(after), max - count).await?;
            let Some(last) = events.last() else { break };
            next.last = Some(last.position);
            count += events.len();
            for event in target.wanted(&events) {
                // What cannot be read is parked by whoever takes it in.
                let _ = event.event();
                next.wanted.push(event);
            }
        }
        Ok(next)
    }
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
