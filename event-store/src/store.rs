//! The handle that writes.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use domain::{Decider, StreamId};
use failpoints::failpoint;
use sqlx::PgPool;
use sqlx::postgres::PgConnectOptions;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use crate::append;
use crate::command::{Command, CommandId, Fingerprint, Outcome};
use crate::config::StoreConfig;
use crate::deciding::{self, Job};
use crate::error::{ExecuteError, StoreError};
use crate::load;
use crate::log::EventLog;

/// When a caller may try again: the queue is worked off, or the database found, in far less.
pub(crate) const BUSY_RETRY_AFTER: Duration = Duration::from_secs(1);

/// The event store. Cheap to clone; all clones share one deciding loop.
#[derive(Clone)]
pub struct EventStore {
    log: EventLog,
    jobs: mpsc::Sender<Job>,
    command_timeout: Duration,
    is_away: Arc<AtomicBool>,
}

impl EventStore {
    /// Opens the store: starts the deciding loop, which ends after `stop` once it has finished what it
    /// took. Should a defect end it before, it cancels `stop` itself.
    ///
    /// # Errors
    /// The database is away.
    pub async fn open(
        pool: PgPool,
        config: StoreConfig,
        stop: CancellationToken,
    ) -> Result<Self, StoreError> {
        let log = EventLog::open(pool, &config, stop.clone()).await?;
        let (jobs, queue) = mpsc::channel(config.queue_max);
        let command_timeout = config.command_timeout;
        let is_away = Arc::<AtomicBool>::default();
        deciding::start(log.clone(), config, queue, Arc::clone(&is_away), stop);
        Ok(Self {
            log,
            jobs,
            command_timeout,
            is_away,
        })
    }

    /// Has a command decided and written, and waits for its outcome. The command runs on when the
    /// caller goes away.
    ///
    /// # Errors
    /// See [`ExecuteError`]. A refusal by a business rule is an outcome, not an error.
    pub async fn execute(&self, command: Command) -> Result<Outcome, ExecuteError> {
        let (reply, outcome) = oneshot::channel();
        let job = Job::new(command, reply, Instant::now() + self.command_timeout);
        self.jobs.try_send(job).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => {
                metrics::counter!("event_store_commands_refused_busy_total").increment(1);
                ExecuteError::Busy {
                    retry_after: BUSY_RETRY_AFTER,
                }
            }
            mpsc::error::TrySendError::Closed(_) => ExecuteError::Stopping,
        })?;
        outcome.await.unwrap_or(Err(ExecuteError::Stopping))
    }

    /// The stored outcome of a command; `None` when none was written under its id.
    ///
    /// # Errors
    /// The id was used for another command, or the database is away.
    pub async fn outcome(
        &self,
        id: CommandId,
        fingerprint: Fingerprint,
    ) -> Result<Option<Outcome>, ExecuteError> {
        failpoint!("event-store.outcome.read");
        match append::stored_outcome(self.log.pool(), id).await {
            Ok(None) => Ok(None),
            Ok(Some((first, _))) if first != fingerprint.0 => Err(ExecuteError::KeyReused),
            Ok(Some((_, outcome))) => Ok(Some(outcome)),
            Err(error) => {
                tracing::warn!(command.id = %id, error = %error, "the outcome of command {id} could not be read");
                Err(ExecuteError::Unavailable {
                    retry_after: BUSY_RETRY_AFTER,
                })
            }
        }
    }

    /// An aggregate's state and sequence, read afresh from the database: what every process has written
    /// is in it.
    ///
    /// # Errors
    /// The database is away, or a stored event cannot be read.
    pub async fn load<D: Decider>(
        &self,
        id: impl std::fmt::Display,
    ) -> Result<(D::State, u64), StoreError> {
        load::load_one::<D>(self.log.pool(), &StreamId::of::<D>(id)).await
    }

    /// Whether the last write failed and the database is not back yet: it may answer questions all the same,
    /// as one does that waits for a standby.
    #[must_use]
    pub fn is_away(&self) -> bool {
        self.is_away.load(Ordering::Relaxed)
    }

    /// The log, for reading and subscribing.
    #[must_use]
    pub fn log(&self) -> &EventLog {
        &self.log
    }
}

/// Options for the connection that appends: its statements are few and known, and must never be planned
/// as if the log were small.
pub(crate) fn append_options(
    options: PgConnectOptions,
    lock_timeout: Duration,
) -> PgConnectOptions {
    options.options([
        (
            "lock_timeout",
            format!("{}ms", lock_timeout.as_millis()).as_str(),
        ),
        ("idle_in_transaction_session_timeout", "10s"),
        // A space in a start-up option is escaped with a backslash.
        ("default_transaction_isolation", r"read\ committed"),
        ("plan_cache_mode", "force_generic_plan"),
        ("enable_seqscan", "off"),
        ("enable_bitmapscan", "off"),
        ("enable_hashjoin", "off"),
        ("enable_mergejoin", "off"),
        ("jit", "off"),
        ("application_name", "commerce-append"),
    ])
}
