//! The events under way: sent in order, settled as the reports come, noted when nothing before them is
//! open.

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use event_store::RecordedEvent;
use failpoints::failpoint;
use tokio::time::sleep;

use super::Relay;
use super::cursor::{self, Failure, Progress};
use super::error::RelayError;
use super::lead::Lead;
use super::prepare::{Prepared, Record, prepare};
use super::producer::{Outcome, Producer, Report};
use super::schema_ids::SchemaIds;
use super::tail_plan::Delivered;
use super::window::Window;

/// The wait before a record is offered again to a full queue.
const QUEUE_FULL_WAIT_MS: u64 = 5;

pub(super) struct Sending<'a> {
    pub(super) relay: &'a Relay,
    pub(super) lead: &'a Lead,
    pub(super) producer: &'a Producer,
    ids: SchemaIds,
    window: Window,
    /// What an earlier session delivered and did not note.
    delivered: Delivered,
    /// The cursor as the database has it.
    written: u64,
    failures: BTreeMap<u64, Failure>,
    resending: HashSet<u64>,
    resent: Vec<u64>,
}

impl<'a> Sending<'a> {
    pub(super) fn new(
        relay: &'a Relay,
        lead: &'a Lead,
        producer: &'a Producer,
        ids: SchemaIds,
        delivered: Delivered,
    ) -> Self {
        let written = delivered.cursor();
        Self {
            relay,
            lead,
            producer,
            ids,
            window: Window::new(written),
            delivered,
            written,
            failures: BTreeMap::new(),
            resending: HashSet::new(),
            resent: Vec::new(),
        }
    }

    /// Whether another event may be sent before others are settled.
    pub(super) fn has_room(&self) -> bool {
        self.window.len() < self.relay.config.in_flight_max
    }

    /// Whether nothing is under way.
    pub(super) fn is_idle(&self) -> bool {
        self.window.len() == 0 && self.resending.is_empty()
    }

    /// The highest position up to which all is settled.
    pub(super) fn cursor(&self) -> u64 {
        self.window.cursor()
    }

    /// Events that are not known to be sent.
    pub(super) fn lag(&self) -> u64 {
        self.relay
            .log
            .known_head()
            .saturating_sub(self.window.cursor())
    }

    /// Sends the next event.
    pub(super) async fn forward(&mut self, event: &RecordedEvent) -> Result<(), RelayError> {
        let position = event.position;
        if !self.window.open(position) {
            return Err(RelayError::OutOfRange {
                what: "the next event's position",
            });
        }
        if let Some(sent) = self.delivered.beyond.remove(&position) {
            if sent != Some(event.metadata.event_id) {
                return Err(RelayError::AnotherLog { position });
            }
            self.window.settle(position);
            return Ok(());
        }
        match prepare(event, &self.relay.config, &self.ids, false) {
            Prepared::Record(record) => self.hand_over(&record, false).await,
            Prepared::Private => {
                self.window.settle(position);
                Ok(())
            }
            Prepared::Unfit { topic, error } => {
                self.fail(position, Failure { topic, error });
                Ok(())
            }
        }
    }

    /// Sends failed events again that an operator wants sent.
    pub(super) async fn resend(&mut self) -> Result<(), RelayError> {
        for position in cursor::wanted_again(&self.relay.pool).await? {
            if self.resending.contains(&position) || self.resent.contains(&position) {
                continue;
            }
            if self.delivered.resent.remove(&position) {
                self.resent.push(position);
                continue;
            }
            let found = self.relay.log.read(position.saturating_sub(1), 1).await?;
            let Some(event) = found.first().filter(|event| event.position == position) else {
                continue;
            };
            self.resending.insert(position);
            match prepare(event, &self.relay.config, &self.ids, true) {
                Prepared::Record(record) => self.hand_over(&record, true).await?,
                Prepared::Private => {
                    self.resending.remove(&position);
                    self.resent.push(position);
                }
                Prepared::Unfit { topic, error } => self.fail(position, Failure { topic, error }),
            }
        }
        Ok(())
    }

    /// Waits for room in the queue rather than letting a later record pass this one.
    async fn hand_over(&mut self, record: &Record, resend: bool) -> Result<(), RelayError> {
        failpoint!("projections.relay.send", sqlx::Error::Io);
        loop {
            if !self.lead.is_held() {
                return Err(RelayError::LeaseLost);
            }
            match self.producer.send(record, resend) {
                Ok(true) => return Ok(()),
                Ok(false) if self.relay.stop.is_cancelled() => return Err(RelayError::Ended),
                Ok(false) => sleep(Duration::from_millis(QUEUE_FULL_WAIT_MS)).await,
                Err(report) => return self.take(report),
            }
        }
    }

    /// Takes a report in.
    pub(super) fn take(&mut self, report: Report) -> Result<(), RelayError> {
        let Report { sent, outcome } = report;
        match outcome {
            Outcome::Delivered => {
                metrics::counter!("relay_sent_total").increment(1);
                if sent.resend {
                    self.resending.remove(&sent.position);
                    self.resent.push(sent.position);
                } else {
                    self.window.settle(sent.position);
                }
                Ok(())
            }
            Outcome::Refused(error) => {
                self.fail(
                    sent.position,
                    Failure {
                        topic: sent.topic,
                        error,
                    },
                );
                Ok(())
            }
            Outcome::Unknown(reason) => Err(RelayError::NotDelivered { reason }),
        }
    }

    /// The event will not be sent; the others go on.
    fn fail(&mut self, position: u64, failure: Failure) {
        metrics::counter!("relay_failed_total").increment(1);
        self.failures.insert(position, failure);
        if !self.resending.remove(&position) {
            self.window.settle(position);
        }
    }

    /// Notes how far it is. Not while something is being sent again: its row and the cursor change in one
    /// transaction, so that after a crash the topics' ends show it.
    pub(super) async fn write(&mut self) -> Result<(), RelayError> {
        let cursor = self.window.cursor();
        let open = self.failures.split_off(&cursor.saturating_add(1));
        let failures = std::mem::replace(&mut self.failures, open);
        let nothing = cursor == self.written && failures.is_empty() && self.resent.is_empty();
        if nothing || !self.resending.is_empty() {
            self.failures.extend(failures);
            return Ok(());
        }
        let resent = std::mem::take(&mut self.resent);
        let progress = Progress {
            cursor,
            failures,
            resent,
        };
        cursor::write(&self.relay.pool, &self.lead.lease, &progress).await?;
        self.written = cursor;
        Ok(())
    }
}
