//! The newest events in memory, for subscribers that are up to date: they get them without asking the
//! database, a moment after the commit.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;

use crate::recorded::RecordedEvent;

/// The newest events that this process wrote, and the highest position known.
pub(crate) struct Feed {
    recent: Mutex<VecDeque<Arc<RecordedEvent>>>,
    capacity: usize,
    head: watch::Sender<u64>,
    /// The highest position that this process wrote.
    own: watch::Sender<u64>,
}

impl Feed {
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            recent: Mutex::new(VecDeque::with_capacity(capacity.min(1_024))),
            capacity,
            head: watch::Sender::new(0),
            own: watch::Sender::new(0),
        }
    }

    /// Takes in what was just committed, in order of position.
    pub(crate) fn push(&self, events: Vec<Arc<RecordedEvent>>) {
        let Some(last) = events.last().map(|event| event.position) else {
            return;
        };
        {
            let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
            recent.extend(events);
            let excess = recent.len().saturating_sub(self.capacity);
            recent.drain(..excess);
        }
        self.own.send_replace(last);
        self.advance(last);
    }

    /// Says that the log reaches at least this far.
    pub(crate) fn advance(&self, head: u64) {
        self.head.send_if_modified(|known| {
            let further = head > *known;
            *known = (*known).max(head);
            further
        });
    }

    /// The highest position known.
    pub(crate) fn head(&self) -> u64 {
        *self.head.borrow()
    }

    /// For waiting until the log grows.
    pub(crate) fn watch(&self) -> watch::Receiver<u64> {
        self.head.subscribe()
    }

    /// For telling others whenever this process wrote.
    pub(crate) fn watch_own(&self) -> watch::Receiver<u64> {
        self.own.subscribe()
    }

    /// The events that directly follow a position, if they are in memory: without a hole, since other
    /// processes' events are not here.
    pub(crate) fn after(&self, position: u64, max: usize) -> Vec<Arc<RecordedEvent>> {
        let recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        let start = recent.partition_point(|event| event.position <= position);
        recent
            .range(start..)
            .zip(position.saturating_add(1)..)
            .take_while(|(event, expected)| event.position == *expected)
            .take(max)
            .map(|(event, _)| Arc::clone(event))
            .collect()
    }
}
