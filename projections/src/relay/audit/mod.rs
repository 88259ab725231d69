//! Whether Kafka has what the log has: every public event up to the relay's cursor, each key in order and on
//! one partition, every record readable. Repeats are counted; they are not forbidden.
//!
//! Memory: two bits and a hundredth of a byte for each event, and eight bytes for each key of one topic and
//! of one partition at a time.

mod consume;
mod expected;

use std::collections::{BTreeSet, HashMap, HashSet};

use event_schemas::topics;
use event_store::{EventLog, with_causes};
use rdkafka::message::BorrowedMessage;
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use self::expected::Expected;
use super::config::RelayConfig;
use super::cursor;
use super::error::RelayError;
use super::tail::header;
use super::{EVENT_ID_HEADER, POSITION_HEADER, RESEND_HEADER};

/// Troubles of one kind that are listed.
const LISTED_MAX: usize = 20;

/// What came of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StreamReport {
    /// Up to which position the relay says that everything was sent.
    pub cursor: u64,
    /// Records that were read.
    pub records: u64,
    /// Of them such as repeat another.
    pub repeats: u64,
    /// Events that Kafka refused for good: the relay has them listed, and they are not missed.
    pub refused: u64,
    /// How many troubles there are.
    pub troubles: u64,
    /// The first of them.
    pub listed: Vec<String>,
    /// Topics that have lost their oldest records, so that nobody can say whether they were complete.
    pub shortened: Vec<String>,
}

/// Why the stream could not be looked at.
#[derive(Debug, thiserror::Error)]
#[error("the stream could not be read: {0}")]
pub struct StreamAway(String);

impl From<RelayError> for StreamAway {
    fn from(error: RelayError) -> Self {
        Self(with_causes(&error))
    }
}

/// Reads every topic from its start to where it ends now, and compares with the log. Nothing is written, and
/// the relay goes on meanwhile.
///
/// # Errors
/// The database or the broker is away, or the topics are not there.
pub async fn audit(
    pool: &PgPool,
    log: &EventLog,
    config: &RelayConfig,
    stop: &CancellationToken,
) -> Result<StreamReport, StreamAway> {
    let cursor = cursor::load(pool).await?;
    let refused = cursor::failed(pool, cursor).await?;
    let head = log.head().await.map_err(RelayError::from)?;
    let head = head.max(cursor);
    let expected = Expected::read(pool, head).await?;
    let (config, stop) = (config.clone(), stop.clone());
    let mut audit = Audit {
        head,
        seen: Expected::empty(head),
        expected,
        ids_are_ours: config.schema_registry_url.is_none(),
        report: StreamReport {
            cursor,
            refused: u64::try_from(refused.len()).unwrap_or(u64::MAX),
            ..StreamReport::default()
        },
        order: Keys::default(),
    };
    // librdkafka's calls block.
    let work = tokio::task::spawn_blocking(move || {
        audit.read(&config, &stop)?;
        audit.compare(&refused);
        Ok::<_, RelayError>(audit.report)
    });
    Ok(work.await.map_err(|_| RelayError::Ended)??)
}

struct Audit {
    /// Records of later positions are not looked at any closer: the log was read before they were sent.
    head: u64,
    expected: Expected,
    /// What was seen, in the same form.
    seen: Expected,
    ids_are_ours: bool,
    report: StreamReport,
    order: Keys,
}

/// What must be known of the keys of a topic.
#[derive(Default)]
struct Keys {
    /// Of the partitions before.
    elsewhere: HashSet<u64>,
    /// The last position of each, in this partition.
    here: HashMap<u64, u64>,
}

impl Audit {
    fn read(&mut self, config: &RelayConfig, stop: &CancellationToken) -> Result<(), RelayError> {
        let consumer = consume::consumer(config)?;
        for topic in topics() {
            self.order = Keys::default();
            let name = config.topic(topic.name);
            let partitions = consume::partitions(&consumer, &name)?;
            if partitions.is_empty() && self.report.cursor > 0 {
                self.trouble(format!("there is no topic {name}"));
            }
            for partition in partitions {
                if partition.low > 0 {
                    self.report
                        .shortened
                        .push(format!("{name}/{}", partition.number));
                }
                consume::each(&consumer, &name, &partition, stop, |record| {
                    self.take(topic.name, record);
                })?;
                let here = std::mem::take(&mut self.order.here);
                self.order.elsewhere.extend(here.into_keys());
            }
        }
        Ok(())
    }

    fn take(&mut self, topic: &str, record: &BorrowedMessage<'_>) {
        use rdkafka::Message as _;
        self.report.records += 1;
        let place = format!("{topic}/{}@{}", record.partition(), record.offset());
        let payload = record.payload().unwrap_or_default();
        let read = match event_schemas::read(topic, payload, self.ids_are_ours) {
            Ok(read) => read,
            Err(error) => return self.trouble(format!("{place} cannot be read: {error}")),
        };
        let position: Option<u64> = header(record, POSITION_HEADER).and_then(|p| p.parse().ok());
        let id: Option<Uuid> = header(record, EVENT_ID_HEADER).and_then(|id| id.parse().ok());
        let (Some(position), Some(id)) = (position, id) else {
            return self.trouble(format!("{place} names no position or no event"));
        };
        if read.event_id() != Some(id) {
            self.trouble(format!(
                "{place} is event {id}, and says that it is another"
            ));
        }
        if position > self.head {
            return;
        }
        let key = expected::hash(record.key().unwrap_or_default());
        if self.order.elsewhere.contains(&key) {
            self.trouble(format!("{place}: its key is also on another partition"));
        }
        if !self.seen.add(position, id, key) {
            self.report.repeats += 1;
            return;
        }
        let resent = header(record, RESEND_HEADER).is_some();
        let last = self.order.here.entry(key).or_default();
        let before = *last;
        *last = before.max(position);
        if position < before && !resent {
            self.trouble(format!(
                "{place}: position {position} comes after {before} of its key"
            ));
        }
    }

    /// Everything up to the cursor is there, but for what Kafka refused; and nothing that the log has not.
    fn compare(&mut self, refused: &BTreeSet<u64>) {
        let cursor = self.report.cursor;
        let missing = self.expected.missing_from(&self.seen, cursor, refused);
        for position in missing.listed {
            self.trouble(format!("the event at {position} is not there"));
        }
        self.report.troubles += missing.more;
        for position in self.seen.beyond(&self.expected) {
            self.trouble(format!(
                "a record of position {position}: the log has no such public event"
            ));
        }
        for (from, to) in self.expected.differing(&self.seen) {
            self.trouble(format!(
                "records of positions {from} to {to} have other ids or keys than the log's events"
            ));
        }
    }

    fn trouble(&mut self, trouble: String) {
        self.report.troubles += 1;
        if self.report.listed.len() < LISTED_MAX {
            self.report.listed.push(trouble);
        }
    }
}
