//! The published language from outside: its records decoded again, its schemas, its registry.
#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "fixtures of tests: a panic there is the report"
)]

mod compatibility;
mod coupon_samples;
mod decode;
mod golden;
mod manifest;
mod payment_method_samples;
mod payment_samples;
mod points_samples;
mod properties;
mod registry_api;
mod round_trip;
mod samples;
