//! A payment: one attempt to collect an order's total through a gateway.
//!
//! ```text
//! (none) ── request ──▶ PENDING ── succeed ──▶ SUCCEEDED ── refund ──▶ CANCELLED (the order was cancelled)
//!                        │  ▲ │                     ▲    ├── refund ──▶ REFUNDED  (somebody asked, or the success
//!                        │  │ │                     │    │                         came too late or was wrong)
//!                        │  │ │                     │    └── refund of a part ──▶ PARTIALLY_REFUNDED ── refund …
//!                unknown ▼  │ └── fail ──▶ FAILED ──┘ late success
//!                      UNKNOWN ── succeed / fail …
//! ```
//!
//! A payment that failed because the gateway had no record of it, or no deposit in time, becomes UNKNOWN again
//! when the gateway, asked once more, does not answer.
//!
//! PENDING is also a payment whose buyer has an account to pay into. Whatever the gateway says that contradicts
//! what is known changes nothing but that a person must look (`PaymentReviewRequired`).
//!
//! It protects: money is asked for once, under the payment's own id; what the gateway says is believed
//! only when it is definite; a charge of another amount than was asked for is given back; a refund is
//! never more than what was captured, and never lost: it stays asked for until the gateway did it.

mod aggregate;
mod commands;
mod error;
mod events;
mod fold;
mod operations;
mod state;
#[cfg(test)]
mod tests;
mod waiting;

pub use aggregate::Payment;
pub use commands::{PaymentCommand, RefundRequest};
pub use error::PaymentError;
pub use events::{
    AMOUNT_MISMATCH, DEPOSIT_EXPIRED, DepositAccount, GatewayNotice, InquiryCause, NO_RECORD,
    PaymentEvent, RefundReason, ReviewReason,
};
pub use operations::{NoteRefundAccount, RequestInquiry, RetryRefund};
pub use state::{Capture, Deposit, PaymentState, PaymentStatus, Refund, RequestedPayment};
