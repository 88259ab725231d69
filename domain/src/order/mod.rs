//! An order: what was bought at which price, and where it stands.
//!
//! ```text
//!                    ┌────────── cancel (payment failed, timed out, by the buyer) ─────┐
//! (none) ── place ──▶ PENDING ── pay ──▶ PAID ── confirm ──▶ CONFIRMED ──▶ SHIPPED ──▶ DELIVERED
//!                                         └──── cancel (refunds) ────▶ CANCELLED ◀─────┘
//! ```
//!
//! It protects: the prices are those of the moment of placing; the total is the sum of the lines less
//! the discount; an order is paid at most once; a cancelled order stays cancelled; a confirmed one is
//! never cancelled (it is refunded instead), nor is one of which anything was refunded; no line and no
//! order gives back more than was paid for it, in pieces, money or points.

mod aggregate;
mod commands;
mod error;
mod events;
mod refund;
mod refunding;
mod tender;
#[cfg(test)]
mod tests;

pub use aggregate::{Order, OrderState, OrderStatus, PlacedOrder};
pub use commands::OrderCommand;
pub use error::OrderError;
pub use events::{CancelReason, Discount, OrderEvent, OrderLine, RefundedLine};
pub use refund::{LineLeft, RefundItem, RefundScope};
pub use refunding::OrderRefund;
pub use tender::LineTender;
