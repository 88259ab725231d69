//! The loop's logic, without I/O: which command is decided when, against what, and what its fate in the
//! log means for it and for the aggregates in memory.

use std::collections::{HashMap, HashSet, VecDeque};
use std::time::{Duration, Instant};

use domain::{Decision, Halt, Loaded, StreamId, Workspace};
use serde_json::Value;

use super::cache::Cache;
use super::job::Job;
use crate::append::{Appended, Batch, Verdict};
use crate::config::StoreConfig;
use crate::error::ExecuteError;
use crate::load::{ReadResult, Wanted};
use crate::snapshots::{Snapshot, SnapshotState};

/// When a caller may try again after its command was refused for lack of a database, or for contention.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// The loop's state.
pub(super) struct Core {
    config: StoreConfig,
    cache: Cache,
    /// Commands that may be decided, in the order in which they came.
    ready: VecDeque<Job>,
    /// Commands whose streams are being read.
    waiting: HashMap<u64, Waiting>,
    next_ticket: u64,
    /// Which commands wait for a stream.
    loading: HashMap<StreamId, Vec<u64>>,
    /// Streams to be read by the next query.
    to_load: Vec<StreamId>,
    /// The commands of the batch under way.
    in_flight: Vec<InFlight>,
    /// Batches still to be made of one command each, to find the one that the database refuses.
    singles: usize,
}

struct Waiting {
    job: Job,
    missing: usize,
}

struct InFlight {
    job: Job,
    streams: Vec<StreamId>,
}

impl Core {
    pub(super) fn new(config: StoreConfig) -> Self {
        Self {
            cache: Cache::new(config.cache_streams_max),
            config,
            ready: VecDeque::new(),
            waiting: HashMap::new(),
            next_ticket: 0,
            loading: HashMap::new(),
            to_load: Vec::new(),
            in_flight: Vec::new(),
            singles: 0,
        }
    }

    /// Commands that were taken and not answered.
    pub(super) fn load(&self) -> usize {
        self.ready.len() + self.waiting.len() + self.in_flight.len()
    }

