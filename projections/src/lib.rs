//! What follows from the log for those who read: the read models, and the stream to Kafka.
//!
//! A projector ([`names`] lists them) folds events into the rows of its tables; rows and checkpoint commit
//! in one transaction, so each event counts exactly once. [`install`] makes the tables, [`start`] keeps
//! them up to date, [`rebuild()`] makes them anew beside the old ones and [`switch_back`] returns to those,
//! [`verify()`] folds the log afresh and compares, [`retry_parked`] replays what could not be taken in.
//! [`relay`] sends the log to Kafka.
//!
//! Nothing but a projector writes a read model, and no projector does anything else: no command, no
//! gateway, no clock.

mod apply;
mod behind;
mod candidate;
mod catalogue;
mod compare;
mod config;
mod coupons;
mod error;
mod generation;
mod install;
mod memory;
mod notifications;
mod orders;
mod parking;
mod payment_methods;
mod payments;
mod points;
mod products;
mod projector;
mod rebuild;
pub mod relay;
mod retry;
mod runner;
pub mod sans_io;
mod schema;
mod session;
mod status;
mod supervisor;
mod switch;
mod table;
mod verify;

pub use behind::{Behind, behind};
pub use candidate::Progress;
pub use catalogue::names;
pub use compare::{Comparison, TableComparison};
pub use config::ProjectionsConfig;
pub use error::ProjectionError;
pub use install::install;
pub use rebuild::{RebuildReport, rebuild};
pub use retry::{RetryReport, retry_parked};
pub use status::{ProjectionStatus, status};
pub use supervisor::start;
pub use switch::{SwitchReport, switch_back};
pub use verify::verify;
