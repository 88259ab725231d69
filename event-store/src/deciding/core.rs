//! The loop's logic, without I/O: which command is decided when, and against what. What the log says to
//! it is taken in by [`verdicts`].
//!
//! Whoever drives it ([`super::driver`], or a simulation) asks for what is to be read ([`Core::next_loads`])
//! and written ([`Core::next_write`]), does that, and tells what came of it ([`Core::read`],
//! [`Core::landed`]). While one batch is under way the next one is decided on top of it. The same calls in the same order give the same batches: nothing in here depends on
//! chance, and time comes in as deadlines.

mod verdicts;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use domain::{AggregateTypes, Decision, Loaded, StreamId, aggregate_types};

use super::cache::{Cache, Turn};
use super::decide::{Undecided, decide};
use super::job::Job;
use crate::append::{Appended, Batch, Verdict};
use crate::command::{Answer, CommandId};
use crate::config::StoreConfig;
use crate::error::{ExecuteError, StoreError, with_causes};
use crate::load::{ReadResult, Wanted};
use crate::recorded::RecordedEvent;
use crate::snapshots::Snapshot;

/// When a caller may try again after its command was refused for lack of a database, or for contention.
const RETRY_AFTER: Duration = Duration::from_secs(1);
/// Streams that one query reads, at most: a burst of cold commands must neither make a query that takes
/// seconds nor keep the first of them waiting for the last one's streams.
const LOAD_STREAMS_MAX: usize = 1_000;
/// Reads that fail one after the other before the database counts as away.
const READS_FAILED_MAX: u32 = 2;

/// What a batch that is in the log leaves to be done.
pub struct Committed {
    /// All that was written, in order of position.
    pub events: Vec<Arc<RecordedEvent>>,
    /// The log's highest position.
    pub head: u64,
    /// States that deserve a snapshot now.
    pub snapshots: Vec<Snapshot>,
}

/// The loop's state.
pub struct Core {
    config: StoreConfig,
    cache: Cache,
    types: AggregateTypes,
    /// Commands that may be decided, in the order in which they came.
    ready: VecDeque<Job>,
    /// Commands whose streams are being read.
    waiting: BTreeMap<u64, Waiting>,
    next_ticket: u64,
    /// Which commands wait for a stream.
    loading: HashMap<StreamId, Vec<u64>>,
    /// Streams to be read by the next query.
    to_load: Vec<StreamId>,
    /// What is decided and not sent yet: on top of the batch under way, so that it can follow at once.
    staged: Staged,
    /// The batch under way.
    in_flight: Option<Flight>,
    /// Whether the database failed the last time it was asked.
    is_away: bool,
    /// Reads that failed since the last one that did not.
    reads_failed: u32,
}

struct Waiting {
    job: Job,
    missing: usize,
}

/// A decided command, with the streams that it touched.
struct Flown {
    job: Job,
    streams: Vec<StreamId>,
}

/// A batch while it is put together.
#[derive(Default)]
struct Staged {
    batch: Batch,
    commands: Vec<Flown>,
    ids: HashSet<CommandId>,
    touched: HashSet<StreamId>,
    /// Whether its one command must be alone.
    is_closed: bool,
}

/// A batch on its way.
#[derive(Default)]
struct Flight {
    commands: Vec<Flown>,
    turn: Turn,
}

/// A batch that came back, and what the log said to it.
pub struct Landed {
    flight: Flight,
    appended: Appended,
}

impl Core {
    /// A loop that has decided nothing yet.
    #[must_use]
    pub fn new(config: StoreConfig) -> Self {
        Self {
            cache: Cache::new(config.cache_streams_max),
            types: aggregate_types(),
            config,
            ready: VecDeque::new(),
            waiting: BTreeMap::new(),
            next_ticket: 0,
            loading: HashMap::new(),
            to_load: Vec::new(),
            staged: Staged::default(),
            in_flight: None,
            is_away: false,
            reads_failed: 0,
        }
    }

    /// Commands that were taken and not answered.
    #[must_use]
    pub fn load(&self) -> usize {
        let in_flight = self.in_flight.as_ref();
        let in_flight = in_flight.map_or(0, |flight| flight.commands.len());
        self.ready.len() + self.waiting.len() + self.staged.commands.len() + in_flight
    }

    /// Takes a command. While the database is away it is answered at once, rather than after a timeout:
    /// nothing was begun.
    pub fn take(&mut self, job: Job) {
        if self.is_away {
            job.answer(Err(ExecuteError::Unavailable {
                retry_after: RETRY_AFTER,
            }));
        } else {
            self.offer(job);
        }
    }

    /// If the command's streams are in memory it is ready; if not it waits aside.
    pub(super) fn offer(&mut self, job: Job) {
        self.presume_empty(&job);
        let missing: BTreeSet<StreamId> = job
            .needs
            .iter()
            .filter(|stream| self.cache.is_missing(stream))
            .cloned()
            .collect();
        if missing.is_empty() {
            self.ready.push_back(job);
            return;
        }
        let ticket = self.next_ticket;
        self.next_ticket += 1;
        self.waiting.insert(
            ticket,
            Waiting {
                job,
                missing: missing.len(),
            },
        );
        for stream in missing {
            let waiters = self.loading.entry(stream.clone()).or_default();
            if waiters.is_empty() {
                self.to_load.push(stream);
            }
            waiters.push(ticket);
        }
    }

