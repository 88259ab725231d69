//! The aggregates in memory: the most recently used ones.
//!
//! Of each the cache keeps the last state known to be durable, and beside it the states that the batch
//! under way and the batch after it have decided. When a batch is written its state becomes the durable
//! one; when not, both are forgotten and the stream's tail is read before it is used again.

use std::num::NonZeroUsize;

use domain::{Loaded, States, StreamId};
use lru::LruCache;

use crate::snapshots::SnapshotState;

/// The aggregates in memory.
pub(super) struct Cache {
    entries: LruCache<StreamId, Entry>,
    streams_max: usize,
    /// Whose turn it is to be decided.
    turn: Turn,
}

/// One of two batches: while one is under way, the other is decided.
#[derive(Clone, Copy, Debug, Default)]
pub(super) enum Turn {
    #[default]
    Even,
    Odd,
}

impl Turn {
    fn other(self) -> Self {
        match self {
            Self::Even => Self::Odd,
            Self::Odd => Self::Even,
        }
    }
}

struct Entry {
    /// The state as of some position of the log.
    committed: Loaded,
    decided: Decided,
    /// Whether the log is known or feared to be further than `committed`.
    stale: bool,
    snapshot: SnapshotState,
}

/// The states that batches decided which are not known to be written.
#[derive(Default)]
struct Decided {
    even: Option<Loaded>,
    odd: Option<Loaded>,
}

impl Decided {
    fn by(&self, turn: Turn) -> Option<&Loaded> {
        match turn {
            Turn::Even => self.even.as_ref(),
            Turn::Odd => self.odd.as_ref(),
        }
    }

    fn slot(&mut self, turn: Turn) -> &mut Option<Loaded> {
        match turn {
            Turn::Even => &mut self.even,
            Turn::Odd => &mut self.odd,
        }
    }

    fn is_empty(&self) -> bool {
        self.even.is_none() && self.odd.is_none()
    }
}

impl Cache {
    pub(super) fn new(streams_max: usize) -> Self {
        let capacity = NonZeroUsize::new(streams_max).unwrap_or(NonZeroUsize::MIN);
        // Unbounded to the library: it would evict what a batch still needs.
        Self {
            entries: LruCache::unbounded(),
            streams_max: capacity.get(),
            turn: Turn::default(),
        }
    }

    /// The batch that was being decided is sent, and the next one's turn begins. Returns whose it was.
    pub(super) fn next_turn(&mut self) -> Turn {
        let sent = self.turn;
        self.turn = sent.other();
        sent
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
            decided: Decided::default(),
            stale: false,
            snapshot,
        };
        self.entries.put(stream, entry);
    }

    /// Takes in what a command of this turn's batch decided.
    pub(super) fn decided(&mut self, stream: &StreamId, state: Loaded) {
        if let Some(entry) = self.entries.get_mut(stream) {
            *entry.decided.slot(self.turn) = Some(state);
        }
    }

    /// Forgets what this turn's batch decided: it is not sent.
    pub(super) fn undecided(&mut self, stream: &StreamId) {
        if let Some(entry) = self.entries.peek_mut(stream) {
            *entry.decided.slot(self.turn) = None;
        }
    }

    /// Marks a stream as used just now.
    pub(super) fn used(&mut self, stream: &StreamId) {
        self.entries.promote(stream);
    }

    /// The batch of that turn is in the log: what it decided is durable. Returns the state when a snapshot
    /// is due.
    pub(super) fn written(
        &mut self,
        stream: &StreamId,
        turn: Turn,
        snapshot_every: u64,
    ) -> Option<Loaded> {
        let entry = self.entries.peek_mut(stream)?;
        entry.committed = entry.decided.slot(turn).take()?;
        let due = entry
            .snapshot
            .is_due(entry.committed.sequence, snapshot_every);
        due.then(|| entry.committed.clone())
    }

    /// The batch, or a command of it on this stream, is not in the log.
    pub(super) fn not_written(&mut self, stream: &StreamId) {
        if let Some(entry) = self.entries.peek_mut(stream) {
            entry.decided = Decided::default();
            entry.stale = true;
        }
    }

    /// Forgets a stream, so that it is read from the start and not from what was known. Only one that no
    /// batch has decided.
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

    /// Forgets the least recently used aggregates beyond the limit, but none that a batch has decided.
    pub(super) fn shrink(&mut self) {
        while self.entries.len() > self.streams_max
            && self
                .entries
                .peek_lru()
                .is_some_and(|(_, entry)| entry.decided.is_empty())
        {
            self.entries.pop_lru();
        }
    }
}

impl States for Cache {
    fn loaded(&self, stream: &StreamId) -> Option<&Loaded> {
        let entry = self.entries.peek(stream).filter(|entry| !entry.stale)?;
        let (newest, before) = (self.turn, self.turn.other());
        let decided = entry.decided.by(newest).or(entry.decided.by(before));
        Some(decided.unwrap_or(&entry.committed))
    }
}
