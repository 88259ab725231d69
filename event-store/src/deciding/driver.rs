//! The loop itself: gives the core a database and a clock.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use domain::{AggregateTypes, StreamId, aggregate_types};
use failpoints::failpoint;
use futures::StreamExt;
use futures::future::{BoxFuture, MaybeDone, maybe_done};
use futures::stream::FuturesUnordered;
use sqlx::{ConnectOptions, PgConnection};
use tokio::sync::mpsc;
use tokio::time::{MissedTickBehavior, interval, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

use super::core::Core;
use super::job::Job;
use super::pace::Pace;
use crate::append::{self, Appended, Batch, Caution};
use crate::config::StoreConfig;
use crate::error::StoreError;
use crate::load::{self, ReadResult};
use crate::log::EventLog;
use crate::snapshots::{self, Saved, Snapshot};
use crate::store::append_options;

/// Queries for cold streams that may be under way at once.
const LOADS_MAX: usize = 2;
/// How often deadlines are looked at, and a lost database is tried.
const TICK_MS: u64 = 100;
/// The longest wait for a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// The loop with its database.
pub(super) struct Driver {
    log: EventLog,
    config: StoreConfig,
    queue: mpsc::Receiver<Job>,
    core: Core,
    types: Arc<AggregateTypes>,
    /// Not here while it writes.
    writer: Option<Writer>,
    writing: Option<Writing>,
    /// The batch under way: how many commands, since when.
    sent: (usize, Instant),
    pace: Pace,
    reading: FuturesUnordered<BoxFuture<'static, Reading>>,
    snapshots: mpsc::Sender<Snapshot>,
    saved: mpsc::Receiver<Saved>,
    /// What the core says, for others to see.
    is_away: Arc<AtomicBool>,
}

/// A batch on its way; done when the database has answered.
type Writing = MaybeDone<BoxFuture<'static, (Writer, Result<Appended, StoreError>)>>;

struct Reading {
    streams: Vec<StreamId>,
    result: Result<Vec<ReadResult>, StoreError>,
}

impl Driver {
    pub(super) fn new(
        log: EventLog,
        config: StoreConfig,
        queue: mpsc::Receiver<Job>,
        is_away: Arc<AtomicBool>,
    ) -> Self {
        let (snapshots, saved) = snapshots::start_writer(log.pool().clone());
        Self {
            core: Core::new(config.clone()),
            types: Arc::new(aggregate_types()),
            writer: Some(Writer::new(&log, &config)),
            writing: None,
            sent: (0, Instant::now()),
            pace: Pace::default(),
            reading: FuturesUnordered::new(),
            snapshots,
            saved,
            log,
            config,
            queue,
            is_away,
        }
    }

    /// Runs until `stop`, and then until everything that was taken is answered.
    pub(super) async fn run(mut self, stop: CancellationToken) {
        // Should a defect end the loop, whoever shares the token must not go on without it.
        let unless_it_returns = stop.clone().drop_guard();
        let mut ticks = interval(Duration::from_millis(TICK_MS));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut taken = Vec::new();
        let mut open = true;
        while open || self.core.load() > 0 {
            self.start_reading();
            let held = self.start_writing();
            self.is_away.store(self.core.is_away(), Ordering::Relaxed);
            let room = self.config.queue_max.saturating_sub(self.core.load());
            tokio::select! {
                biased;
                (writer, result) = wait_for(&mut self.writing) => {
                    self.writing = None;
                    self.writer = Some(writer);
                    self.landed(result).await;
                }
                Some(reading) = self.reading.next() => self.core.read(reading.streams, reading.result),
                count = self.queue.recv_many(&mut taken, room), if open && room > 0 => {
                    open = count > 0;
                    taken.drain(..).for_each(|job| self.core.take(job));
                }
                Some(saved) = self.saved.recv() => {
                    self.core.snapshot_saved(&saved.stream, saved.state);
                }
                () = sleep_until_some(held) => {}
                _ = ticks.tick() => self.core.expire(Instant::now()),
                // What is queued already is still taken: the queue only takes no more.
                () = stop.cancelled(), if !self.queue.is_closed() => self.queue.close(),
            }
        }
        unless_it_returns.disarm();
    }

    fn start_reading(&mut self) {
        while self.reading.len() < LOADS_MAX {
            let wanted = self.core.next_loads();
            if wanted.is_empty() {
                return;
            }
            let (pool, types) = (self.log.pool().clone(), Arc::clone(&self.types));
            let limit = self.config.command_timeout;
            self.reading.push(Box::pin(async move {
                let streams = wanted.iter().map(|one| one.stream.clone()).collect();
                // In a task of its own: to fold a long stream takes longer than the other commands may wait.
                let loading = tokio::spawn(async move {
                    let loading = timeout(limit, load::load(&pool, &types, wanted));
                    loading.await.unwrap_or_else(|_| Err(StoreError::away()))
                });
                let result = loading.await.unwrap_or_else(|_| Err(StoreError::away()));
                Reading { streams, result }
            }));
        }
    }

    /// Decides what is ready, and sends it unless a batch is under way. Returns until when it is held back.
    fn start_writing(&mut self) -> Option<Instant> {
        let gathered = self.core.gather();
        // Deciding may have found streams that have to be read.
        self.start_reading();
        self.writer.as_ref()?;
        let held = self.pace.held_until(gathered, Instant::now());
        if held.is_none() {
            let batch = self.core.next_write();
            self.send(batch);
        }
        held.filter(|_| gathered > 0)
    }

    fn send(&mut self, batch: Option<Batch>) {
        let Some(batch) = batch else {
            return;
        };
        let Some(mut writer) = self.writer.take() else {
            return;
        };
        metrics::histogram!("event_store_batch_commands").record(to_f64(batch.len()));
        self.sent = (batch.len(), Instant::now());
        self.writing = Some(maybe_done(Box::pin(async move {
            let result = writer.write(batch).await;
            (writer, result)
        })));
    }

    /// The next batch goes first, so that the database has work while callers get their answers.
    async fn landed(&mut self, result: Result<Appended, StoreError>) {
        let is_written = result.is_ok();
        let landed = self.core.landed(result);
        let ((commands, since), now) = (self.sent, Instant::now());
        let staged = self.core.staged();
        if is_written {
            self.pace.landed(commands, staged, now - since, now);
        } else {
            // How long it took says nothing about the disk.
            self.pace = Pace::default();
        }
        if self.pace.held_until(staged, now).is_none() {
            let batch = self.core.launch();
            self.send(batch);
        }
        if let Some(writing) = &mut self.writing {
            // As far as the socket: without this it would wait for the loop's next turn.
            let _ = futures::poll!(writing);
        }
        let Some(landed) = landed else {
            return;
        };
        let committed = self.core.settle(landed);
        self.log.feed().push(committed.events);
        self.log.feed().advance(committed.head);
        for snapshot in committed.snapshots {
            // A full queue costs a longer tail at the next start, nothing else.
            let _ = self.snapshots.try_send(snapshot);
        }
    }
}

/// The connection that appends: one a process, since one batch is under way at a time.
struct Writer {
    log: EventLog,
    pool_options: sqlx::postgres::PgConnectOptions,
    connection: Option<PgConnection>,
    caution: Caution,
    limit: Duration,
    failures: u32,
}

impl Writer {
    fn new(log: &EventLog, config: &StoreConfig) -> Self {
        let pool_options = log.pool().connect_options().as_ref().clone();
        Self {
            log: log.clone(),
            pool_options: append_options(pool_options, config.lock_timeout),
            connection: None,
            caution: Caution::default(),
            limit: config.command_timeout,
            failures: 0,
        }
    }

    /// Writes a batch. After a failure the connection is given up: what it was doing is unknown.
    async fn write(&mut self, batch: Batch) -> Result<Appended, StoreError> {
        let limit = self.limit;
        let written = timeout(limit, self.try_write(batch)).await;
        let result = written.unwrap_or_else(|_| Err(StoreError::away()));
        match &result {
            Ok(_) => self.failures = 0,
            Err(_) => {
                self.failures = self.failures.saturating_add(1);
                self.connection = None;
            }
        }
        result
    }

    async fn try_write(&mut self, batch: Batch) -> Result<Appended, StoreError> {
        if self.failures > 0 {
            tokio::time::sleep(Duration::from_millis(TICK_MS)).await;
        }
        let connection = match &mut self.connection {
            Some(connection) => connection,
            None => {
                let connecting = timeout(CONNECT_TIMEOUT, self.pool_options.connect());
                let connection = connecting.await.map_err(|_| StoreError::away())??;
                failpoint!("event-store.connect.after", sqlx::Error::Io);
                self.connection.insert(connection)
            }
        };
        if batch.is_empty() {
            is_back(connection, &self.log).await?;
            return Ok(Appended {
                verdicts: Vec::new(),
                events: Vec::new(),
                head: 0,
            });
        }
        let started = Instant::now();
        let appended = batch.append(connection, &mut self.caution).await?;
        metrics::histogram!("event_store_append_duration_seconds").record(started.elapsed());
        Ok(appended)
    }
}

/// Whether the database is back: it must also answer those who read, and what it has committed must be
/// durable, or the next command would find out at the cost of its whole patience.
async fn is_back(connection: &mut PgConnection, log: &EventLog) -> Result<(), StoreError> {
    append::wait_until_durable(connection).await?;
    log.head().await?;
    Ok(())
}

/// Waits for the batch under way; for ever when there is none.
async fn wait_for(work: &mut Option<Writing>) -> (Writer, Result<Appended, StoreError>) {
    if let Some(work) = work {
        (&mut *work).await;
        if let Some(done) = Pin::new(work).take_output() {
            return done;
        }
    }
    std::future::pending().await
}

/// Waits until then; for ever when there is no such time.
async fn sleep_until_some(time: Option<Instant>) {
    match time {
        Some(time) => sleep_until(time.into()).await,
        None => std::future::pending().await,
    }
}

fn to_f64(count: usize) -> f64 {
    u32::try_from(count).map_or(f64::MAX, f64::from)
}
