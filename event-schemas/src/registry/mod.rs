//! The schemas with their ids: an embedded Schema Registry, for reading.
//!
//! Ids and versions stand in `registry.json`, which only ever grows: a record in Kafka names its schema by
//! id, so an id means the same schema for as long as any record lives.

mod answer;
mod files;
mod minify;

pub use answer::PATH_ROOTS;

use std::collections::BTreeSet;
use std::sync::LazyLock;

use apache_avro::Schema;
use serde::Deserialize;

use crate::error::SchemaError;

/// What a new version must be to the one before: a consumer with the new schema reads old records.
pub const COMPATIBILITY: &str = "BACKWARD";

/// The media type of every answer.
pub const CONTENT_TYPE: &str = "application/vnd.schemaregistry.v1+json";

/// Every schema that was ever published.
pub struct Registry {
    /// In the manifest's order: by id.
    schemas: Vec<Registered>,
}

/// One version of a subject's schema.
pub struct Registered {
    subject: String,
    version: u32,
    id: u32,
    text: String,
    json: serde_json::Value,
    avro: Schema,
}

/// Which version of a subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// The newest.
    Latest,
    /// This one, from 1.
    Number(u32),
}

/// A line of `registry.json`.
#[derive(Deserialize)]
struct Line {
    id: u32,
    subject: String,
    version: u32,
    file: String,
}

static EMBEDDED: LazyLock<Result<Registry, SchemaError>> = LazyLock::new(Registry::read_embedded);

impl Registry {
    /// The registry of this program, read once.
    ///
    /// # Errors
    /// The manifest or a schema is broken: a defect of the build.
    pub fn embedded() -> Result<&'static Self, &'static SchemaError> {
        EMBEDDED.as_ref()
    }

    fn read_embedded() -> Result<Self, SchemaError> {
        let lines: Vec<Line> =
            serde_json::from_str(files::MANIFEST).map_err(SchemaError::Manifest)?;
        let schemas = lines.into_iter().map(register).collect::<Result<_, _>>()?;
        Ok(Self { schemas })
    }

    /// The names of all subjects, sorted. A topic's is `{topic}-value`.
    #[must_use]
    pub fn subjects(&self) -> Vec<&str> {
        let subjects: BTreeSet<_> = self.schemas.iter().map(|s| s.subject.as_str()).collect();
        subjects.into_iter().collect()
    }

    /// The versions of a subject, ascending; none when there is no such subject.
    #[must_use]
    pub fn versions(&self, subject: &str) -> Vec<u32> {
        let mut versions: Vec<_> = self.of(subject).map(Registered::version).collect();
        versions.sort_unstable();
        versions
    }

    /// One version of a subject.
    #[must_use]
    pub fn schema(&self, subject: &str, version: Version) -> Option<&Registered> {
        match version {
            Version::Latest => self.of(subject).max_by_key(|s| s.version),
            Version::Number(number) => self.of(subject).find(|s| s.version == number),
        }
    }

    /// Every version of every schema.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Registered> {
        self.schemas.iter()
    }

    /// The schema that a record names by this id.
    #[must_use]
    pub fn by_id(&self, id: u32) -> Option<&Registered> {
        self.schemas.iter().find(|s| s.id == id)
    }

    /// The id of the schema that a topic's records are written with.
    ///
    /// # Errors
    /// The topic has no schema.
    pub fn topic_schema_id(&self, topic: &'static str) -> Result<u32, SchemaError> {
        self.topic_schema(topic).map(Registered::id)
    }

    pub(crate) fn topic_schema(&self, topic: &'static str) -> Result<&Registered, SchemaError> {
        self.schema(&format!("{topic}-value"), Version::Latest)
            .ok_or(SchemaError::NoSchema { topic })
    }

    fn of(&self, subject: &str) -> impl Iterator<Item = &Registered> {
        self.schemas.iter().filter(move |s| s.subject == subject)
    }
}

impl Registered {
    /// The subject that it is a version of.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// Its version, from 1.
    #[must_use]
    pub fn version(&self) -> u32 {
        self.version
    }

    /// Its id, unique in the registry.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.id
    }

    /// The schema as JSON without needless white space. Documentation and defaults are kept: a reader
    /// needs the defaults.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The schema as a JSON value.
    pub(crate) fn json(&self) -> &serde_json::Value {
        &self.json
    }

    /// The schema as Avro's own type.
    #[must_use]
    pub fn avro(&self) -> &Schema {
        &self.avro
    }
}

fn register(line: Line) -> Result<Registered, SchemaError> {
    let Line {
        id,
        subject,
        version,
        file,
    } = line;
    let Some((_, content)) = files::FILES.iter().find(|(path, _)| *path == file) else {
        return Err(SchemaError::NotEmbedded { file });
    };
    let not_a_schema = |source| SchemaError::NotASchema {
        file: file.clone(),
        source: Box::new(source),
    };
    let avro = Schema::parse_str(content).map_err(not_a_schema)?;
    let json = serde_json::from_str(content).map_err(|source| SchemaError::NotJson {
        file: file.clone(),
        source,
    })?;
    Ok(Registered {
        subject,
        version,
        id,
        text: minify::minify(content),
        json,
        avro,
    })
}
