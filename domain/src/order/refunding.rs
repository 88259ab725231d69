//! Giving an order back, whole or in parts: when it may be, and what its events change.

use serde::{Deserialize, Serialize};

use super::aggregate::{OrderStatus, PlacedOrder};
use super::error::OrderError;
use super::events::{OrderEvent, RefundedLine};
use super::refund::{LineLeft, REFUNDS_MAX, RefundScope, is_all_gone, lines_of, whole};
use super::tender::{LineTender, tenders};
use crate::ids::{OrderItemId, RefundId};
use crate::inventory::Allocation;
use crate::money::Money;

/// The most characters of a refund's reason: as many as a gateway takes (Toss, `cancelReason`).
const REASON_MAX_CHARS: usize = 200;

/// A refund of an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderRefund {
    /// Its id: that of the payment's refund.
    pub refund_id: RefundId,
    /// What of which line.
    pub lines: Vec<RefundedLine>,
    /// Whether the pieces become stock again.
    pub restock: bool,
    /// Whether money and points are back with the buyer.
    pub done: bool,
}

impl PlacedOrder {
    /// What each line has left that could still go back, in the order of the lines.
    #[must_use]
    pub fn left(&self) -> Vec<LineLeft> {
        if self.left.is_empty() {
            whole(self)
        } else {
            self.left.clone()
        }
    }

    /// What each line was paid with, in the order of the lines.
    #[must_use]
    pub fn tenders(&self) -> Vec<LineTender> {
        // Of an order that exists they always fit.
        tenders(self).unwrap_or_default()
    }

    /// The money of each line that has not gone back, also when it is about to: its item and the minor units.
    #[must_use]
    pub fn kept(&self) -> Vec<(OrderItemId, i64)> {
        let pending = self.refunds.iter().filter(|refund| !refund.done);
        let pending: Vec<&RefundedLine> = pending.flat_map(|refund| &refund.lines).collect();
        let lines = self.lines.iter().zip(self.left());
        lines
            .map(|(line, left)| {
                let item = line.order_item_id;
                let own = pending.iter().filter(|taken| taken.order_item_id == item);
                let going: i64 = own.map(|taken| taken.amount.amount()).sum();
                (item, left.amount.saturating_add(going))
            })
            .collect()
    }

    /// A refund, done or not.
    #[must_use]
    pub fn refund(&self, refund_id: RefundId) -> Option<&OrderRefund> {
        let mut refunds = self.refunds.iter();
        refunds.find(|refund| refund.refund_id == refund_id)
    }

    /// Whether all of it has gone back to its buyer.
    #[must_use]
    pub fn is_all_back(&self) -> bool {
        let done = self.refunds.iter().all(|refund| refund.done);
        done && !self.refunds.is_empty() && self.is_all_going()
    }

    /// Whether nothing is left that could go back: it has gone, or is about to.
    #[must_use]
    pub fn is_all_going(&self) -> bool {
        is_all_gone(&self.left())
    }

    /// The pieces of a line that a refund makes stock again: those that are not stock yet, in the order in
    /// which they were taken from the warehouses.
    #[must_use]
    pub fn pieces_back(&self, line: &RefundedLine) -> Vec<Allocation> {
        let own = |known: &super::events::OrderLine| known.order_item_id == line.order_item_id;
        let Some(place) = self.lines.iter().position(own) else {
            return vec![];
        };
        let restocked = self.left().get(place).map_or(0, |left| left.restocked);
        let (mut skip, mut wanted) = (restocked, line.quantity);
        let mut back = Vec::new();
        let allocations = self
            .lines
            .get(place)
            .map(|line| line.allocations.as_slice());
        for allocation in allocations.unwrap_or_default() {
            let skipped = skip.min(allocation.quantity);
            skip -= skipped;
            let quantity = (allocation.quantity - skipped).min(wanted);
            wanted -= quantity;
            if quantity > 0 {
                let warehouse = allocation.warehouse.clone();
                back.push(Allocation {
                    warehouse,
                    quantity,
                });
            }
        }
        back
    }
}

