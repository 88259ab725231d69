//! What of an order goes back: how much each line has left, and what a refund takes of it.
//!
//! | asked for | of a line goes back |
//! | --- | --- |
//! | everything | all that is left of it |
//! | `k` of its pieces | `k ÷ pieces left` of the money and of the points that are left, rounded down; with its last piece all of it |
//! | an amount of money | its part of the amount, shared over the lines by the money they have left (largest remainder); of the points the same part as of the money, rounded down; no piece |
//!
//! So whatever is refunded in whichever order and whatever steps, nothing goes back twice, and once all is
//! refunded exactly what was paid has gone back.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::aggregate::PlacedOrder;
use super::error::OrderError;
use super::events::RefundedLine;
use super::tender::tenders;
use crate::ids::OrderItemId;
use crate::money::Money;
use crate::sharing::share;

/// The most refunds of one order.
pub(super) const REFUNDS_MAX: usize = 100;

/// What is to go back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RefundScope {
    /// All that is left.
    Everything,
    /// Pieces. Items that are named twice count together.
    Items(Vec<RefundItem>),
    /// Money, whatever it is for.
    Amount(Money),
}

/// Pieces of one line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RefundItem {
    /// The line.
    pub order_item_id: OrderItemId,
    /// How many pieces.
    pub quantity: u32,
}

/// What a line has left that could still go back: less what refunds have taken, done or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineLeft {
    /// Pieces.
    pub quantity: u32,
    /// Money, in minor units.
    pub amount: i64,
    /// Points.
    pub points: i64,
    /// Pieces that are stock again.
    pub restocked: u32,
}

impl LineLeft {
    fn is_nothing(self) -> bool {
        self.quantity == 0 && self.amount == 0 && self.points == 0
    }
}

/// What a refund takes of one line.
#[derive(Clone, Copy, Debug, Default)]
struct Part {
    quantity: u32,
    amount: i64,
    points: i64,
}

/// What each line has left before its order was ever refunded.
pub(super) fn whole(order: &PlacedOrder) -> Vec<LineLeft> {
    // An order whose lines do not cover its discount and points cannot be placed or paid.
    let tenders = tenders(order).unwrap_or_default();
    let lines = order.lines.iter().zip(tenders);
    lines
        .map(|(line, tender)| LineLeft {
            quantity: line.quantity,
            amount: tender.paid,
            points: tender.points,
            restocked: 0,
        })
        .collect()
}

/// The lines that a refund touches, with what it takes and what it leaves of each.
pub(super) fn lines_of(
    order: &PlacedOrder,
    scope: &RefundScope,
) -> Result<Vec<RefundedLine>, OrderError> {
    let left = order.left();
    let parts = match scope {
        RefundScope::Everything => left.iter().copied().map(all_of).collect(),
        RefundScope::Items(items) => parts_of_items(order, &left, items)?,
        RefundScope::Amount(amount) => parts_of_amount(order, &left, *amount)?,
    };
    let currency = order.total.currency();
    let mut lines = Vec::new();
    for ((line, left), part) in order.lines.iter().zip(left).zip(parts) {
        if part.quantity == 0 && part.amount == 0 && part.points == 0 {
            continue;
        }
        lines.push(RefundedLine {
            order_item_id: line.order_item_id,
            product_id: line.product_id,
            quantity: part.quantity,
            amount: Money::new(part.amount, currency)?,
            points: part.points,
            left_quantity: left.quantity - part.quantity,
            left_amount: Money::new(left.amount - part.amount, currency)?,
            left_points: left.points - part.points,
        });
    }
    if lines.is_empty() {
        return Err(OrderError::NothingLeft);
    }
    Ok(lines)
}

/// Whether nothing is left of any line.
pub(super) fn is_all_gone(left: &[LineLeft]) -> bool {
    left.iter().all(|line| line.is_nothing())
}

fn all_of(left: LineLeft) -> Part {
    Part {
        quantity: left.quantity,
        amount: left.amount,
        points: left.points,
    }
}

fn parts_of_items(
    order: &PlacedOrder,
    left: &[LineLeft],
    items: &[RefundItem],
) -> Result<Vec<Part>, OrderError> {
    let mut asked: BTreeMap<OrderItemId, (usize, u64)> = BTreeMap::new();
    for (index, item) in items.iter().enumerate() {
        if item.quantity == 0 {
            return Err(OrderError::BadRefund {
                field: format!("items[{index}].quantity"),
                reason: "1 or more",
            });
        }
        let entry = asked.entry(item.order_item_id).or_insert((index, 0));
        entry.1 += u64::from(item.quantity);
    }
    let parts = order.lines.iter().zip(left).map(|(line, left)| {
        let Some((index, quantity)) = asked.remove(&line.order_item_id) else {
            return Ok(Part::default());
        };
        match u32::try_from(quantity) {
            Ok(quantity) if quantity <= left.quantity => Ok(pieces_of(*left, quantity)),
            _ => Err(OrderError::TooManyPieces {
                index,
                left: left.quantity,
            }),
        }
    });
    let parts = parts.collect::<Result<Vec<_>, _>>()?;
    match asked.into_values().map(|(index, _)| index).min() {
        Some(index) => Err(OrderError::BadRefund {
            field: format!("items[{index}].orderItemId"),
            reason: "the order has no such item",
        }),
        None => Ok(parts),
    }
}

/// What goes back with so many of a line's pieces, at most as many as it has left.
fn pieces_of(left: LineLeft, quantity: u32) -> Part {
    Part {
        quantity,
        amount: fraction(left.amount, i64::from(quantity), i64::from(left.quantity)),
        points: fraction(left.points, i64::from(quantity), i64::from(left.quantity)),
    }
}

fn parts_of_amount(
    order: &PlacedOrder,
    left: &[LineLeft],
    amount: Money,
) -> Result<Vec<Part>, OrderError> {
    if amount.currency() != order.total.currency() {
        return Err(OrderError::BadRefund {
            field: "amount.currency".to_owned(),
            reason: "the order's own currency",
        });
    }
    if amount.is_zero() {
        return Err(OrderError::BadRefund {
            field: "amount.amount".to_owned(),
            reason: "above 0",
        });
    }
    let money: Vec<i64> = left.iter().map(|line| line.amount).collect();
    let sum: i64 = money.iter().sum();
    if amount.amount() > sum {
        let left = Money::new(sum, order.total.currency())?;
        return Err(OrderError::RefundTooLarge { left });
    }
    // The sum is above zero here, so there is somebody to share with.
    let shares = share(amount.amount(), &money).map_err(|_| OrderError::NothingLeft)?;
    let parts = left.iter().zip(shares);
    Ok(parts
        .map(|(left, amount)| Part {
            quantity: 0,
            amount,
            points: fraction(left.points, amount, left.amount),
        })
        .collect())
}

/// `whole × part ÷ of`, rounded down; nothing of nothing.
fn fraction(whole: i64, part: i64, of: i64) -> i64 {
    if of == 0 {
        return 0;
    }
    let exact = i128::from(whole) * i128::from(part) / i128::from(of);
    // The part is at most all of it, so this is at most the whole.
    i64::try_from(exact).unwrap_or(whole)
}
