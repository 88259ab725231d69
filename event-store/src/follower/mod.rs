//! Keeping tables up to date with the log: one instance at a time, the others stand by.
//!
//! What follows says in [`Follow`] what its tables are; [`run`] does the rest, the same for all: a session of its own,
//! the lead, a checkpoint that moves in the transaction of the rows, heartbeats, a rest between two batches, and
//! waiting out trouble. Exactness rests on the checkpoint, which moves only from where it was left; the lead is for
//! efficiency.

mod backoff;
mod session;

use std::sync::Arc;
use std::time::Duration;

use sqlx::{Connection, PgConnection};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, sleep_until};
use tokio_util::sync::CancellationToken;

use crate::error::StoreError;
use crate::log::EventLog;
use crate::recorded::RecordedEvent;

pub use backoff::Backoff;
pub use session::{Lead, close, open_session};

/// The limits of following. The defaults are meant for one process on a small machine.
#[derive(Clone, Debug)]
pub struct FollowLimits {
    /// Events of one transaction: bounds its memory, and how long a reader of the newest rows waits.
    pub batch_events_max: usize,
    /// How long events that are not wanted may go unnoted in the checkpoint. A query that waits for such an event's
    /// position waits this long.
    pub idle_checkpoint_interval: Duration,
    /// How often an instance that stands by looks whether it is needed.
    pub standby_interval: Duration,
    /// How often the connection shows that it is alive; three missed times end it, on the server's side too, so that
    /// another instance takes over.
    pub heartbeat_interval: Duration,
    /// The first wait after a failure; it doubles from one failure to the next.
    pub retry_wait_min: Duration,
    /// The longest wait between two attempts.
    pub retry_wait_max: Duration,
}

impl Default for FollowLimits {
    fn default() -> Self {
        Self {
            batch_events_max: 500,
            idle_checkpoint_interval: Duration::from_millis(50),
            standby_interval: Duration::from_millis(500),
            heartbeat_interval: Duration::from_secs(5),
            retry_wait_min: Duration::from_millis(100),
            retry_wait_max: Duration::from_secs(5),
        }
    }
}

/// What became of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Applied {
    /// Its rows and the checkpoint are committed.
    Committed,
    /// Another instance has moved the checkpoint: nothing took effect.
    Moved,
}

/// Tables that follow the log.
pub trait Follow: Send + Sync {
    /// What can go wrong.
    type Error: std::error::Error + From<sqlx::Error> + From<StoreError> + Send;
    /// An event that is wanted.
    type Event: Send + Sync;

    /// The limits.
    fn limits(&self) -> &FollowLimits;

    /// Opens the session that nobody else uses: see [`open_session`].
    fn connect(&self) -> impl Future<Output = Result<PgConnection, Self::Error>> + Send;

    /// What the one that leads holds, in the tables' own database.
    fn lead(&self) -> Lead;

