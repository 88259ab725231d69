//! The queries over HTTP, against a real log and the read models that the real projectors make of it.
#![expect(
    clippy::expect_used,
    reason = "a test that cannot go on says why: a panic there is the report"
)]

mod bad_days;
mod contract;
mod coupons;
mod events;
mod exchanges;
mod freshness;
mod notifications;
mod orders;
mod payment_methods;
mod payments;
mod points;
mod products;
mod projections;
mod registry;
mod shop;
