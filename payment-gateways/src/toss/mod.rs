//! Toss Payments: its adapter.
//!
//! A payment's id is Toss's `orderId`; Toss's own id of a payment is its `paymentKey`, which the buyer's browser
//! brings as the token. What an answer means is in [`outcome`] (charges) and [`cancellation`] (refunds); which
//! codes decline is one table, [`declines`].

mod adapter;
mod billing;
mod cancellation;
mod declines;
mod fields;
mod outcome;
mod payment;
mod transactions;
mod webhook;

pub use adapter::{TossConfig, TossGateway};
