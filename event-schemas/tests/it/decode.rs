//! What a consumer does with a record: look at its head, ask the registry for the schema, decode.

use apache_avro::Schema;
use apache_avro::reader::datum::GenericDatumReader;
use domain::Recorded;
use event_schemas::{PublicEvent, Registry, publish};
use serde_json::Value;

/// A record as a consumer has it.
pub(crate) struct Decoded {
    pub(crate) schema_id: u32,
    pub(crate) value: Value,
}

pub(crate) fn registry() -> &'static Registry {
    Registry::embedded().unwrap()
}

/// Publishes an event that must be public.
pub(crate) fn published(recorded: &Recorded) -> PublicEvent {
    publish(recorded).unwrap_or_else(|| panic!("{:?} is not public", recorded.event))
}

/// The bytes of a public event, under the embedded registry's id.
pub(crate) fn encoded(event: &PublicEvent) -> Vec<u8> {
    let id = registry().topic_schema_id(event.topic).unwrap();
    event.encode(id).unwrap()
}

/// Decodes with the schema that the record names.
pub(crate) fn decode(record: &[u8]) -> Decoded {
    decode_as(record, None)
}

/// Decodes with the schema that the record names, for a consumer that knows another one.
pub(crate) fn decode_as(record: &[u8], reader: Option<&Schema>) -> Decoded {
    assert_eq!(record[0], 0, "the magic byte");
    let schema_id = u32::from_be_bytes(record[1..5].try_into().unwrap());
    let writer = registry().by_id(schema_id).unwrap().avro();
    let datum = GenericDatumReader::builder(writer)
        .maybe_reader_schema(reader)
        .build()
        .unwrap();
    let mut rest = &record[5..];
    let value = datum.read_value(&mut rest).unwrap();
    assert!(rest.is_empty(), "{} bytes are left over", rest.len());
    Decoded {
        schema_id,
        value: Value::try_from(value).unwrap(),
    }
}

/// Publishes, encodes and decodes.
pub(crate) fn round_trip(recorded: &Recorded) -> Value {
    decode(&encoded(&published(recorded))).value
}
