//! `/health/live` and `/health/ready`: named checks, each with a deadline and a short memory.

mod check;
mod report;

pub use check::{CheckFailed, Need};
pub use report::{CheckReport, CheckStatus, Health, Report, Status};
pub(crate) use report::{live, ready};