    /// Takes the new streams of a command that is decided for the first time for empty, unless they are
    /// known or being read. The append compares: one that is not empty makes a conflict, and is read.
    fn presume_empty(&mut self, job: &Job) {
        if job.attempts > 0 {
            return;
        }
        for stream in job.command.operation.new_streams() {
            if self.cache.is_known(&stream) || self.loading.contains_key(&stream) {
                continue;
            }
            if let Ok(state) = self.types.empty(stream.aggregate_type()) {
                self.cache
                    .loaded(stream, Loaded { state, sequence: 0 }, Some(0));
            }
        }
    }

    /// The streams to be read now, with what is known of them; none while the database is away.
    pub fn next_loads(&mut self) -> Vec<Wanted> {
        if self.is_away {
            return Vec::new();
        }
        self.take_loads()
    }

    /// Takes in what came of reading these streams.
    pub fn read(&mut self, streams: Vec<StreamId>, result: Result<Vec<ReadResult>, StoreError>) {
        match result {
            Ok(results) => {
                self.reads_failed = 0;
                self.loaded(results);
            }
            Err(error) => {
                self.reads_failed += 1;
                // One broken connection of many says little; those who wait are read for again at once.
                if self.reads_failed >= READS_FAILED_MAX {
                    self.went_away(&error);
                }
                self.not_loaded(streams);
            }
        }
    }

    /// Decides what is ready, unless the database is away. Returns how many commands are decided and not
    /// sent.
    pub fn gather(&mut self) -> usize {
        if !self.is_away {
            self.decide();
        }
        self.staged()
    }

    /// How many commands are decided and not sent.
    #[must_use]
    pub fn staged(&self) -> usize {
        self.staged.commands.len()
    }

    /// Decides what is ready. What is to be written now, if anything: nothing while a batch is under way;
    /// while the database is away, an empty batch: whether it is back.
    pub fn next_write(&mut self) -> Option<Batch> {
        if self.is_away {
            return (!self.is_writing()).then(Batch::default);
        }
        self.gather();
        self.launch()
    }

    /// What was decided while the batch before was under way, to be sent now.
    pub fn launch(&mut self) -> Option<Batch> {
        if self.is_writing() || self.staged.batch.is_empty() {
            return None;
        }
        let staged = std::mem::take(&mut self.staged);
        self.in_flight = Some(Flight {
            commands: staged.commands,
            turn: self.cache.next_turn(),
        });
        Some(staged.batch)
    }

    /// Takes in what came of writing. What was decided on top of the batch meanwhile stays only if all of
    /// it was written, and can then be sent before the batch is settled.
    pub fn landed(&mut self, result: Result<Appended, StoreError>) -> Option<Landed> {
        match result {
            Ok(appended) => {
                if std::mem::take(&mut self.is_away) {
                    tracing::info!("the event store's database is back");
                }
                let flight = self.in_flight.take().unwrap_or_default();
                if !appended.verdicts.iter().all(Verdict::is_written) {
                    self.unstage();
                }
                Some(Landed { flight, appended })
            }
            Err(error) if error.is_of_the_statement() => {
                self.refused_by_database(&with_causes(&error));
                None
            }
            Err(error) => {
                self.went_away(&error);
                self.not_appended();
                None
            }
        }
    }

    /// Answers the commands of a batch, or has them decided again.
    pub fn settle(&mut self, landed: Landed) -> Committed {
        let Landed { flight, appended } = landed;
        Committed {
            snapshots: self.answer(flight, appended.verdicts),
            events: appended.events.into_iter().map(Arc::new).collect(),
            head: appended.head,
        }
    }

    /// Whether the database failed the last time it was asked.
    pub fn is_away(&self) -> bool {
        self.is_away
    }

    fn went_away(&mut self, error: &StoreError) {
        if !std::mem::replace(&mut self.is_away, true) {
            tracing::error!(
                error = with_causes(error),
                "the event store's database failed"
            );
            metrics::counter!("event_store_database_failures_total").increment(1);
        }
    }

    pub(super) fn take_loads(&mut self) -> Vec<Wanted> {
        let count = self.to_load.len().min(LOAD_STREAMS_MAX);
        self.to_load
            .drain(..count)
            .map(|stream| Wanted {
                base: self.cache.base(&stream),
                stream,
            })
            .collect()
    }

