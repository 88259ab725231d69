//! The rows that the append function takes: the composite types of its migration, field by field.
//!
//! Four arrays of rows and not one array a column: the server unpacks each parameter anew, and most
//! batches are small.

use sqlx::postgres::{PgHasArrayType, PgTypeInfo};
use sqlx::{Encode, Postgres, Type};
use uuid::Uuid;

use super::{BatchEvent, Entry, HeldFence, Touched};

/// A command and its outcome.
#[derive(Encode)]
pub(super) struct NewCommand<'a> {
    pub(super) id: Uuid,
    pub(super) fingerprint: &'a [u8],
    pub(super) status: i16,
    pub(super) body: &'a str,
    /// How many events the batch has up to this command's last.
    pub(super) events_through: i32,
}

/// A lease that a command holds.
#[derive(Encode)]
pub(super) struct HeldLease<'a> {
    pub(super) command: i32,
    pub(super) lease: &'a str,
    pub(super) epoch: i64,
}

/// A stream that a command read or wrote.
#[derive(Encode)]
pub(super) struct Touch<'a> {
    pub(super) command: i32,
    pub(super) aggregate_type: &'a str,
    pub(super) aggregate_id: &'a str,
    /// `None` when an earlier command of the batch touched it.
    pub(super) expected: Option<i64>,
}

/// An event.
#[derive(Encode)]
pub(super) struct NewEvent<'a> {
    pub(super) command: i32,
    pub(super) aggregate_type: &'a str,
    pub(super) aggregate_id: &'a str,
    pub(super) sequence: i64,
    pub(super) event_type: &'a str,
    pub(super) event_version: &'a str,
    pub(super) payload: &'a str,
    pub(super) metadata: &'a str,
}

impl<'a> From<&'a Entry> for NewCommand<'a> {
    fn from(entry: &'a Entry) -> Self {
        Self {
            id: entry.id.uuid(),
            fingerprint: &entry.fingerprint,
            status: entry.status,
            body: &entry.answer.body,
            events_through: entry.events_through,
        }
    }
}

impl<'a> From<&'a HeldFence> for HeldLease<'a> {
    fn from(fence: &'a HeldFence) -> Self {
        Self {
            command: fence.command,
            lease: &fence.lease,
            epoch: fence.epoch,
        }
    }
}

impl<'a> From<&'a Touched> for Touch<'a> {
    fn from(touched: &'a Touched) -> Self {
        Self {
            command: touched.command,
            aggregate_type: touched.stream.aggregate_type(),
            aggregate_id: touched.stream.aggregate_id(),
            expected: touched.expected,
        }
    }
}

impl<'a> From<&'a BatchEvent> for NewEvent<'a> {
    fn from(event: &'a BatchEvent) -> Self {
        let staged = &event.staged;
        Self {
            command: event.command,
            aggregate_type: staged.stream.aggregate_type(),
            aggregate_id: staged.stream.aggregate_id(),
            sequence: event.sequence,
            event_type: &staged.event_type,
            event_version: &staged.event_version,
            payload: &staged.payload,
            metadata: &event.metadata_json,
        }
    }
}

/// Names the composite type of a row. (`derive(Type)` does not take rows that borrow.)
macro_rules! composite {
    ($row:ident is $name:literal) => {
        impl Type<Postgres> for $row<'_> {
            fn type_info() -> PgTypeInfo {
                PgTypeInfo::with_name($name)
            }
        }

        impl PgHasArrayType for $row<'_> {
            fn array_type_info() -> PgTypeInfo {
                PgTypeInfo::array_of($name)
            }
        }
    };
}

composite!(NewCommand is "event_store.new_command");
composite!(HeldLease is "event_store.fence");
composite!(Touch is "event_store.touch");
composite!(NewEvent is "event_store.new_event");
