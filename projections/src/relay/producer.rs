//! The producer: idempotent, acknowledged by all replicas, its reports handed on as they come.

use std::time::Duration;

use rdkafka::client::ClientContext;
use rdkafka::config::{ClientConfig, RDKafkaLogLevel};
use rdkafka::consumer::ConsumerContext;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::DeliveryResult;
use rdkafka::producer::{BaseRecord, Producer as _, ProducerContext, ThreadedProducer};
use tokio::sync::mpsc;

use super::config::RelayConfig;
use super::error::RelayError;
use super::prepare::Record;

/// Records that wait in librdkafka, in kilobytes: bounds its memory.
const QUEUE_MAX_KB: u32 = 65_536;
/// Records that may wait beyond the window: a batch that was begun, and what is sent again.
const QUEUE_MARGIN_RECORDS: usize = 1_000;
/// How long librdkafka gathers records for one request.
const LINGER_MS: u32 = 5;

/// What became of a record.
#[derive(Debug)]
pub(super) struct Report {
    pub(super) sent: Sent,
    pub(super) outcome: Outcome,
}

/// Which record it was.
#[derive(Clone, Debug)]
pub(super) struct Sent {
    pub(super) position: u64,
    pub(super) topic: String,
    /// Whether it was sent again by an operator's wish.
    pub(super) resend: bool,
}

/// How it went.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Delivered,
    /// Kafka will never take this record.
    Refused(String),
    /// It may or may not have been delivered.
    Unknown(String),
}

/// A producer and its reports. It is to be ended with [`Producer::shut`], since
/// dropping it blocks.
pub(super) struct Producer {
    inner: ThreadedProducer<Reporter>,
}

impl Producer {
    pub(super) fn new(
        config: &RelayConfig,
    ) -> Result<(Self, mpsc::UnboundedReceiver<Report>), RelayError> {
        // Unbounded, yet bounded by the window: a report for each event under way.
        let (reports, receiver) = mpsc::unbounded_channel();
        let queue_max = config.in_flight_max.saturating_add(QUEUE_MARGIN_RECORDS);
        let inner = client_config_with(config, |client| {
            client
                .set("enable.idempotence", "true")
                .set("acks", "all")
                .set("compression.type", "lz4")
                // As Java's clients do, so that all find a key in the same partition.
                .set("partitioner", "murmur2_random")
                .set("linger.ms", LINGER_MS.to_string())
                // For as long as it takes: the broker knows a repeat of this producer's, so nothing is
                // doubled. To give up and send under a new producer's name would double what arrives late.
                .set("message.timeout.ms", "0")
                .set("queue.buffering.max.messages", queue_max.to_string())
                .set("queue.buffering.max.kbytes", QUEUE_MAX_KB.to_string());
        })
        .create_with_context(Reporter { reports })?;
        Ok((Self { inner }, receiver))
    }

    /// Hands a record over; `false` when the queue is full, and nothing happened.
    ///
    /// # Errors
    /// What became of the record, when that is known at once.
    pub(super) fn send(&self, record: &Record, resend: bool) -> Result<bool, Report> {
        let (position, topic) = (record.position, record.topic.clone());
        let sent = Sent {
            position,
            topic,
            resend,
        };
        let outgoing = BaseRecord::with_opaque_to(&record.topic, Box::new(sent))
            .key(&record.key)
            .payload(&record.payload)
            .timestamp(record.timestamp)
            .headers(record.headers.clone());
        match self.inner.send(outgoing) {
            Ok(()) => Ok(true),
            Err((error, _)) if error.rdkafka_error_code() == Some(RDKafkaErrorCode::QueueFull) => {
                Ok(false)
            }
            Err((error, refused)) => Err(Report {
                sent: *refused.delivery_opaque,
                outcome: failure(&error),
            }),
        }
    }

    /// Ends it, off the runtime's threads: what is under way is waited for that long, then given up.
    /// `true` when nothing had to be.
    pub(super) async fn shut(self, patience: Duration) -> bool {
        let shut = tokio::task::spawn_blocking(move || {
            self.inner.flush(patience).is_ok() && self.inner.in_flight_count() == 0
        });
        shut.await.unwrap_or(false)
    }
}

/// The settings that every client of the relay has.
pub(super) fn client_config(config: &RelayConfig) -> ClientConfig {
    client_config_with(config, |_| ())
}

fn client_config_with(
    config: &RelayConfig,
    settings: impl FnOnce(&mut ClientConfig),
) -> ClientConfig {
    let mut client = ClientConfig::new();
    client
        .set("bootstrap.servers", &config.brokers)
        .set("client.id", "commerce-relay");
    // Reconnecting is quick, so that a broker that is back is noticed at once.
    client.set("reconnect.backoff.max.ms", "1000");
    settings(&mut client);
    for (name, value) in &config.client_settings {
        client.set(name, value);
    }
    client
}

/// Hands delivery reports on, and librdkafka's own log to ours.
pub(super) struct Reporter {
    reports: mpsc::UnboundedSender<Report>,
}

impl ClientContext for Reporter {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        Quiet.log(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        Quiet.error(error, reason);
    }
}

impl ProducerContext for Reporter {
    type DeliveryOpaque = Box<Sent>;

    fn delivery(&self, result: &DeliveryResult<'_>, sent: Box<Sent>) {
        let outcome = match result {
            Ok(_) => Outcome::Delivered,
            Err((error, _)) => failure(error),
        };
        // Nobody listens any more when the session has ended: the next one reads the topics' ends.
        let _ = self.reports.send(Report {
            sent: *sent,
            outcome,
        });
    }
}

/// For clients that only ask: librdkafka repeats itself for as long as the broker is away, so its own
/// words are for debugging. Whatever matters ends the session and is reported there, once.
pub(super) struct Quiet;

impl ClientContext for Quiet {
    fn log(&self, _level: RDKafkaLogLevel, facility: &str, message: &str) {
        tracing::debug!(facility, "librdkafka: {message}");
    }

    fn error(&self, error: KafkaError, reason: &str) {
        tracing::debug!(error = %error, "librdkafka: {reason}");
    }
}

impl ConsumerContext for Quiet {}

/// Only what says something about the record itself is final; anything else may pass.
fn failure(error: &KafkaError) -> Outcome {
    match error.rdkafka_error_code() {
        Some(
            RDKafkaErrorCode::MessageSizeTooLarge
            | RDKafkaErrorCode::MessageBatchTooLarge
            | RDKafkaErrorCode::InvalidRecord
            | RDKafkaErrorCode::InvalidTimestamp
            | RDKafkaErrorCode::PolicyViolation,
        ) => Outcome::Refused(error.to_string()),
        _ => Outcome::Unknown(error.to_string()),
    }
}
