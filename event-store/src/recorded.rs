//! An event as it stands in the log.

use std::fmt;
use std::sync::{Arc, OnceLock};

use chrono::{DateTime, Utc};
use domain::{DomainEvent, Recorded, UnknownEvent};
use serde::{Deserialize, Serialize};
use sqlx::Row;
use sqlx::postgres::PgRow;
use uuid::Uuid;

use crate::error::StoreError;

/// An event of the log, payload unparsed.
#[derive(Clone, Debug, PartialEq)]
pub struct RecordedEvent {
    /// Its place in the one total order, from 1.
    pub position: u64,
    /// The type of the aggregate that it belongs to.
    pub aggregate_type: String,
    /// The id of the aggregate that it belongs to.
    pub aggregate_id: String,
    /// Its number in that aggregate's stream, from 1.
    pub sequence: u64,
    /// Its stored name.
    pub event_type: String,
    /// Its stored version.
    pub event_version: String,
    /// Its JSON.
    pub payload: String,
    /// Who, when and why.
    pub metadata: Metadata,
    /// When it was written.
    pub recorded_at: DateTime<Utc>,
    pub(crate) parsed: Parsed,
}

/// What the payload says, parsed once for all who read it in this process.
#[derive(Clone, Default)]
pub(crate) struct Parsed(OnceLock<Arc<DomainEvent>>);

impl PartialEq for Parsed {
    /// It says nothing that the payload does not.
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl fmt::Debug for Parsed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.get().is_some() { "yes" } else { "no" })
    }
}

/// Who, when and why. Every value is a JSON string, as cqrs-es wants it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Metadata {
    /// The event's own id.
    pub event_id: Uuid,
    /// The command that caused it.
    pub command_id: Uuid,
    /// The whole that it belongs to.
    pub correlation_id: Uuid,
    /// The event that it follows from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub causation_id: Option<Uuid>,
    /// Who asked.
    pub principal: String,
    /// When the command was taken.
    pub occurred_at: DateTime<Utc>,
}

impl RecordedEvent {
    /// Gives the event its type back, lifting older versions.
    ///
    /// # Errors
    /// An event that this program does not know.
    pub fn event(&self) -> Result<Arc<DomainEvent>, UnknownEvent> {
        if let Some(event) = self.parsed.0.get() {
            return Ok(Arc::clone(event));
        }
        let event = DomainEvent::parse(
            &self.aggregate_type,
            &self.event_type,
            &self.event_version,
            &self.payload,
        )?;
        Ok(Arc::clone(self.parsed.0.get_or_init(|| Arc::new(event))))
    }

    /// The event with its type, and all that belongs to it.
    ///
    /// # Errors
    /// An event that this program does not know.
    pub fn decode(&self) -> Result<Recorded, UnknownEvent> {
        let event = DomainEvent::clone(self.event()?.as_ref());
        Ok(Recorded {
            position: self.position,
            event_id: self.metadata.event_id,
            aggregate_id: self.aggregate_id.clone(),
            sequence: self.sequence,
            occurred_at: self.metadata.occurred_at,
            event,
        })
    }

    /// Reads a row that has all columns of the log, payload and metadata as text.
    pub(crate) fn from_row(row: &PgRow) -> Result<Self, StoreError> {
        let metadata: String = row.try_get("metadata")?;
        Ok(Self {
            position: unsigned(row.try_get("position")?, "position")?,
            aggregate_type: row.try_get("aggregate_type")?,
            aggregate_id: row.try_get("aggregate_id")?,
            sequence: unsigned(row.try_get("sequence")?, "sequence")?,
            event_type: row.try_get("event_type")?,
            event_version: row.try_get("event_version")?,
            payload: row.try_get("payload")?,
            metadata: serde_json::from_str(&metadata).map_err(|source| {
                domain::StreamStateError::Malformed {
                    what: "an event's metadata".to_owned(),
                    source,
                }
            })?,
            recorded_at: row.try_get("recorded_at")?,
            parsed: Parsed::default(),
        })
    }
}

/// The id of a command's event number `index`, from 0. It follows from the command's, so that it is unique
/// because the command's is, and the same when the command is decided again (UUID version 5, RFC 9562).
#[must_use]
pub fn event_id(command_id: Uuid, index: usize) -> Uuid {
    Uuid::new_v5(&command_id, &index.to_be_bytes())
}

/// PostgreSQL has no unsigned integers.
pub(crate) fn unsigned(value: i64, what: &'static str) -> Result<u64, StoreError> {
    u64::try_from(value).map_err(|_| StoreError::OutOfRange { what })
}

/// PostgreSQL has no unsigned integers.
pub(crate) fn signed(value: u64, what: &'static str) -> Result<i64, StoreError> {
    i64::try_from(value).map_err(|_| StoreError::OutOfRange { what })
}
