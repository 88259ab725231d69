//! The event store against a real PostgreSQL.
#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test stops at the first surprise: the panic is the report"
)]

mod appending;
mod faults;
mod gap_safety;
mod guards;
mod leases;
mod proxy;
mod shop;
mod snapshots;
mod standbys;
mod stock_framework;
mod subscribing;
mod verifying;
