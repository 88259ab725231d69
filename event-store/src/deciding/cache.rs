//! The aggregates in memory: the most recently used ones.
//!
//! Of each the cache keeps the last state known to be durable, and beside it the state that the batch
//! under way has decided. When the batch is written the second becomes the first; when not, the second
//! is forgotten and the stream's tail is read before it is used again.

use std::num::NonZeroUsize;

use domain::{Loaded, States, StreamId};
use lru::LruCache;

use crate::snapshots::SnapshotState;

/// The aggregates in memory.
pub(super) struct Cache {
    entries: LruCache<StreamId, Entry>,
    streams_max: usize,
}

struct Entry {
    /// The state as of some position of the log.
    committed: Loaded,
    /// The state as the batch under way decided it.
    pending: Option<Loaded>,
    /// Whether the log is known or feared to be further than `committed`.
    stale: bool,
    snapshot: SnapshotState,
}

impl Cache {
    pub(super) fn new(streams_max: usize) -> Self {
        let capacity = NonZeroUsize::new(streams_max).unwrap_or(NonZeroUsize::MIN);
        // Unbounded to the library: it would evict what a batch under way still needs.
        Self {
            entries: LruCache::unbounded(),
            streams_max: capacity.get(),
        }
    }

    /// Whether the stream must be read before it is used.
    pub(super) fn is_missing(&self, stream: &StreamId) -> bool {
        self.entries.peek(stream).is_none_or(|entry| entry.stale)
    }

    /// Whether anything is known of the stream, be it old.
    pub(super) fn is_known(&self, stream: &StreamId) -> bool {
        self.entries.contains(stream)
    }

    /// An older state of a stream that must be read again, so that its tail is enough.
    pub(super) fn base(&self, stream: &StreamId) -> Option<Loaded> {
        self.entries
            .peek(stream)
            .map(|entry| entry.committed.clone())
    }

    /// Takes in what was read. `snapshot` is the sequence of the snapshot that it was read from.
    pub(super) fn loaded(&mut self, stream: StreamId, loaded: Loaded, snapshot: Option<u64>) {
        let known = self
            .entries
            .peek(&stream)
            .map(|entry| entry.snapshot)
            .unwrap_or_default();
        let snapshot = snapshot.map_or(known, |sequence| SnapshotState { sequence, bytes: 0 });
        let entry = Entry {
            committed: loaded,
            pending: None,
            stale: false,
            snapshot,
        };
        self.entries.put(stream, entry);
    }

    /// Takes in what a command of the batch under way decided.
    pub(super) fn decided(&mut self, stream: &StreamId, state: Loaded) {
        if let Some(entry) = self.entries.get_mut(stream) {
            entry.pending = Some(state);
        }
    }

    /// Marks a stream as used just now.
    pub(super) fn used(&mut self, stream: &StreamId) {
        self.entries.promote(stream);
    }

    /// The batch is in the log: what it decided is durable. Returns the state when a snapshot is due.
    pub(super) fn written(&mut self, stream: &StreamId, snapshot_every: u64) -> Option<Loaded> {
        let entry = self.entries.peek_mut(stream)?;
        entry.committed = entry.pending.take()?;
        let due = entry
            .snapshot
            .is_due(entry.committed.sequence, snapshot_every);
        due.then(|| entry.committed.clone())
    }

    /// The batch, or a command of it on this stream, is not in the log.
    pub(super) fn not_written(&mut self, stream: &StreamId) {
        if let Some(entry) = self.entries.peek_mut(stream) {
            entry.pending = None;
            entry.stale = true;
        }
    }

    /// Forgets a stream, so that it is read from the start and not from what was known. Only between
    /// batches.
    pub(super) fn forget(&mut self, stream: &StreamId) {
        self.entries.pop(stream);
    }

    /// A snapshot was queued or written.
    pub(super) fn snapshotted(&mut self, stream: &StreamId, snapshot: SnapshotState) {
        if let Some(entry) = self.entries.peek_mut(stream) {
            entry.snapshot = snapshot;
        }
    }

    /// The snapshot's size as last written, to be kept while the next one is under way.
    pub(super) fn snapshot_state(&self, stream: &StreamId) -> SnapshotState {
        self.entries
            .peek(stream)
            .map(|entry| entry.snapshot)
            .unwrap_or_default()
    }

    /// Forgets the least recently used aggregates beyond the limit. Only between batches.
    pub(super) fn shrink(&mut self) {
        while self.entries.len() > self.streams_max {
            self.entries.pop_lru();
        }
    }
}

impl States for Cache {
    fn loaded(&self, stream: &StreamId) -> Option<&Loaded> {
        let entry = self.entries.peek(stream).filter(|entry| !entry.stale)?;
        Some(entry.pending.as_ref().unwrap_or(&entry.committed))
    }
}
