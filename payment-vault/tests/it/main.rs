//! Tests on a real PostgreSQL, as the role `payment_service`.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod vault;
