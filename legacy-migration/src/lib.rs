//! The way from the legacy database, MySQL 8, to the schema `payment`: back up, look at what depends on it,
//! drop the foreign keys, copy, verify, switch, drop. Each step can be interrupted anywhere, repeated without
//! harm, and taken back. Nothing of the source is dropped before its copy is proven.
//!
//! The legacy schema that it reads is in [`shape`]; `docs/legacy-migration/` has the plans.

mod back;
mod backup;
mod checksum;
mod copy;
mod dependents;
mod drop;
mod error;
mod foreign_keys;
mod migration;
mod report;
pub mod shape;
mod source;
mod steps;
mod target;
mod verify;

pub use error::LegacyMigrationError;
pub use migration::{LegacyMigration, Progress, Settings};
pub use report::{Report, StepReport, SubjectReport};
pub use steps::Step;
