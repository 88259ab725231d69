//! The audit on a real database: whole before each damage, and red after it.
#![expect(
    clippy::expect_used,
    reason = "a test stops at the first surprise: the panic is the report"
)]

mod plants;
mod role;
mod shop;
mod snapshots;
mod whole;
