//! From an event of the log to a record for Kafka.

use event_schemas::publish;
use event_store::{RecordedEvent, with_causes};
use rdkafka::message::{Header, OwnedHeaders};

use super::config::RelayConfig;
use super::schema_ids::SchemaIds;

/// The event's place in the log.
pub(super) const POSITION_HEADER: &str = "position";
/// The event's id: consumers know a repeat by it.
pub(super) const EVENT_ID_HEADER: &str = "event-id";
/// There on records that were sent again by an operator's wish, which stand out of order.
pub(super) const RESEND_HEADER: &str = "resend";

/// What becomes of an event.
pub(super) enum Prepared {
    /// It is sent.
    Record(Record),
    /// It is nobody's business.
    Private,
    /// It cannot be made into a record, now or ever.
    Unfit { topic: String, error: String },
}

/// A record, ready to be sent.
pub(super) struct Record {
    pub(super) position: u64,
    pub(super) topic: String,
    pub(super) key: String,
    pub(super) payload: Vec<u8>,
    pub(super) headers: OwnedHeaders,
    /// When the event was written, in milliseconds since the epoch.
    pub(super) timestamp: i64,
}

pub(super) fn prepare(
    event: &RecordedEvent,
    config: &RelayConfig,
    ids: &SchemaIds,
    resend: bool,
) -> Prepared {
    let unfit = |topic: &str, error: &dyn std::error::Error| Prepared::Unfit {
        topic: topic.to_owned(),
        error: with_causes(error),
    };
    let recorded = match event.decode() {
        Ok(recorded) => recorded,
        Err(error) => return unfit("", &error),
    };
    let Some(public) = publish(&recorded) else {
        return Prepared::Private;
    };
    let topic = config.topic(public.topic);
    let payload = match ids.of(public.topic).and_then(|id| public.encode(id)) {
        Ok(payload) => payload,
        Err(error) => return unfit(&topic, &error),
    };
    Prepared::Record(Record {
        position: event.position,
        topic,
        key: public.key,
        payload,
        headers: headers(event, resend),
        timestamp: event.recorded_at.timestamp_millis(),
    })
}

fn headers(event: &RecordedEvent, resend: bool) -> OwnedHeaders {
    let (position, sequence) = (event.position.to_string(), event.sequence.to_string());
    let (event_id, correlation_id) = (
        event.metadata.event_id.to_string(),
        event.metadata.correlation_id.to_string(),
    );
    let headers = OwnedHeaders::new_with_capacity(5)
        .insert(Header {
            key: POSITION_HEADER,
            value: Some(&position),
        })
        .insert(Header {
            key: EVENT_ID_HEADER,
            value: Some(&event_id),
        })
        .insert(Header {
            key: "correlation-id",
            value: Some(&correlation_id),
        })
        .insert(Header {
            key: "sequence",
            value: Some(&sequence),
        });
    if resend {
        return headers.insert(Header {
            key: RESEND_HEADER,
            value: Some("true"),
        });
    }
    headers
}
