//! Looks at whether what must hold does: once, over the whole log ([`Pass`], for `commerce verify`), and
//! continuously, beside the running shop ([`start`], the role `auditor`).
//!
//! The invariants themselves are in `invariants`; here are the reading of the log, the outcomes of its
//! commands, and its snapshots. Nothing here writes to the log, and nothing here stops the shop.

mod books;
mod config;
mod excuses;
mod findings;
mod ids;
mod metadata;
mod pass;
mod role;
mod snapshots;
mod status;

pub use config::AuditorConfig;
pub use findings::{Finding, Findings};
pub use pass::{Pass, Progress};
pub use role::start;
pub use snapshots::{SnapshotReport, verify_snapshots};
pub use status::AuditorStatus;
