//! The stream as a consumer sees it, for the verbs that show or count it.

use std::collections::BTreeMap;
use std::time::Duration;

use event_schemas::{ReadRecord, topics};
use platform::config::Env;
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::{BorrowedMessage, Headers, Message};
use rdkafka::{Offset, TopicPartitionList};
use serde_json::Value;

use crate::error::CommerceError;

/// The longest wait for the broker.
const TIMEOUT: Duration = Duration::from_secs(20);

/// Where the stream is.
#[derive(Clone, Debug)]
pub(crate) struct StreamConfig {
    brokers: Option<String>,
    topic_prefix: String,
}

impl StreamConfig {
    /// Reads it.
    pub(crate) fn read(env: &Env) -> Self {
        Self {
            brokers: env.optional(
                "KAFKA_BROKERS",
                "localhost:9092",
                "Kafka's bootstrap servers.",
            ),
            topic_prefix: env.text(
                "KAFKA_TOPIC_PREFIX",
                "",
                "What the topics' names begin with.",
            ),
        }
    }

    /// Whether there is one.
    pub(crate) fn is_set(&self) -> bool {
        self.brokers.is_some()
    }
}

/// A record, decoded.
pub(crate) struct Record {
    pub(crate) position: u64,
    pub(crate) topic: String,
    pub(crate) key: String,
    pub(crate) value: Value,
}

/// Reads every topic up to where it ends now, from the start or only the newest records of each
/// partition. Blocks: call it where that is allowed.
pub(crate) fn read(
    config: &StreamConfig,
    newest_each: Option<i64>,
    mut on_record: impl FnMut(Record),
) -> Result<(), CommerceError> {
    let consumer: BaseConsumer = ClientConfig::new()
        .set(
            "bootstrap.servers",
            config.brokers.as_deref().unwrap_or_default(),
        )
        // Named, as the library asks; nothing is ever stored under it.
        .set("group.id", "commerce-reader")
        .set("enable.auto.commit", "false")
        .create()?;
    let mut missing = assign(&consumer, config, newest_each)?;
    while !missing.is_empty() {
        let message = consumer
            .poll(TIMEOUT)
            .ok_or(CommerceError::StreamSilent)??;
        let place = (message.topic().to_owned(), message.partition());
        on_record(decoded(config, &message)?);
        if let Some(count) = missing.get_mut(&place) {
            *count -= 1;
            if *count <= 0 {
                missing.remove(&place);
            }
        }
    }
    Ok(())
}

/// How many records are to come, by topic and partition.
type Missing = BTreeMap<(String, i32), i64>;

fn assign(
    consumer: &BaseConsumer,
    config: &StreamConfig,
    newest_each: Option<i64>,
) -> Result<Missing, CommerceError> {
    let mut missing = Missing::new();
    let mut assignment = TopicPartitionList::new();
    for topic in topics() {
        let name = format!("{}{}", config.topic_prefix, topic.name);
        let metadata = consumer.fetch_metadata(Some(&name), TIMEOUT)?;
        for partition in metadata
            .topics()
            .iter()
            .flat_map(|topic| topic.partitions())
        {
            let number = partition.id();
            let (low, high) = consumer.fetch_watermarks(&name, number, TIMEOUT)?;
            let from = newest_each.map_or(low, |newest| low.max(high - newest));
            if high > from {
                assignment.add_partition_offset(&name, number, Offset::Offset(from))?;
                missing.insert((name.clone(), number), high - from);
            }
        }
    }
    consumer.assign(&assignment)?;
    Ok(missing)
}

fn decoded(config: &StreamConfig, message: &BorrowedMessage<'_>) -> Result<Record, CommerceError> {
    let topic = message.topic();
    let topic = topic.strip_prefix(&config.topic_prefix).unwrap_or(topic);
    let topic = topic.to_owned();
    let position = position(message).unwrap_or_default();
    let undecodable = || CommerceError::Undecodable {
        topic: message.topic().to_owned(),
        position,
    };
    let payload = message.payload().ok_or_else(undecodable)?;
    let value = event_schemas::read(&topic, payload, true)
        .ok()
        .and_then(ReadRecord::into_json)
        .ok_or_else(undecodable)?;
    let key = String::from_utf8_lossy(message.key().unwrap_or_default()).into_owned();
    Ok(Record {
        position,
        topic,
        key,
        value,
    })
}

fn position(message: &BorrowedMessage<'_>) -> Option<u64> {
    let headers = message.headers()?;
    let header = headers.iter().find(|header| header.key == "position")?;
    std::str::from_utf8(header.value?).ok()?.parse().ok()
}
