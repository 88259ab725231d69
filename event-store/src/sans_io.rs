//! The deciding loop without its database, for whoever stands in for that: the simulation.
//!
//! [`Core`] decides; [`Batch`] is what it wants written, [`Wanted`] what it wants read. [`Batch::append`] and
//! [`load`] are what PostgreSQL makes of the two: a stand-in must say the same, and its contract tests
//! compare.

pub use crate::append::{Appended, Batch, Caution, DecidedCommand, DecidedEvent, Refused, Verdict};
pub use crate::deciding::{Committed, Core, Job, Landed};
pub use crate::load::{Read, ReadResult, StoredEvent, Wanted, fold, load};
pub use crate::snapshots::{Snapshot, SnapshotState, save};
