//! The event store against a real PostgreSQL.

mod appending;
mod shop;
