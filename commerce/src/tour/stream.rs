//! Reading a stretch of the stream back, as any consumer would.

use std::io::Cursor;
use std::time::{Duration, Instant};

use apache_avro::from_avro_datum;
use event_schemas::{Registry, topics};
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::{BorrowedMessage, Headers, Message};

use crate::error::CommerceError;

/// The wire format's first bytes: a zero and the schema's id.
const WIRE_PREFIX_BYTES: usize = 5;

/// A record, decoded.
pub(super) struct Record {
    pub(super) position: u64,
    pub(super) topic: String,
    pub(super) key: String,
    pub(super) value: String,
}

/// The records of the events after one position up to another, in order. Waits for them, bounded.
pub(super) fn records(
    brokers: &str,
    after: u64,
    last: u64,
    patience: Duration,
) -> Result<Vec<Record>, CommerceError> {
    let consumer: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", brokers)
        // A group of its own that is never stored: every visitor reads from the start.
        .set("group.id", format!("tour-{}", uuid::Uuid::now_v7().simple()))
        .set("enable.auto.commit", "false")
        .set("auto.offset.reset", "earliest")
        .create()?;
    let names: Vec<&str> = topics().iter().map(|topic| topic.name).collect();
    consumer.subscribe(&names)?;
    let started = Instant::now();
    let mut records = Vec::new();
    let mut seen_last = false;
    // A little silence after the last event shows that nothing of the stretch is still under way.
    while started.elapsed() < patience {
        match consumer.poll(Duration::from_millis(500)) {
            Some(message) => {
                let message = message?;
                let Some(position) = position(&message) else { continue };
                seen_last |= position >= last;
                if position > after && position <= last {
                    records.push(decoded(&message, position)?);
                }
            }
            None if seen_last || !records.is_empty() => break,
            None => {}
        }
    }
    records.sort_by_key(|record| record.position);
    Ok(records)
}

fn position(message: &BorrowedMessage<'_>) -> Option<u64> {
    let headers = message.headers()?;
    let header = headers.iter().find(|header| header.key == "position")?;
    std::str::from_utf8(header.value?).ok()?.parse().ok()
}

fn decoded(message: &BorrowedMessage<'_>, position: u64) -> Result<Record, CommerceError> {
    let topic = message.topic().to_owned();
    let undecodable = || CommerceError::Undecodable { topic: message.topic().to_owned(), position };
    let payload = message.payload().ok_or_else(undecodable)?;
    let (prefix, datum) = payload.split_at_checked(WIRE_PREFIX_BYTES).ok_or_else(undecodable)?;
    let id = prefix.get(1..).and_then(|id| id.try_into().ok()).map(u32::from_be_bytes);
    let registry = Registry::embedded().map_err(CommerceError::Schemas)?;
    let schema = id.and_then(|id| registry.by_id(id)).ok_or_else(undecodable)?;
    let value = from_avro_datum(schema.avro(), &mut Cursor::new(datum), None)
        .ok()
        .and_then(|value| serde_json::Value::try_from(value).ok())
        .ok_or_else(undecodable)?;
    let key = String::from_utf8_lossy(message.key().unwrap_or_default()).into_owned();
    Ok(Record { position, topic, key, value: value.to_string() })
}
