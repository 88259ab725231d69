//! The published language: what the shop tells the outside world, over Kafka, as Avro.
//!
//! The events of `domain` are a storage format and change with the rules; the events here are a contract
//! with consumers that nobody here knows. [`publish`] translates the one into the other by an exhaustive
//! match, so that a new event does not compile until somebody has decided whether it is public.
//! [`Registry`] holds the schemas with their ids and answers as Confluent's Schema Registry does;
//! [`topics`] is the catalogue. How to add an event or a version: `README.md`.

mod error;
mod language;
mod publish;
mod read;
mod registry;
mod topics;
mod wire;

pub use error::SchemaError;
pub use publish::{PRIVATE_EVENT_TYPES, PublicEvent, publish};
pub use read::{ReadError, ReadRecord, read};
pub use registry::{COMPATIBILITY, CONTENT_TYPE, PATH_ROOTS, Registered, Registry, Version};
pub use topics::{Topic, topics};
