//! Why a session of the relay ended. None of these reaches a caller: the relay tries again.

use event_store::StoreError;
use rdkafka::error::KafkaError;

#[derive(Debug, thiserror::Error)]
pub(crate) enum RelayError {
    #[error("the database")]
    Database(#[from] sqlx::Error),
    #[error("the log")]
    Log(#[from] StoreError),
    #[error("Kafka")]
    Kafka(#[from] KafkaError),
    #[error("the topic {topic} could not be created: {code}")]
    Topic {
        topic: String,
        code: rdkafka::types::RDKafkaErrorCode,
    },
    #[error("a record was not delivered: {reason}")]
    NotDelivered { reason: String },
    #[error("the end of the topics could not be read within {seconds} s")]
    TailTimeout { seconds: u64 },
    #[error(
        "the topics hold more than {records} records beyond the cursor {cursor}: they belong to another \
         log, or the cursor was set back"
    )]
    TailTooLong { records: usize, cursor: u64 },
    #[error(
        "the topics hold another event at position {position} than the log: they belong to another log, or \
         the log lost its end. Nothing is sent until an operator decides: give the topics another prefix \
         (KAFKA_TOPIC_PREFIX), or remove them"
    )]
    AnotherLog { position: u64 },
    #[error("the embedded schemas")]
    Schemas(#[from] event_schemas::SchemaError),
    #[error("the schema registry")]
    Registry(#[from] reqwest::Error),
    #[error("the schema registry refused {subject} with {status}: {body}")]
    Refused {
        subject: String,
        status: u16,
        body: String,
    },
    #[error("another holder took the lease over, or it could not be renewed in time")]
    LeaseLost,
    #[error("a task of the relay ended before its time")]
    Ended,
    #[error("{what} is out of range")]
    OutOfRange { what: &'static str },
}

/// PostgreSQL has no unsigned integers.
pub(super) fn unsigned(value: i64) -> Result<u64, RelayError> {
    u64::try_from(value).map_err(|_| RelayError::OutOfRange { what: "a position" })
}

/// PostgreSQL has no unsigned integers.
pub(super) fn signed(value: u64) -> Result<i64, RelayError> {
    i64::try_from(value).map_err(|_| RelayError::OutOfRange { what: "a position" })
}