    /// Takes a command. If its streams are in memory it is ready; if not it waits aside.
    pub(super) fn offer(&mut self, job: Job) {
        let missing: HashSet<StreamId> = job
            .command
            .operation
            .streams()
            .into_iter()
            .chain(job.also_needs.iter().cloned())
            .filter(|stream| self.cache.is_missing(stream))
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

    /// The streams to be read now, with what is known of them.
    pub(super) fn take_loads(&mut self) -> Vec<Wanted> {
        let streams = std::mem::take(&mut self.to_load);
        streams
            .into_iter()
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

    /// The streams could not be read: they are asked for again.
    pub(super) fn not_loaded(&mut self, streams: Vec<StreamId>) {
        let still_wanted = |stream: &StreamId| self.loading.contains_key(stream);
        let again: Vec<_> = streams.into_iter().filter(still_wanted).collect();
        self.to_load.extend(again);
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
    pub(super) fn is_writing(&self) -> bool {
        !self.in_flight.is_empty()
    }

    /// Decides what is ready, up to a batch. Only when no batch is under way.
    pub(super) fn decide(&mut self) -> Batch {
        self.cache.shrink();
        let mut batch = Batch::default();
        let mut touched: HashSet<StreamId> = HashSet::new();
        let mut ids = HashSet::new();
        let mut later = Vec::new();
        let commands_max = if self.singles > 0 {
            1
        } else {
            self.config.batch_commands_max
        };
        self.singles = self.singles.saturating_sub(1);
        while batch.len() < commands_max && batch.event_count() < self.config.batch_events_max {
            let Some(job) = self.ready.pop_front() else {
                break;
            };
            // The same command twice: the second one is answered with the first one's outcome.
            if !ids.insert(job.command.id) {
                later.push(job);
                continue;
            }
            self.decide_one(job, &mut batch, &mut touched);
        }
        later
            .into_iter()
            .rev()
            .for_each(|job| self.ready.push_front(job));
        batch
    }

    fn decide_one(&mut self, mut job: Job, batch: &mut Batch, touched: &mut HashSet<StreamId>) {
        let mut workspace = Workspace::new(&self.cache);
        let (decision, result) = match job.command.operation.decide(&mut workspace) {
            Ok(reply) => (workspace.finish(), Ok(reply)),
            Err(Halt::Reject(rejection)) => {
                // What it read is checked like what it would have written: a refusal must be as true
                // as an acceptance.
                let expected = workspace.finish().expected;
                let nothing = Decision {
                    expected,
                    events: Vec::new(),
                    states: Vec::new(),
                };
                (nothing, Err(rejection))
            }
            Err(Halt::Load(streams)) => {
                job.also_needs.extend(streams);
                self.offer(job);
                return;
            }
            Err(Halt::Unserialisable(error)) => {
                tracing::error!(command.id = %job.command.id, error = %error, "command {} made something that is not JSON", job.command.id);
                job.answer(Err(ExecuteError::Defect(error.to_string())));
                return;
            }
        };
        self.stage(job, decision, &result, batch, touched);
    }

    fn stage(
        &mut self,
        job: Job,
        mut decision: Decision,
        result: &Result<Value, domain::Rejection>,
        batch: &mut Batch,
        touched: &mut HashSet<StreamId>,
    ) {
        let answer = (job.command.render)(result);
        let states: Vec<(StreamId, Loaded)> = std::mem::take(&mut decision.states);
        let streams: Vec<StreamId> = decision.expected.iter().map(|(s, _)| s.clone()).collect();
        let pushed = batch.push(&job.command, answer, decision, |s| !touched.contains(s));
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
        self.in_flight.push(InFlight { job, streams });
    }

    /// The batch came back: answers its commands, or has them decided again. Returns snapshots that are
    /// due.
    pub(super) fn appended(&mut self, verdicts: Vec<Verdict>) -> Vec<Snapshot> {
        let in_flight = std::mem::take(&mut self.in_flight);
        let mut refused: HashSet<StreamId> = HashSet::new();
        for (flown, verdict) in in_flight.iter().zip(&verdicts) {
            if !matches!(verdict, Verdict::Written(_)) {
                refused.extend(flown.streams.iter().cloned());
            }
        }
        let mut snapshots = Vec::new();
        for stream in in_flight.iter().flat_map(|flown| &flown.streams) {
            if refused.contains(stream) {
                self.cache.not_written(stream);
            } else {
                snapshots.extend(self.written(stream));
            }
        }
        let mut again = Vec::new();
        for (flown, verdict) in in_flight.into_iter().zip(verdicts) {
            match verdict {
                Verdict::Written(outcome) | Verdict::Duplicate(Some(outcome)) => {
                    flown.job.answer(Ok(outcome));
                }
                Verdict::Duplicate(None) => flown.job.answer(Err(ExecuteError::KeyReused)),
                Verdict::Fenced => flown.job.answer(Err(ExecuteError::Fenced)),
                Verdict::Conflict => again.push(flown.job),
            }
        }
        self.decide_again(again);
        snapshots
    }

    fn written(&mut self, stream: &StreamId) -> Option<Snapshot> {
        let loaded = self
            .cache
            .written(stream, self.config.snapshot_every_events)?;
        // Not due again while it is being written.
        let bytes = self.cache.snapshot_state(stream).bytes;
        let sequence = loaded.sequence;
        self.cache
            .snapshotted(stream, SnapshotState { sequence, bytes });
        Some(Snapshot {
            stream: stream.clone(),
            loaded,
        })
    }

    /// Nobody knows whether the batch was written. Its commands are decided again: if they were written
    /// after all, their ids say so.
    pub(super) fn not_appended(&mut self) {
        let in_flight = std::mem::take(&mut self.in_flight);
        let mut again = Vec::new();
        for flown in in_flight {
            flown
                .streams
                .iter()
                .for_each(|stream| self.cache.not_written(stream));
            again.push(flown.job);
        }
        // In front of what came later, so that the order of taking is kept where it can be.
        let later = std::mem::take(&mut self.ready);
        again.into_iter().for_each(|job| self.offer(job));
        self.requeue(later);
    }

    /// The database refused the statement: one of its commands is to blame. Alone, it is given up; of
    /// several, each is tried by itself.
    pub(super) fn refused_by_database(&mut self, reason: &str) {
        if let [_] = self.in_flight.as_slice()
            && let Some(flown) = self.in_flight.pop()
        {
            flown
                .streams
                .iter()
                .for_each(|stream| self.cache.not_written(stream));
            tracing::error!(command.id = %flown.job.command.id, error = reason, "the database refuses command {}", flown.job.command.id);
            flown
                .job
                .answer(Err(ExecuteError::Defect(reason.to_owned())));
            return;
        }
        self.singles = self.in_flight.len();
        self.not_appended();
    }

    /// Commands that conflicted go first, and not for ever.
    fn decide_again(&mut self, jobs: Vec<Job>) {
        let later = std::mem::take(&mut self.ready);
        for mut job in jobs {
            metrics::counter!("event_store_conflicts_total").increment(1);
            job.attempts += 1;
            if job.attempts >= self.config.attempts_max {
                job.answer(Err(ExecuteError::Contended {
                    retry_after: RETRY_AFTER,
                }));
            } else {
                self.offer(job);
            }
        }
        self.requeue(later);
    }

    /// Ready commands may have lost a stream to a refusal meanwhile.
    fn requeue(&mut self, jobs: VecDeque<Job>) {
        jobs.into_iter().for_each(|job| self.offer(job));
    }

    /// Answers those whose time is up.
    pub(super) fn expire(&mut self, now: Instant) {
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

/// What the driver keeps of an append's result once the verdicts are taken.
pub(super) struct Written {
    pub(super) events: Vec<crate::recorded::RecordedEvent>,
    pub(super) head: u64,
}

impl Core {
    /// Splits an append's result: verdicts for the commands, events for the subscribers.
    pub(super) fn take_in(&mut self, appended: Appended) -> (Vec<Snapshot>, Written) {
        let written = Written {
            events: appended.events,
            head: appended.head,
        };
        (self.appended(appended.verdicts), written)
    }

    /// A snapshot was written.
    pub(super) fn snapshot_saved(&mut self, stream: &StreamId, state: SnapshotState) {
        let known = self.cache.snapshot_state(stream);
        let sequence = known.sequence.max(state.sequence);
        self.cache.snapshotted(
            stream,
            SnapshotState {
                sequence,
                bytes: state.bytes,
            },
        );
    }
}
