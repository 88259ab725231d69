//! What the log said to a batch, and what that means for its commands and for the aggregates in memory.

use std::collections::{HashSet, VecDeque};

use domain::StreamId;

use super::{Core, Flight, Flown, RETRY_AFTER};
use crate::append::Verdict;
use crate::deciding::cache::Turn;
use crate::deciding::job::Job;
use crate::error::ExecuteError;
use crate::snapshots::{Snapshot, SnapshotState};

impl Core {
    /// Answers the commands of a batch, or has them decided again. Returns snapshots that are due.
    pub(super) fn answer(&mut self, flight: Flight, verdicts: Vec<Verdict>) -> Vec<Snapshot> {
        let mut refused: HashSet<StreamId> = HashSet::new();
        for (flown, verdict) in flight.commands.iter().zip(&verdicts) {
            if !verdict.is_written() {
                refused.extend(flown.streams.iter().cloned());
            }
        }
        let mut snapshots = Vec::new();
        for stream in flight.commands.iter().flat_map(|flown| &flown.streams) {
            if refused.contains(stream) {
                self.cache.not_written(stream);
            } else {
                snapshots.extend(self.stream_written(stream, flight.turn));
            }
        }
        let mut again = Vec::new();
        for (flown, verdict) in flight.commands.into_iter().zip(verdicts) {
            match verdict {
                Verdict::Written(outcome) | Verdict::Duplicate(Some(outcome)) => {
                    flown.job.answer(Ok(outcome));
                }
                Verdict::Duplicate(None) => flown.job.answer(Err(ExecuteError::KeyReused)),
                Verdict::Fenced => flown.job.answer(Err(ExecuteError::Fenced)),
                Verdict::Conflict => again.push(flown),
            }
        }
        if !refused.is_empty() {
            self.decide_again(again);
        }
        snapshots
    }

    fn stream_written(&mut self, stream: &StreamId, turn: Turn) -> Option<Snapshot> {
        let every = self.config.snapshot_every_events;
        let loaded = self.cache.written(stream, turn, every)?;
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
    pub(in crate::deciding) fn not_appended(&mut self) {
        self.unstage();
        let flown = self.in_flight.take().into_iter();
        let mut again = Vec::new();
        for flown in flown.flat_map(|flight| flight.commands) {
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
    pub(in crate::deciding) fn refused_by_database(&mut self, reason: &str) {
        let commands = self.in_flight.as_mut().map(|flight| &mut flight.commands);
        if let Some(commands) = commands {
            if let [_] = commands.as_slice()
                && let Some(flown) = commands.pop()
            {
                let streams = flown.streams.iter();
                streams.for_each(|stream| self.cache.not_written(stream));
                tracing::error!(command.id = %flown.job.command.id, error = reason, "the database refuses command {}", flown.job.command.id);
                flown
                    .job
                    .answer(Err(ExecuteError::Defect(reason.to_owned())));
            }
            commands.iter_mut().for_each(|flown| flown.job.alone = true);
        }
        self.not_appended();
    }

    /// Commands that conflicted go first, and not for ever.
    fn decide_again(&mut self, conflicted: Vec<Flown>) {
        let later = std::mem::take(&mut self.ready);
        for Flown { mut job, streams } in conflicted {
            metrics::counter!("event_store_conflicts_total").increment(1);
            job.attempts += 1;
            if job.attempts == self.config.attempts_max / 2 {
                // Their tails did not help. It may be that memory is ahead of the log: a standby took
                // over that had not all of it. Reading them from the start always helps.
                streams.iter().for_each(|stream| self.cache.forget(stream));
            }
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

    /// A snapshot was written.
    pub fn snapshot_saved(&mut self, stream: &StreamId, state: SnapshotState) {
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
