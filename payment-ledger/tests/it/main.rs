//! The ledger against a real database.
#![expect(
    clippy::expect_used,
    reason = "a test stops at the first surprise: the panic is the report"
)]

mod exchanges;
mod plants;
mod rebuilding;
mod said;
mod shop;
mod transactions;
mod user_methods;
mod verifying;
