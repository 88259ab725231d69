//! Records as bytes.

use std::collections::HashMap;
use std::sync::LazyLock;

use apache_avro::writer::datum::GenericDatumWriter;

use crate::error::SchemaError;
use crate::publish::Value;
use crate::registry::Registry;
use crate::topics::topics;

/// The first byte of Confluent's wire format.
const MAGIC: u8 = 0;

/// What most records fit into, so that a buffer seldom grows.
const RECORD_TYPICAL_BYTES: usize = 512;

type Writers = HashMap<&'static str, GenericDatumWriter<'static>>;

/// A writer a topic, made once: parsing and resolving a schema costs a thousand times what a record does.
static WRITERS: LazyLock<Result<Writers, SchemaError>> = LazyLock::new(writers);

fn writers() -> Result<Writers, SchemaError> {
    let registry = Registry::embedded().map_err(SchemaError::Embedded)?;
    topics()
        .iter()
        .map(|topic| {
            let registered = registry.topic_schema(topic.name)?;
            // Human readable, because ids travel as text.
            let writer = GenericDatumWriter::builder(registered.avro())
                .human_readable(true)
                .build()
                .map_err(|source| SchemaError::NotASchema {
                    file: registered.subject().to_owned(),
                    source: Box::new(source),
                })?;
            Ok((topic.name, writer))
        })
        .collect()
}

pub(crate) fn encode(
    topic: &'static str,
    event_type: &'static str,
    value: &Value,
    schema_id: u32,
) -> Result<Vec<u8>, SchemaError> {
    let writer = WRITERS
        .as_ref()
        .map_err(SchemaError::Embedded)?
        .get(topic)
        .ok_or(SchemaError::NoSchema { topic })?;
    let mut bytes = Vec::with_capacity(RECORD_TYPICAL_BYTES);
    bytes.push(MAGIC);
    bytes.extend_from_slice(&schema_id.to_be_bytes());
    writer
        .write_ser(&mut bytes, value)
        .map_err(|source| SchemaError::DoesNotFit {
            topic,
            event_type,
            source: Box::new(source),
        })?;
    Ok(bytes)
}
