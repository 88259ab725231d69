//! The whole program, as real processes on real services.
#![expect(
    clippy::expect_used,
    reason = "a test stops at the first surprise: the panic is the report"
)]

mod architecture;
mod bad_days;
mod canary;
mod checkout;
mod client;
mod crash;
mod deleted_keys;
mod doctor;
mod gateways;
mod installation;
mod legacy;
mod logs;
mod saved_methods;
mod split;
mod stream;
mod troubles;
mod verbs;
mod verifying;
