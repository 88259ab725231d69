//! What each line of an order was paid with: its parts of the coupon, of the points, and of the money.
//!
//! The discount is shared over the lines by their amounts, then the points by what is left of each line;
//! the rest of a line is its money. Both by the largest-remainder rule ([`crate::sharing`]), so that the
//! parts of all lines sum to the whole, to the last unit, and no part is below zero.

use super::aggregate::PlacedOrder;
use crate::sharing::{SharingError, share};

/// What one line was paid with. The three together are the line's amount.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LineTender {
    /// Its part of the discount, in minor units.
    pub discount: i64,
    /// Its part of the points.
    pub points: i64,
    /// What the gateway was paid for it, in minor units.
    pub paid: i64,
}

/// The tender of each line, in the order of the lines.
///
/// # Errors
/// The discount or the points exceed what there is to pay: no order is placed so.
pub(super) fn tenders(order: &PlacedOrder) -> Result<Vec<LineTender>, SharingError> {
    let amounts: Vec<i64> = order
        .lines
        .iter()
        .map(|line| line.amount.amount())
        .collect();
    let off = order.discount.as_ref();
    let off = off.map_or(0, |discount| discount.amount.amount());
    let discounts = share(off, &amounts)?;
    let left = amounts.iter().zip(&discounts);
    let left: Vec<i64> = left.map(|(amount, discount)| amount - discount).collect();
    let points = share(order.points, &left)?;
    let parts = discounts.into_iter().zip(points).zip(left);
    Ok(parts
        .map(|((discount, points), left)| LineTender {
            discount,
            points,
            paid: left - points,
        })
        .collect())
}
