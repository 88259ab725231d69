//! Keeps one generation up to date: one instance at a time, the others stand by.

use std::sync::Arc;
use std::time::Duration;

use event_store::{EventLog, RecordedEvent};
use failpoints::failpoint;
use sqlx::{Connection, PgConnection, PgPool};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, sleep_until};
use tokio_util::sync::CancellationToken;

use crate::apply::apply_batch;
use crate::backoff::Backoff;
use crate::config::ProjectionsConfig;
use crate::error::ProjectionError;
use crate::generation::Target;
use crate::retry;
use crate::session;

/// Heartbeats that may fail to come before the server ends the session.
const MISSED_HEARTBEATS_MAX: u32 = 3;

/// Feeds a generation until it is stopped or the generation is retired.
pub(crate) struct Runner {
    pub(crate) pool: PgPool,
    pub(crate) log: EventLog,
    pub(crate) target: Target,
    pub(crate) config: ProjectionsConfig,
    pub(crate) stop: CancellationToken,
}

/// Why following ended without an error.
enum Ended {
    /// The program stops, or the generation is no longer fed.
    Done,
    /// Another instance moved the generation on.
    Moved,
}

impl Runner {
    /// Runs. Trouble with the database is waited out.
    pub(crate) async fn run(self) {
        let (min, max) = (self.config.retry_wait_min, self.config.retry_wait_max);
        let mut backoff = Backoff::new(min, max);
        loop {
            let started = Instant::now();
            let Err(error) = self.session().await else {
                return;
            };
            if started.elapsed() > max {
                // It went well for a while: this is new trouble.
                backoff.well();
            }
            let (wait, first) = backoff.failed();
            self.report(&error, first);
            tokio::select! {
                () = self.stop.cancelled() => return,
                () = sleep(wait) => {}
            }
        }
    }

    /// Says it once, not at every attempt.
    fn report(&self, error: &ProjectionError, first: bool) {
        let projection = self.target.projection();
        let cause = std::error::Error::source(error)
            .map(ToString::to_string)
            .unwrap_or_default();
        if first {
            tracing::warn!(
                projection,
                projection.generation = self.target.generation,
                error = %error,
                cause,
                "the projection {projection} cannot go on; it tries again until it can",
            );
        } else {
            tracing::debug!(projection, error = %error, cause, "{projection} still waits");
        }
    }

    /// Waits for the lead, then follows the log.
    async fn session(&self) -> Result<(), ProjectionError> {
        let mut connection = session::connect(&self.pool, &self.target).await?;
        while !session::try_lead(&mut connection, &self.target).await? {
            tokio::select! {
                () = self.stop.cancelled() => return Ok(()),
                () = sleep(self.config.standby_interval) => {}
            }
        }
        failpoint!("projections.lead.taken", sqlx::Error::Io);
        let silence = self.config.heartbeat_interval * MISSED_HEARTBEATS_MAX;
        session::end_when_silent(&mut connection, silence).await?;
        // What could not be read yesterday may be readable by today's program.
        let replayed = retry::retry(&mut connection, &self.log, &self.target).await?;
        if replayed.replayed + replayed.parked > 0 {
            tracing::info!(
                projection = self.target.projection(),
                events.replayed = replayed.replayed,
                events.parked = replayed.parked,
                "replayed parked events of {}",
                self.target.projection(),
            );
        }
        while let Some(position) = self.target.position(&mut connection).await? {
            match self.follow(&mut connection, position).await? {
                Ended::Done => break,
                Ended::Moved => {}
            }
        }
        session::close(connection).await;
        Ok(())
    }

    async fn follow(
        &self,
        connection: &mut PgConnection,
        position: u64,
    ) -> Result<Ended, ProjectionError> {
        let mut subscription = self.log.subscribe(position);
        let mut heartbeats = interval(self.config.heartbeat_interval);
        heartbeats.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut committed = position;
        // When the events that were read over must be noted in the checkpoint.
        let mut note_at: Option<Instant> = None;
        let mut rested_at = Instant::now();
        loop {
            let step = tokio::select! {
                () = self.stop.cancelled() => {
                    self.apply(connection, committed, subscription.position(), &[]).await?;
                    return Ok(Ended::Done);
                }
                _ = heartbeats.tick() => {
                    connection.ping().await?;
                    continue;
                }
                () = until(note_at) => Step { wanted: Vec::new(), due: true },
                events = async {
                    sleep_until(rested_at).await;
                    subscription.next(self.config.batch_events_max).await
                } => {
                    let wanted = self.target.wanted(&events?);
                    let due = note_at.is_some_and(|at| at <= Instant::now());
                    Step { due: due || !wanted.is_empty(), wanted }
                }
            };
            if !step.due {
                note_at = note_at.or(Some(Instant::now() + self.config.idle_checkpoint_interval));
                continue;
            }
            let reached = subscription.position();
            let begun = Instant::now();
            if !self
                .apply(connection, committed, reached, &step.wanted)
                .await?
            {
                return Ok(Ended::Moved);
            }
            committed = reached;
            note_at = None;
            if step.wanted.len() < self.config.batch_events_max {
                rested_at = Instant::now() + self.config.rest_after(begun.elapsed());
            }
        }
    }

    /// `false` when another instance has moved the generation.
    async fn apply(
        &self,
        connection: &mut PgConnection,
        from: u64,
        to: u64,
        wanted: &[Arc<RecordedEvent>],
    ) -> Result<bool, ProjectionError> {
        if from == to {
            return Ok(true);
        }
        match apply_batch(connection, &self.target, from, to, wanted).await {
            Ok(()) => {
                if let Some(oldest) = wanted.first() {
                    let waited = chrono::Utc::now() - oldest.recorded_at;
                    metrics::histogram!(
                        "projection_delay_seconds",
                        "projection" => self.target.projection(),
                    )
                    .record(waited.to_std().unwrap_or(Duration::ZERO).as_secs_f64());
                }
                Ok(true)
            }
            Err(ProjectionError::Moved { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }
}

/// What a turn of the loop has to do.
struct Step {
    wanted: Vec<Arc<RecordedEvent>>,
    /// Whether the checkpoint moves now.
    due: bool,
}

/// Waits until a moment; for ever when there is none.
async fn until(moment: Option<Instant>) {
    match moment {
        Some(moment) => sleep_until(moment).await,
        None => std::future::pending().await,
    }
}