    /// The lead is taken: what is to be done before anything is followed.
    fn begin(
        &self,
        connection: &mut PgConnection,
        log: &EventLog,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send;

    /// Where the checkpoint is; `None`: the tables are no longer kept, and following ends.
    fn position(
        &self,
        connection: &mut PgConnection,
    ) -> impl Future<Output = Result<Option<u64>, Self::Error>> + Send;

    /// Those of these events that are wanted.
    ///
    /// # Errors
    /// One of them cannot be read, and nothing may go on without it.
    fn wanted(&self, events: Vec<Arc<RecordedEvent>>) -> Result<Vec<Self::Event>, Self::Error>;

    /// Takes a batch in: the events that follow `from`, up to `to`, of which `wanted` are those that are wanted. Rows
    /// and checkpoint commit together.
    fn apply(
        &self,
        connection: &mut PgConnection,
        log: &EventLog,
        from: u64,
        to: u64,
        wanted: &[Self::Event],
    ) -> impl Future<Output = Result<Applied, Self::Error>> + Send;

    /// How long one that has caught up rests after a batch that took so long: what comes meanwhile is taken in
    /// together.
    fn rest_after(&self, batch: Duration) -> Duration;

    /// Says that it cannot go on: loudly the first time since it last went well.
    fn report(&self, error: &Self::Error, is_first: bool);
}

/// Follows the log until `stop`, or until the tables are no longer kept. Trouble is waited out.
pub async fn run(follow: impl Follow, log: EventLog, stop: CancellationToken) {
    let limits = follow.limits().clone();
    let mut backoff = Backoff::new(limits.retry_wait_min, limits.retry_wait_max);
    let follower = Follower {
        follow,
        log,
        limits,
        stop,
    };
    loop {
        let began = Instant::now();
        let Err(error) = follower.session().await else {
            return;
        };
        if began.elapsed() > follower.limits.retry_wait_max {
            // It went well for a while: this is new trouble.
            backoff.well();
        }
        let (wait, is_first) = backoff.failed();
        follower.follow.report(&error, is_first);
        tokio::select! {
            () = follower.stop.cancelled() => return,
            () = sleep(wait) => {}
        }
    }
}

struct Follower<F> {
    follow: F,
    log: EventLog,
    limits: FollowLimits,
    stop: CancellationToken,
}

/// What a turn of the loop has to do.
struct Turn<E> {
    wanted: Vec<E>,
    /// Whether the checkpoint moves now.
    is_due: bool,
}

impl<F: Follow> Follower<F> {
    /// Waits for the lead, then follows the log.
    async fn session(&self) -> Result<(), F::Error> {
        let mut connection = self.follow.connect().await?;
        let lead = self.follow.lead();
        while !session::try_lead(&mut connection, &lead).await? {
            tokio::select! {
                () = self.stop.cancelled() => return Ok(()),
                () = sleep(self.limits.standby_interval) => {}
            }
        }
        session::end_when_silent(&mut connection, self.limits.heartbeat_interval).await?;
        self.follow.begin(&mut connection, &self.log).await?;
        while let Some(position) = self.follow.position(&mut connection).await? {
            match self.follow_from(&mut connection, position).await? {
                Applied::Committed => break,
                Applied::Moved => {}
            }
        }
        close(connection).await;
        Ok(())
    }

    /// Until the program stops, or another instance moved the checkpoint.
    async fn follow_from(
        &self,
        connection: &mut PgConnection,
        position: u64,
    ) -> Result<Applied, F::Error> {
        let mut subscription = self.log.subscribe(position);
        let mut heartbeats = interval(self.limits.heartbeat_interval);
        heartbeats.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut committed = position;
        // When the events that were read over must be noted in the checkpoint.
        let mut note_at: Option<Instant> = None;
        let mut rested_at = Instant::now();
        loop {
            let turn = tokio::select! {
                () = self.stop.cancelled() => {
                    self.apply(connection, committed, subscription.position(), &[]).await?;
                    return Ok(Applied::Committed);
                }
                _ = heartbeats.tick() => {
                    connection.ping().await?;
                    continue;
                }
                () = until(note_at) => Turn { wanted: Vec::new(), is_due: true },
                events = async {
                    sleep_until(rested_at).await;
                    subscription.next(self.limits.batch_events_max).await
                } => {
                    let wanted = self.follow.wanted(events?)?;
                    let is_due = note_at.is_some_and(|at| at <= Instant::now());
                    Turn { is_due: is_due || !wanted.is_empty(), wanted }
                }
            };
            if !turn.is_due {
                note_at = note_at.or(Some(Instant::now() + self.limits.idle_checkpoint_interval));
                continue;
            }
            let reached = subscription.position();
            let began = Instant::now();
            match self
                .apply(connection, committed, reached, &turn.wanted)
                .await?
            {
                Applied::Committed => committed = reached,
                Applied::Moved => return Ok(Applied::Moved),
            }
            note_at = None;
            if turn.wanted.len() < self.limits.batch_events_max {
                rested_at = Instant::now() + self.follow.rest_after(began.elapsed());
            }
        }
    }

    async fn apply(
        &self,
        connection: &mut PgConnection,
        from: u64,
        to: u64,
        wanted: &[F::Event],
    ) -> Result<Applied, F::Error> {
        if from == to {
            return Ok(Applied::Committed);
        }
        let applied = self.follow.apply(connection, &self.log, from, to, wanted);
        applied.await
    }
}

/// Waits until a moment; for ever when there is none.
async fn until(moment: Option<Instant>) {
    match moment {
        Some(moment) => sleep_until(moment).await,
        None => std::future::pending().await,
    }
}
