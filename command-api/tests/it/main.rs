//! The command API over HTTP: a real server on a free port, a real event store on PostgreSQL, a real Redis.
//!
//! Every answer that a test gets is held against the OpenAPI document (`contract.rs`): a status or a code
//! that the document does not list for its operation fails the test that met it.
#![expect(
    clippy::expect_used,
    reason = "helpers of tests: a panic there is the report"
)]

mod bad_days;
mod bad_input;
mod callers;
mod contract;
mod coupons;
mod document;
mod events;
mod gate;
mod idempotency;
mod orders;
mod paying_with_points;
mod payment_methods;
mod payments;
mod points;
mod products;
mod proxy;
mod refund_accounts;
mod refunds;
mod settler;
mod shop;
mod webhooks;
mod world;
