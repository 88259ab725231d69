//! The event store: one total, gapless order of events in PostgreSQL, and the loop that decides.
//!
//! Two handles. [`EventLog`] reads: events by position, pushed or woken ([`EventLog::subscribe`]).
//! [`EventStore`] also writes: [`EventStore::execute`] takes a [`Command`], has it decided against the
//! aggregates in memory, appends its events in a batch with others', and answers with its [`Outcome`].
//! Checkpoints ([`checkpoint`]), leases ([`Lease`]) and [`follower`], which keeps tables up to date, are for those who read.

mod append;
pub mod checkpoint;
mod command;
mod config;
mod deciding;
mod error;
mod feed;
pub mod follower;
mod lease;
mod load;
mod log;
mod recorded;
pub mod sans_io;
mod scan;
mod snapshots;
mod store;
mod subscription;
mod verify;
mod wake;

pub use command::{Answer, Command, CommandId, Context, Fence, Fingerprint, Outcome};
pub use config::StoreConfig;
pub use error::{ExecuteError, StoreError, with_causes};
pub use lease::Lease;
pub use log::EventLog;
pub use recorded::{Metadata, RecordedEvent, event_id};
pub use scan::{Chunk, EventRows, OutcomeRows, Scan, StoredRow, scan_events, scan_outcomes};
pub use store::EventStore;
pub use subscription::Subscription;
pub use verify::{Finding, VerifyReport, verify};
