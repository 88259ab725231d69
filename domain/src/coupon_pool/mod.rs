//! A coupon pool: so many coupons of one kind, first come, first served, one a user.
//!
//! ```text
//! pool:   (none) ── create ──▶ OPEN ── validity ends ──▶ CLOSED
//! coupon: (none) ── claim ──▶ ISSUED ── hold ──▶ HELD ── use ──▶ USED
//!                               ▲──── release ────┘               │
//!                               └──────────── give back ──────────┘
//! ```
//!
//! It protects: never more coupons than the pool's quantity; at most one a user; a coupon is held by
//! one order at a time and used at most once (unless the order that used it was cancelled); none is
//! issued or held outside the validity. A coupon held before the validity ended may still be used by
//! its order: the buyer saw the price.

mod aggregate;
mod commands;
mod error;
mod events;
mod operations;
#[cfg(test)]
mod tests;

pub use aggregate::{CouponPool, CouponPoolState, CouponState, IssuedCoupon};
pub use commands::CouponPoolCommand;
pub use error::CouponPoolError;
pub use events::{CouponPoolEvent, DiscountRule};
pub use operations::{ClaimCoupon, CloseCouponPool, CreateCouponPool};
