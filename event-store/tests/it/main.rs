//! The event store against a real PostgreSQL.

mod appending;
mod faults;
mod guards;
mod leases;
mod proxy;
mod shop;
mod snapshots;
mod stock_framework;
mod subscribing;
mod verifying;
