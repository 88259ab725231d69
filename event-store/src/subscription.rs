//! Following the log.

use std::sync::Arc;

use tokio::sync::watch;

use crate::error::StoreError;
use crate::log::{EventLog, READ_MAX_EVENTS};
use crate::recorded::RecordedEvent;

/// Follows the log from a position: pushed what this process writes, woken for what others do. It keeps
/// no checkpoint of its own: the subscriber commits that with its rows.
pub struct Subscription {
    log: EventLog,
    position: u64,
    head: watch::Receiver<u64>,
}

impl Subscription {
    pub(crate) fn new(log: EventLog, after: u64) -> Self {
        let head = log.feed().watch();
        Self {
            log,
            position: after,
            head,
        }
    }

    /// The position of the last event that was handed out.
    #[must_use]
    pub fn position(&self) -> u64 {
        self.position
    }

    /// The next events, in order and without a hole; waits until there is at least one. Safe to drop
    /// while it waits: nothing is lost.
    ///
    /// # Errors
    /// The database is away: call again.
    pub async fn next(&mut self, max: usize) -> Result<Vec<Arc<RecordedEvent>>, StoreError> {
        loop {
            let max = max.clamp(1, READ_MAX_EVENTS);
            // Seen before looking, so that an event that arrives meanwhile wakes the wait below.
            self.head.borrow_and_update();
            let events = self.available(max).await?;
            if let Some(last) = events.last() {
                self.position = last.position;
                return Ok(events);
            }
            // The sender lives as long as the log, which this holds.
            let _ = self.head.changed().await;
        }
    }

    /// The next events, if there are any now.
    ///
    /// # Errors
    /// The database is away: call again.
    pub async fn try_next(&mut self, max: usize) -> Result<Vec<Arc<RecordedEvent>>, StoreError> {
        let events = self.available(max.clamp(1, READ_MAX_EVENTS)).await?;
        if let Some(last) = events.last() {
            self.position = last.position;
        }
        Ok(events)
    }

    async fn available(&self, max: usize) -> Result<Vec<Arc<RecordedEvent>>, StoreError> {
        if self.log.feed().head() <= self.position {
            return Ok(Vec::new());
        }
        let pushed = self.log.feed().after(self.position, max);
        if pushed.is_empty() {
            self.log.read(self.position, max).await
        } else {
            Ok(pushed)
        }
    }
}
