//! The projections and the relay against real PostgreSQL and Kafka.
#![expect(
    clippy::unwrap_used,
    reason = "a test stops at the first surprise: the panic is the report"
)]

mod catalogue;
mod coupons;
mod exactly_once;
mod generations;
mod kafka;
mod notifications;
mod orders;
mod outages;
mod parking;
mod payment_methods;
mod points;
mod registry;
mod relay;
mod relay_audit;
mod relay_failures;
mod shop;
mod verifying;
