//! Reads the ends of the topics: what was delivered before the cursor could be written.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use event_schemas::topics;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{BorrowedMessage, Headers, Message};
use rdkafka::{Offset, TopicPartitionList};
use tokio_util::sync::CancellationToken;

use super::config::RelayConfig;
use super::error::RelayError;
use super::prepare::{EVENT_ID_HEADER, POSITION_HEADER, RESEND_HEADER};
use super::producer::{Quiet, client_config};
use super::tail_plan::{Delivered, PartitionTail, Seen};

/// How long reading may make no progress before the broker counts as away.
const PATIENCE_S: u64 = 15;
/// How long one call may block: how soon a stop is noticed.
const POLL_MS: u64 = 100;
/// How long one question may take.
const ASK_MS: u64 = 2_000;
/// Positions that are remembered; far more than can be under way at once.
const BEYOND_MAX: usize = 1_000_000;

type TailConsumer = BaseConsumer<Quiet>;
type Partitions = HashMap<(String, i32), PartitionTail>;

/// What the topics hold beyond the cursor.
pub(super) async fn read(
    config: &RelayConfig,
    cursor: u64,
    stop: &CancellationToken,
) -> Result<Delivered, RelayError> {
    let (config, stop) = (config.clone(), stop.clone());
    // librdkafka's calls block.
    tokio::task::spawn_blocking(move || read_blocking(&config, cursor, &stop))
        .await
        .map_err(|_| RelayError::Ended)?
}

fn read_blocking(
    config: &RelayConfig,
    cursor: u64,
    stop: &CancellationToken,
) -> Result<Delivered, RelayError> {
    let consumer: TailConsumer = client_config(config)
        .set("group.id", format!("{}commerce-relay", config.topic_prefix))
        .set("enable.auto.commit", "false")
        .set("auto.offset.reset", "earliest")
        .create_with_context(Quiet)?;
    let mut partitions = ends(&consumer, config, stop)?;
    let mut delivered = Delivered::new(cursor);
    loop {
        for partition in partitions
            .values_mut()
            .filter(|p| p.is_read() && !p.is_done())
        {
            partition.look_further();
        }
        if partitions.values().all(PartitionTail::is_done) {
            return Ok(delivered);
        }
        read_round(&consumer, &mut partitions, &mut delivered, stop)?;
    }
}

/// Where each partition begins and ends.
fn ends(
    consumer: &TailConsumer,
    config: &RelayConfig,
    stop: &CancellationToken,
) -> Result<Partitions, RelayError> {
    let deadline = Instant::now() + Duration::from_secs(PATIENCE_S);
    let mut partitions = Partitions::new();
    for topic in topics() {
        let name = config.topic(topic.name);
        let count = partition_count(consumer, &name, deadline, stop)?;
        for partition in 0..count {
            let (low, high) = retried(deadline, stop, |timeout| {
                consumer.fetch_watermarks(&name, partition, timeout)
            })?;
            partitions.insert((name.clone(), partition), PartitionTail::new(low, high));
        }
    }
    Ok(partitions)
}

fn partition_count(
    consumer: &TailConsumer,
    topic: &str,
    deadline: Instant,
    stop: &CancellationToken,
) -> Result<i32, RelayError> {
    let count = retried(deadline, stop, |timeout| {
        let metadata = consumer.fetch_metadata(Some(topic), timeout)?;
        let found = metadata.topics().iter().find(|found| found.name() == topic);
        match found.map(|found| found.partitions().len()) {
            // A topic that was created a moment ago is not known everywhere yet.
            None | Some(0) => Err(KafkaError::MetadataFetch(RDKafkaErrorCode::UnknownTopic)),
            Some(count) => Ok(count),
        }
    })?;
    i32::try_from(count).map_err(|_| RelayError::OutOfRange {
        what: "a number of partitions",
    })
}

/// Asks until there is an answer, or for long enough.
fn retried<T>(
    deadline: Instant,
    stop: &CancellationToken,
    ask: impl Fn(Duration) -> Result<T, KafkaError>,
) -> Result<T, RelayError> {
    loop {
        match ask(Duration::from_millis(ASK_MS)) {
            Ok(answer) => return Ok(answer),
            Err(error) if Instant::now() >= deadline || stop.is_cancelled() => {
                return Err(error.into());
            }
            Err(_) => std::thread::sleep(Duration::from_millis(POLL_MS)),
        }
    }
}

/// Reads every partition that is not done from its start to its end.
fn read_round(
    consumer: &TailConsumer,
    partitions: &mut Partitions,
    delivered: &mut Delivered,
    stop: &CancellationToken,
) -> Result<(), RelayError> {
    let mut assignment = TopicPartitionList::new();
    for ((topic, number), partition) in partitions.iter().filter(|(_, p)| !p.is_done()) {
        let start = Offset::Offset(partition.start());
        assignment.add_partition_offset(topic, *number, start)?;
    }
    consumer.assign(&assignment)?;
    let patience = Duration::from_secs(PATIENCE_S);
    let mut progressed = Instant::now();
    while !partitions.values().all(PartitionTail::is_read) {
        if stop.is_cancelled() {
            return Err(RelayError::Ended);
        }
        match consumer.poll(Duration::from_millis(POLL_MS)) {
            Some(Ok(record)) => {
                progressed = Instant::now();
                let key = (record.topic().to_owned(), record.partition());
                if let Some(partition) = partitions.get_mut(&key) {
                    delivered.see(partition, seen(&record));
                }
                if delivered.beyond.len() > BEYOND_MAX {
                    let cursor = delivered.cursor();
                    return Err(RelayError::TailTooLong {
                        records: BEYOND_MAX,
                        cursor,
                    });
                }
            }
            // librdkafka goes on by itself; patience ends.
            Some(Err(_)) | None if progressed.elapsed() < patience => {}
            Some(Err(error)) => return Err(error.into()),
            None => {
                return Err(RelayError::TailTimeout {
                    seconds: PATIENCE_S,
                });
            }
        }
    }
    consumer.unassign()?;
    Ok(())
}

fn seen(record: &BorrowedMessage<'_>) -> Seen {
    Seen {
        offset: record.offset(),
        position: header(record, POSITION_HEADER).and_then(|position| position.parse().ok()),
        event_id: header(record, EVENT_ID_HEADER).and_then(|id| id.parse().ok()),
        resent: header(record, RESEND_HEADER).is_some(),
    }
}

/// A header's text.
pub(super) fn header<'a>(record: &'a BorrowedMessage<'_>, name: &str) -> Option<&'a str> {
    let header = record.headers()?.iter().find(|header| header.key == name)?;
    std::str::from_utf8(header.value?).ok()
}
