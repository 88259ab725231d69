//! From the bytes of a record back to what they say, for whoever checks the stream.

use std::collections::HashMap;
use std::sync::LazyLock;

use apache_avro::reader::datum::GenericDatumReader;
use apache_avro::types::Value;
use uuid::Uuid;

use crate::error::SchemaError;
use crate::registry::Registry;

/// The wire format's first bytes: a zero and the schema's id.
const PREFIX_BYTES: usize = 5;

/// A record that could be read.
#[derive(Debug)]
pub struct ReadRecord {
    fields: Vec<(String, Value)>,
}

/// Why a record cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// It does not begin as Confluent's wire format says.
    #[error("it is not in Confluent's wire format")]
    NotInWireFormat,
    /// The schema that it names is not one of its topic.
    #[error("it names schema {id}, which is not one of {topic}")]
    AnotherSchema {
        /// The id that it names.
        id: u32,
        /// The topic that it was found in.
        topic: String,
    },
    /// Its bytes are not what its schema says.
    #[error("its bytes do not fit its schema")]
    DoesNotFit(#[source] Box<apache_avro::Error>),
    /// Bytes are left over, or it has no fields.
    #[error("its bytes are not one record")]
    NotOneRecord,
    /// The schemas of the program are broken.
    #[error(transparent)]
    Schemas(#[from] SchemaError),
}

type Readers = HashMap<u32, GenericDatumReader<'static>>;

/// A reader a schema, made once: resolving a schema costs a thousand times what a record does.
static READERS: LazyLock<Result<Readers, SchemaError>> = LazyLock::new(readers);

fn readers() -> Result<Readers, SchemaError> {
    let registry = Registry::embedded().map_err(SchemaError::Embedded)?;
    let readers = registry.all().map(|registered| {
        let reader = GenericDatumReader::builder(registered.avro()).build();
        let reader = reader.map_err(|source| SchemaError::NotASchema {
            file: registered.subject().to_owned(),
            source: Box::new(source),
        })?;
        Ok((registered.id(), reader))
    });
    readers.collect()
}

/// Reads a record of a topic (named without any prefix) by the embedded schema that its id names. A record
/// whose ids are another registry's (`ids_are_ours` is false) is read by any of the topic's schemas.
///
/// # Errors
/// It is not a record of this topic.
pub fn read(topic: &str, record: &[u8], ids_are_ours: bool) -> Result<ReadRecord, ReadError> {
    let (prefix, datum) = record
        .split_at_checked(PREFIX_BYTES)
        .ok_or(ReadError::NotInWireFormat)?;
    let id = match prefix {
        [0, id @ ..] => id.try_into().map(u32::from_be_bytes).ok(),
        _ => None,
    };
    let id = id.ok_or(ReadError::NotInWireFormat)?;
    let registry = Registry::embedded().map_err(SchemaError::Embedded)?;
    let subject = format!("{topic}-value");
    let mut result = Err(ReadError::AnotherSchema {
        id,
        topic: topic.to_owned(),
    });
    for registered in registry.all().filter(|one| one.subject() == subject) {
        if ids_are_ours && registered.id() != id {
            continue;
        }
        result = read_datum(registered.id(), datum);
        if result.is_ok() {
            break;
        }
    }
    result
}

fn read_datum(id: u32, mut datum: &[u8]) -> Result<ReadRecord, ReadError> {
    let readers = READERS.as_ref().map_err(SchemaError::Embedded)?;
    let reader = readers.get(&id).ok_or(ReadError::NotInWireFormat)?;
    let value = reader
        .read_value(&mut datum)
        .map_err(|error| ReadError::DoesNotFit(Box::new(error)))?;
    match value {
        Value::Record(fields) if datum.is_empty() => Ok(ReadRecord { fields }),
        _ => Err(ReadError::NotOneRecord),
    }
}

impl ReadRecord {
    /// The event's own id.
    #[must_use]
    pub fn event_id(&self) -> Option<Uuid> {
        let (_, value) = self.fields.iter().find(|(name, _)| name == "event_id")?;
        match value {
            Value::Uuid(id) => Some(*id),
            Value::String(id) => id.parse().ok(),
            _ => None,
        }
    }

    /// All of it, as JSON; `None` for what JSON cannot say.
    #[must_use]
    pub fn into_json(self) -> Option<serde_json::Value> {
        Value::Record(self.fields).try_into().ok()
    }
}
