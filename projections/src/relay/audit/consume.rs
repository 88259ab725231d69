//! Reading a partition from its start to where it ends.

use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::message::BorrowedMessage;
use rdkafka::types::RDKafkaErrorCode;
use rdkafka::{Message as _, Offset, TopicPartitionList};
use tokio_util::sync::CancellationToken;

use super::super::config::RelayConfig;
use super::super::error::RelayError;
use super::super::producer::{Quiet, client_config};

/// The longest wait for an answer of the broker.
const TIMEOUT: Duration = Duration::from_secs(10);
/// How long one call may block: how soon a stop is noticed.
const POLL: Duration = Duration::from_millis(100);

/// A partition, from its first offset to the one after its last.
pub(super) struct Partition {
    pub(super) number: i32,
    pub(super) low: i64,
    high: i64,
}

pub(super) fn consumer(config: &RelayConfig) -> Result<BaseConsumer<Quiet>, RelayError> {
    let consumer = client_config(config)
        .set("group.id", format!("{}commerce-audit", config.topic_prefix))
        .set("enable.auto.commit", "false")
        .set("enable.auto.offset.store", "false")
        .create_with_context(Quiet)?;
    Ok(consumer)
}

/// The partitions of a topic; none when there is no such topic.
pub(super) fn partitions(
    consumer: &BaseConsumer<Quiet>,
    topic: &str,
) -> Result<Vec<Partition>, RelayError> {
    let metadata = consumer.fetch_metadata(Some(topic), TIMEOUT)?;
    let found = metadata.topics().iter().find(|found| found.name() == topic);
    let numbers: Vec<i32> = found
        .map(|found| found.partitions().iter().map(|p| p.id()).collect())
        .unwrap_or_default();
    let numbers = numbers.into_iter().map(|number| {
        let (low, high) = ends(consumer, topic, number)?;
        Ok(Partition { number, low, high })
    });
    numbers.collect()
}

/// The first offset of a partition and the one after its last. One that was just made, or whose broker was just
/// started, has no leader for a moment: it is asked again.
fn ends(
    consumer: &BaseConsumer<Quiet>,
    topic: &str,
    partition: i32,
) -> Result<(i64, i64), RelayError> {
    let asked = Instant::now();
    loop {
        match consumer.fetch_watermarks(topic, partition, TIMEOUT) {
            Err(error) if has_no_leader_yet(&error) && asked.elapsed() < TIMEOUT => {
                std::thread::sleep(POLL);
            }
            found => return Ok(found?),
        }
    }
}

fn has_no_leader_yet(error: &KafkaError) -> bool {
    matches!(
        error.rdkafka_error_code(),
        Some(RDKafkaErrorCode::NotLeaderForPartition | RDKafkaErrorCode::LeaderNotAvailable)
    )
}

/// Hands every record over, in order.
pub(super) fn each(
    consumer: &BaseConsumer<Quiet>,
    topic: &str,
    partition: &Partition,
    stop: &CancellationToken,
    mut take: impl FnMut(&BorrowedMessage<'_>),
) -> Result<(), RelayError> {
    let mut next = partition.low;
    if next >= partition.high {
        return Ok(());
    }
    let mut assignment = TopicPartitionList::new();
    assignment.add_partition_offset(topic, partition.number, Offset::Offset(next))?;
    consumer.assign(&assignment)?;
    let mut progressed = Instant::now();
    while next < partition.high {
        if stop.is_cancelled() {
            return Err(RelayError::Ended);
        }
        match consumer.poll(POLL) {
            // What an earlier assignment still had to say.
            Some(Ok(record))
                if record.partition() != partition.number || record.topic() != topic => {}
            Some(Ok(record)) => {
                progressed = Instant::now();
                next = record.offset() + 1;
                if record.offset() < partition.high {
                    take(&record);
                }
            }
            // librdkafka goes on by itself; patience ends.
            Some(Err(_)) | None if progressed.elapsed() < TIMEOUT => {}
            Some(Err(error)) => return Err(error.into()),
            None => {
                return Err(RelayError::TailTimeout {
                    seconds: TIMEOUT.as_secs(),
                });
            }
        }
    }
    consumer.unassign()?;
    Ok(())
}