    /// Takes in what was read; commands that have all their streams become ready.
    pub(super) fn loaded(&mut self, results: Vec<ReadResult>) {
        for result in results {
            match result {
                Ok(read) => {
                    let stream = read.stream.clone();
                    self.cache.loaded(read.stream, read.loaded, read.snapshot);
                    for ticket in self.loading.remove(&stream).unwrap_or_default() {
                        self.one_stream_less(ticket);
                    }
                }
                Err((stream, error)) => {
                    let defect = format!("{stream} cannot be read: {error}");
                    tracing::error!(stream = %stream, error = %error, "{stream} cannot be read");
                    for ticket in self.loading.remove(&stream).unwrap_or_default() {
                        if let Some(waiting) = self.waiting.remove(&ticket) {
                            waiting
                                .job
                                .answer(Err(ExecuteError::Defect(defect.clone())));
                        }
                    }
                }
            }
        }
    }

    /// The streams could not be read: they are asked for again, if anybody still waits for them.
    pub(super) fn not_loaded(&mut self, streams: Vec<StreamId>) {
        for stream in streams {
            let Some(tickets) = self.loading.get_mut(&stream) else {
                continue;
            };
            tickets.retain(|ticket| self.waiting.contains_key(ticket));
            if tickets.is_empty() {
                self.loading.remove(&stream);
            } else {
                self.to_load.push(stream);
            }
        }
    }

    fn one_stream_less(&mut self, ticket: u64) {
        let Some(waiting) = self.waiting.get_mut(&ticket) else {
            return;
        };
        waiting.missing -= 1;
        if waiting.missing == 0
            && let Some(waiting) = self.waiting.remove(&ticket)
        {
            self.ready.push_back(waiting.job);
        }
    }

    /// Whether a batch is under way.
    fn is_writing(&self) -> bool {
        self.in_flight.is_some()
    }

    /// Decides what is ready, up to a batch, as if the batch under way were written already.
    fn decide(&mut self) {
        if self.ready.is_empty() {
            return;
        }
        self.cache.shrink();
        let mut staged = std::mem::take(&mut self.staged);
        let mut later = Vec::new();
        while !staged.is_closed
            && staged.batch.len() < self.config.batch_commands_max
            && staged.batch.event_count() < self.config.batch_events_max
        {
            let Some(job) = self.ready.pop_front() else {
                break;
            };
            if job.alone && !staged.batch.is_empty() {
                later.push(job);
                break;
            }
            // The same command twice: the second one is answered with the first one's outcome.
            if !staged.ids.insert(job.command.id) {
                later.push(job);
                continue;
            }
            let alone = job.alone;
            self.decide_one(job, &mut staged);
            staged.is_closed = alone && !staged.batch.is_empty();
        }
        self.staged = staged;
        later
            .into_iter()
            .rev()
            .for_each(|job| self.ready.push_front(job));
    }

    fn decide_one(&mut self, mut job: Job, staged: &mut Staged) {
        match decide(&job.command, &self.cache) {
            Ok((decision, answer)) => self.stage(job, decision, answer, staged),
            Err(Undecided::Load(streams)) => {
                staged.ids.remove(&job.command.id);
                job.needs.extend(streams);
                self.offer(job);
            }
            Err(Undecided::Defect(defect)) => {
                tracing::error!(command.id = %job.command.id, operation = job.command.operation.name(), "command {} cannot be decided: {defect}", job.command.id);
                job.answer(Err(ExecuteError::Defect(defect)));
            }
        }
    }

    fn stage(&mut self, job: Job, mut decision: Decision, answer: Answer, staged: &mut Staged) {
        let states = std::mem::take(&mut decision.states);
        let streams: Vec<StreamId> = decision.expected.iter().map(|(s, _)| s.clone()).collect();
        let touched = &mut staged.touched;
        let pushed = staged
            .batch
            .push(&job.command, answer, decision, |s| !touched.contains(s));
        if let Err(error) = pushed {
            tracing::error!(command.id = %job.command.id, error = %error, "command {} cannot be written", job.command.id);
            job.answer(Err(ExecuteError::Defect(error.to_string())));
            return;
        }
        for (stream, state) in states {
            self.cache.decided(&stream, state);
        }
        for stream in &streams {
            self.cache.used(stream);
            if !touched.contains(stream) {
                touched.insert(stream.clone());
            }
        }
        staged.commands.push(Flown { job, streams });
    }

    /// Takes back what was decided and not sent: it was decided on something that is not so.
    fn unstage(&mut self) {
        let staged = std::mem::take(&mut self.staged);
        for flown in staged.commands.into_iter().rev() {
            flown.streams.iter().for_each(|s| self.cache.undecided(s));
            self.ready.push_front(flown.job);
        }
    }

    /// Answers those whose time is up.
    pub fn expire(&mut self, now: Instant) {
        let unavailable = || {
            Err(ExecuteError::Unavailable {
                retry_after: RETRY_AFTER,
            })
        };
        let late: Vec<u64> = self
            .waiting
            .iter()
            .filter(|(_, waiting)| waiting.job.deadline <= now)
            .map(|(ticket, _)| *ticket)
            .collect();
        for ticket in late {
            if let Some(waiting) = self.waiting.remove(&ticket) {
                waiting.job.answer(unavailable());
            }
        }
        let ready = std::mem::take(&mut self.ready);
        for job in ready {
            if job.deadline <= now {
                job.answer(unavailable());
            } else {
                self.ready.push_back(job);
            }
        }
    }
}
