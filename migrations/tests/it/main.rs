//! The schemas as a database has them, and what each role may do in them.
#![expect(
    clippy::expect_used,
    reason = "a test stops at the first surprise: the panic is the report"
)]

mod catalogue;
mod main_schema;
mod money;
mod owner;
mod payment_schema;
mod roles;
mod times;
