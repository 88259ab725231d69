//! What can go wrong with a schema or a record.

/// Why the embedded schemas could not be read, or an event could not be encoded. Each is a defect of the
/// program, never of its input: the tests of this room read every schema and encode every event.
#[derive(Debug, thiserror::Error)]
pub enum SchemaError {
    /// The manifest is not the JSON that it should be.
    #[error("registry.json does not parse")]
    Manifest(#[source] serde_json::Error),
    /// The manifest names a file that is not part of the program.
    #[error("registry.json names {file}, which is not embedded")]
    NotEmbedded {
        /// The file, from this room's folder.
        file: String,
    },
    /// A schema that is not JSON.
    #[error("{file} is not JSON")]
    NotJson {
        /// The file, from this room's folder.
        file: String,
        /// Where it breaks.
        source: serde_json::Error,
    },
    /// A schema that Avro does not accept.
    #[error("{file} is not a schema")]
    NotASchema {
        /// The file, from this room's folder.
        file: String,
        /// What Avro says.
        source: Box<apache_avro::Error>,
    },
    /// No version of a topic's schema is in the manifest.
    #[error("{topic} has no schema")]
    NoSchema {
        /// The topic.
        topic: &'static str,
    },
    /// The embedded schemas could not be read when they were first needed.
    #[error("the embedded schemas cannot be used")]
    Embedded(#[source] &'static SchemaError),
    /// An event does not fit its schema.
    #[error("{event_type} does not fit the schema of {topic}")]
    DoesNotFit {
        /// The topic.
        topic: &'static str,
        /// The event's public name.
        event_type: &'static str,
        /// What Avro says.
        source: Box<apache_avro::Error>,
    },
}
