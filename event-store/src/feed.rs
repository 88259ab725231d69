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
            // Positions that were given out before: a standby took over that had not all of the log. What
            // is here from before is no longer in it.
            let first = events.first().map(|event| event.position);
            if first <= recent.back().map(|event| event.position) {
                recent.clear();
            }
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

    /// Says that the log ends here, before what was known: a standby took over that had not all of it.
    /// Nothing from before is handed out any more, and whoever waits looks again.
    pub(crate) fn rewind(&self, head: u64) {
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        recent.clear();
        self.head.send_replace(head);
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

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use uuid::Uuid;

    use super::*;
    use crate::recorded::{Metadata, Parsed};

    fn event(position: u64, event_type: &str) -> Arc<RecordedEvent> {
        Arc::new(RecordedEvent {
            position,
            aggregate_type: "product".to_owned(),
            aggregate_id: "kettle".to_owned(),
            sequence: position,
            event_type: event_type.to_owned(),
            event_version: "1".to_owned(),
            payload: "{}".to_owned(),
            metadata: Metadata {
                event_id: Uuid::nil(),
                command_id: Uuid::nil(),
                correlation_id: Uuid::nil(),
                causation_id: None,
                principal: "tester".to_owned(),
                occurred_at: DateTime::UNIX_EPOCH,
            },
            recorded_at: DateTime::UNIX_EPOCH,
            parsed: Parsed::default(),
        })
    }

    fn types_after(feed: &Feed, position: u64) -> Vec<String> {
        let events = feed.after(position, 10);
        events.iter().map(|e| e.event_type.clone()).collect()
    }

    #[test]
    fn positions_that_are_given_out_anew_replace_what_was_there() {
        let feed = Feed::new(10);
        feed.push(vec![event(1, "kept"), event(2, "lost"), event(3, "lost")]);
        feed.push(vec![event(2, "real")]);
        assert_eq!(types_after(&feed, 1), ["real"]);
        assert!(types_after(&feed, 2).is_empty(), "the lost one is gone");
    }

    #[test]
    fn a_log_that_ends_earlier_wakes_whoever_waits_and_hands_out_nothing_of_the_lost() {
        let feed = Feed::new(10);
        feed.push(vec![event(1, "kept"), event(2, "lost")]);
        let mut waiting = feed.watch();
        waiting.borrow_and_update();
        feed.rewind(1);
        assert!(waiting.has_changed().expect("the feed is there"));
        assert_eq!(feed.head(), 1);
        assert!(types_after(&feed, 1).is_empty());
    }
}
