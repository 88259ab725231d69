//! Tests on a real PostgreSQL, as the role `payment_service`.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod vault;
