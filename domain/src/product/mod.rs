//! A product: what is sold, at which price, and whether it is on sale.
//!
//! ```text
//! (none) ── create ──▶ DRAFT ── put on sale ──▶ ON_SALE ◀──▶ SOLD_OUT
//! ```
//!
//! It protects: a product has a name and a price above zero before it can be sold; only one on sale can
//! be ordered (P-03). Stock is not its concern: that is [`crate::inventory`]'s.

mod aggregate;
mod commands;
mod error;
mod events;
mod operations;
#[cfg(test)]
mod tests;

pub use aggregate::{Product, ProductState, SaleState};
pub use commands::{ProductCommand, ProductDetails};
pub use error::ProductError;
pub use events::ProductEvent;
pub use operations::{ChangeProduct, PatchProduct};
