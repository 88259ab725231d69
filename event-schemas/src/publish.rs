//! From a recorded event to what consumers are told.

use domain::{DomainEvent, Recorded};
use serde::Serialize;
use uuid::Uuid;

use crate::error::SchemaError;
use crate::language::{Body, coupon, inventory, order, payment, payment_method, points, product};
use crate::wire;

/// A record for the stream.
#[derive(Clone, Debug)]
pub struct PublicEvent {
    /// Where it goes.
    pub topic: &'static str,
    /// The aggregate's id: what concerns one aggregate stays in one partition, in order.
    pub key: String,
    /// Its public name, as `ORDER_CREATED`.
    pub event_type: &'static str,
    value: Value,
}

/// The record itself: three fields that each has, then its own.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Value {
    /// Repeated deliveries carry the same one.
    event_id: Uuid,
    event_type: &'static str,
    /// Milliseconds since the epoch.
    timestamp: i64,
    #[serde(flatten)]
    body: Body,
}

/// The stored names of the events that are nobody's business, for whoever looks at many and must not parse
/// them: a test holds them against [`publish`].
pub const PRIVATE_EVENT_TYPES: [&str; 7] = [
    "OrderPaymentStarted",
    "PaymentInquiryRequested",
    "PaymentMethodRequested",
    "PaymentMethodRegistrationDelayed",
    "PaymentMethodRegistrationFailed",
    "PaymentMethodErasureDelayed",
    "PaymentMethodErased",
];

/// What the outside world is told about an event; `None` when it is nobody's business. The same event
/// always gives the same record.
#[must_use]
pub fn publish(recorded: &Recorded) -> Option<PublicEvent> {
    let id = recorded.aggregate_id.as_str();
    let (event_type, body) = match &recorded.event {
        DomainEvent::Order(event) => order::translate(id, event)?,
        DomainEvent::Inventory(event) => inventory::translate(id, event),
        DomainEvent::CouponPool(event) => coupon::translate(id, event),
        DomainEvent::Payment(event) => payment::translate(id, event)?,
        DomainEvent::PaymentMethod(event) => payment_method::translate(id, event)?,
        DomainEvent::Points(event) => points::translate(id, event),
        DomainEvent::Product(event) => product::translate(id, event),
    };
    Some(PublicEvent {
        topic: body.topic(),
        key: recorded.aggregate_id.clone(),
        event_type,
        value: Value {
            event_id: recorded.event_id,
            event_type,
            timestamp: recorded.occurred_at.timestamp_millis(),
            body,
        },
    })
}

impl PublicEvent {
    /// The record's bytes in Confluent's wire format: a zero byte, the schema's id in four bytes, most
    /// significant first, and the Avro datum.
    ///
    /// The datum is written with the newest embedded schema of the topic; `schema_id` is that schema's id
    /// in the registry that the consumers ask: [`Registry::topic_schema_id`](crate::Registry::topic_schema_id)
    /// for the embedded one.
    ///
    /// # Errors
    /// The event does not fit its schema, or the embedded schemas cannot be read: defects of the program.
    pub fn encode(&self, schema_id: u32) -> Result<Vec<u8>, SchemaError> {
        wire::encode(self.topic, self.event_type, &self.value, schema_id)
    }
}
