//! A user's points: earned on purchase, spent in payment, in lots that expire.
//!
//! One point is one minor unit of [`CURRENCY`]. An account is a stream `points/{user id}`; nobody opens
//! it, an account without events is empty. What is earned at once is a *lot*; of every lot, always:
//!
//! ```text
//! earned + owed = spent + expired + taken back + remaining      all ≥ 0;  owed = 0 or remaining = 0
//! ```
//!
//! and the account's balance is Σ remaining − Σ owed. What an order *holds* counts as spent from that
//! lot until it is released.
//!
//! ```text
//! an order's points:  (none) ── hold ──▶ HELD ── spend ──▶ SPENT ── return, line by line ──▶ …
//!                       ▲──── release ────┘
//! ```
//!
//! - Points leave the lot that expires first, of two the older; never more than the balance, which a debt
//!   reduces. Which points of which lot pay which line of the order is in the event (many to many:
//!   `docs/adr/0009`).
//! - A refund leaves the buyer where they would be had they never bought. So points come back to exactly
//!   the lots that they left, of several on one line to the one that expires last; what comes back to a
//!   lot that has expired expires at once.
//! - For the same reason a refund takes back what the line had earned, from that order's own lot, even
//!   when it is spent or expired: first what remains there, then what expired there (it was never earned,
//!   so it never expired), and the rest the lot *owes*. A debt is paid by what comes back to that very
//!   lot; until then it reduces the balance, and later lots outweigh it. It is never collected from
//!   another lot: each lot's numbers are a function of what was earned, spent, taken back and whether
//!   its time has come, so the order in which refunds arrive makes no difference in the end.
//! - An operator's correction upwards is a lot of its own; downwards it counts as taken back.
//!
//! The state stays bounded. An order's part in it is kept for [`RETURNABLE_DAYS`] after it held or
//! earned, whichever was later: after that nothing comes back from it and nothing is taken back
//! (`POINTS_NOT_RETURNABLE`, `POINTS_NOT_EARNED`). A lot is forgotten as soon as nothing remains, nothing
//! is owed and no order that is kept has points of it or earned it. A correction's id is kept as long as
//! an order. Time is what the account's own events say: the latest of their moments.

mod aggregate;
mod amount;
mod commands;
mod earning;
mod error;
mod events;
mod hold;
mod lot;
mod operations;
mod orders;
mod refund;
mod state;
#[cfg(test)]
pub(crate) mod tests;

pub use aggregate::PointAccount;
pub use amount::{Points, PointsRangeError};
pub use commands::PointsCommand;
pub use earning::{EarningPolicy, Rounding};
pub use error::PointsError;
pub use events::{Allocation, GivenBack, LinePoints, LotPoints, PointsEvent};
pub use lot::{Lot, LotOrigin};
pub use operations::{AdjustPoints, ExpirePoints};
pub use state::PointsState;

use crate::money::Currency;

/// What a point is a minor unit of. An order in another currency neither earns nor spends points.
pub const CURRENCY: Currency = Currency::Krw;

/// How long an order's points can be returned and taken back: card companies take money back for a
/// year; twice that.
pub const RETURNABLE_DAYS: i64 = 730;

/// The most pairs of line and lot that one order's points are laid over. With it an event stays well
/// below the megabyte that a message may have.
pub const ALLOCATIONS_MAX: usize = 2_000;
