//! NICE Payments: its adapter.
//!
//! A payment's id is NICE's `orderId`; NICE's own id of a payment is its `tid`, which the buyer's browser brings as
//! the token. Requests and answers are signed with the secret key; what an answer means is in [`outcome`] (charges)
//! and [`cancellation`] (refunds), which codes decline in [`codes`].
//!
//! NICE takes no idempotency keys: a charge has its `tid`, which approves once, and a cancel its own order number.
//! Its "net cancel" of a charge whose answer was lost is not used: it would undo a charge that nobody has seen, and
//! be as lost as the answer. What is unknown is asked about.
//!
//! Billing keys need the card's number to pass through the shop, which it never does: unsupported. So is a list of
//! transactions: NICE publishes none.

mod adapter;
mod cancellation;
mod codes;
mod fields;
mod outcome;
mod payment;
mod signature;
mod webhook;

pub use adapter::{NiceConfig, NiceGateway};
