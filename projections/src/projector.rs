//! What a projector is.

use std::fmt::Display;
use std::str::FromStr;
use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use domain::{DomainEvent, UnknownEvent};
use event_store::RecordedEvent;

use crate::error::ProjectionError;
use crate::memory::Tables;

/// Folds events into the rows of its tables, and does nothing else: the same events always make the same
/// rows, in batches of any size. That is what makes a rebuild comparable and a repeat harmless.
#[async_trait]
pub(crate) trait Projector: Send + Sync {
    /// Its name: part of its schemas' names and of the public contract.
    fn name(&self) -> &'static str;

    /// Raise it whenever the tables or the rows that events make of them change: the program then leaves
    /// the live generation alone until it is rebuilt.
    fn version(&self) -> i32;

    /// The types of the events that it wants; others only move its checkpoint.
    fn wants(&self) -> &'static [&'static str];

    /// Its tables and indexes, without a schema in their names.
    fn schema(&self) -> &'static str;

    /// The tables that queries may see, and the inner ones.
    fn tables(&self) -> &'static [Table];

    /// Takes in the next events that it wants, in order. Either all of them take effect or none: the
    /// caller rolls back on an error.
    async fn apply(&self, tables: &mut Tables<'_>, events: &[Event])
    -> Result<(), ProjectionError>;
}

/// A table of a projector.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Table {
    pub(crate) name: &'static str,
    /// Whether a view in `read_model` shows it.
    pub(crate) public: bool,
}

impl Table {
    pub(crate) const fn public(name: &'static str) -> Self {
        Self { name, public: true }
    }

    pub(crate) const fn inner(name: &'static str) -> Self {
        Self {
            name,
            public: false,
        }
    }
}

/// An event with its type back on. Cheap to clone.
#[derive(Clone)]
pub struct Event {
    pub(crate) stored: Arc<RecordedEvent>,
    pub(crate) event: Arc<DomainEvent>,
}

impl Event {
    pub(crate) fn decode(stored: Arc<RecordedEvent>) -> Result<Self, UnknownEvent> {
        let event = stored.event()?;
        Ok(Self { stored, event })
    }

    /// An event that was decoded before.
    #[must_use]
    pub fn decoded(stored: Arc<RecordedEvent>, event: Arc<DomainEvent>) -> Self {
        Self { stored, event }
    }

    /// When the command that caused it was taken.
    pub(crate) fn at(&self) -> DateTime<Utc> {
        self.stored.metadata.occurred_at
    }

    /// The id of its aggregate, as the type that it is.
    pub(crate) fn id<T: FromStr<Err: Display>>(&self) -> Result<T, ProjectionError> {
        let id = &self.stored.aggregate_id;
        id.parse()
            .map_err(|error| ProjectionError::Poison(format!("the id {id}: {error}")))
    }

    /// Its number in its aggregate's stream.
    pub(crate) fn version(&self) -> Result<i64, ProjectionError> {
        crate::error::signed(self.stored.sequence, "a sequence")
    }

    pub(crate) fn position(&self) -> Result<i64, ProjectionError> {
        crate::error::signed(self.stored.position, "a position")
    }
}

/// What waits when an event cannot be taken in: the stream that it belongs to.
pub(crate) fn key(stored: &RecordedEvent) -> String {
    format!("{}/{}", stored.aggregate_type, stored.aggregate_id)
}

/// An event whose row is not there: an earlier event of its stream is missing.
pub(crate) fn missing(what: &'static str, id: impl Display) -> ProjectionError {
    ProjectionError::Poison(format!("there is no {what} {id}"))
}