pub(super) fn start(
    order: &PlacedOrder,
    refund_id: RefundId,
    scope: &RefundScope,
    reason: String,
) -> Result<Vec<OrderEvent>, OrderError> {
    if order.refund(refund_id).is_some() {
        return Ok(vec![]);
    }
    let status = order.status;
    let restock = match status {
        OrderStatus::Paid | OrderStatus::Confirmed => true,
        OrderStatus::Shipped | OrderStatus::Delivered => false,
        OrderStatus::Pending | OrderStatus::Cancelled => {
            return Err(OrderError::NotRefundable { status });
        }
    };
    let Some(payment_id) = order.payment_id else {
        return Err(OrderError::NotRefundable { status });
    };
    if reason.trim().is_empty() || reason.chars().count() > REASON_MAX_CHARS {
        return Err(OrderError::BadRefund {
            field: "reason".to_owned(),
            reason: "1 to 200 characters",
        });
    }
    if order.refunds.len() >= REFUNDS_MAX {
        return Err(OrderError::TooManyRefunds { max: REFUNDS_MAX });
    }
    let lines = lines_of(order, scope)?;
    let (amount, points) = sums(order, &lines)?;
    Ok(vec![OrderEvent::OrderRefundStarted {
        refund_id,
        payment_id,
        amount,
        points,
        lines,
        restock,
        reason,
    }])
}

pub(super) fn complete(
    order: &PlacedOrder,
    refund_id: RefundId,
) -> Result<Vec<OrderEvent>, OrderError> {
    let refund = order.refund(refund_id).ok_or(OrderError::NoSuchRefund)?;
    if refund.done {
        return Ok(vec![]);
    }
    let (amount, points) = sums(order, &refund.lines)?;
    let mut others = order.refunds.iter();
    let others_done = others.all(|other| other.done || other.refund_id == refund_id);
    Ok(vec![OrderEvent::OrderRefunded {
        refund_id,
        amount,
        points,
        whole: others_done && is_all_gone(&order.left()),
    }])
}

/// Takes a refund that was asked for into the state.
pub(super) fn started(
    order: &mut PlacedOrder,
    refund_id: RefundId,
    lines: &[RefundedLine],
    restock: bool,
) {
    let mut left = order.left();
    for line in lines {
        if let Some(left) = left_of(order, &mut left, line) {
            left.quantity = line.left_quantity;
            left.amount = line.left_amount.amount();
            left.points = line.left_points;
        }
    }
    order.left = left;
    order.refunds.push(OrderRefund {
        refund_id,
        lines: lines.to_vec(),
        restock,
        done: false,
    });
}

/// Takes a refund that is done into the state.
pub(super) fn completed(order: &mut PlacedOrder, refund_id: RefundId) {
    let mut left = order.left();
    let known = order.refund(refund_id).cloned();
    for line in known.iter().flat_map(|refund| &refund.lines) {
        let restocks = known.as_ref().is_some_and(|refund| refund.restock);
        if let (true, Some(left)) = (restocks, left_of(order, &mut left, line)) {
            left.restocked = left.restocked.saturating_add(line.quantity);
        }
    }
    order.left = left;
    let mut refunds = order.refunds.iter_mut();
    if let Some(refund) = refunds.find(|refund| refund.refund_id == refund_id) {
        refund.done = true;
    }
}

fn left_of<'l>(
    order: &PlacedOrder,
    left: &'l mut [LineLeft],
    line: &RefundedLine,
) -> Option<&'l mut LineLeft> {
    let mut lines = order.lines.iter();
    let place = lines.position(|known| known.order_item_id == line.order_item_id)?;
    left.get_mut(place)
}

fn sums(order: &PlacedOrder, lines: &[RefundedLine]) -> Result<(Money, i64), OrderError> {
    let nothing = Money::zero(order.total.currency());
    let amount = lines
        .iter()
        .try_fold(nothing, |sum, line| sum.plus(line.amount))?;
    let points = lines.iter().map(|line| line.points);
    Ok((amount, points.fold(0, i64::saturating_add)))
}
