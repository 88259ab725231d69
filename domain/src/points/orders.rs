//! What an account remembers of one order.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::amount::Points;
use super::events::{Allocation, LinePoints};
use crate::ids::{LotId, OrderId, OrderItemId, RefundId};

/// An order that holds, spent or earned points.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct OrderPoints {
    /// What it holds or spent.
    pub(super) taken: Option<Taken>,
    /// What it earned.
    pub(super) earned: Option<Earned>,
    /// When it held or earned, whichever was later.
    pub(super) since: DateTime<Utc>,
}

/// Points that an order took.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Taken {
    /// Whether the order is paid.
    pub(super) spent: bool,
    pub(super) shares: Vec<Share>,
    pub(super) refunds: Vec<RefundId>,
}

/// One allocation, and how much of it came back.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Share {
    pub(super) order_item_id: OrderItemId,
    pub(super) lot_id: LotId,
    pub(super) points: Points,
    pub(super) returned: Points,
}

/// Points that an order earned.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Earned {
    pub(super) lot_id: LotId,
    pub(super) lines: Vec<EarnedLine>,
    pub(super) refunds: Vec<RefundId>,
}

/// What one line earned, and how much of it was taken back.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct EarnedLine {
    pub(super) order_item_id: OrderItemId,
    pub(super) points: Points,
    pub(super) taken_back: Points,
}

impl OrderPoints {
    pub(super) fn since(now: DateTime<Utc>) -> Self {
        Self {
            taken: None,
            earned: None,
            since: now,
        }
    }

    /// Whether it holds points of which nobody knows yet whether they are spent.
    pub(super) fn is_held(&self) -> bool {
        self.taken.as_ref().is_some_and(|taken| !taken.spent)
    }
}

impl Share {
    pub(super) fn new(allocation: &Allocation) -> Self {
        Self {
            order_item_id: allocation.order_item_id,
            lot_id: allocation.lot_id,
            points: allocation.points,
            returned: Points::ZERO,
        }
    }

    /// What has not come back.
    pub(super) fn outstanding(&self) -> Points {
        self.points.less(self.returned)
    }
}

impl Taken {
    /// What has not come back, line by line.
    pub(super) fn outstanding(&self) -> Vec<LinePoints> {
        by_line(self.shares.iter().map(|share| LinePoints {
            order_item_id: share.order_item_id,
            points: share.outstanding(),
        }))
    }

    /// What it took, line by line.
    pub(super) fn lines(&self) -> Vec<LinePoints> {
        by_line(self.shares.iter().map(|share| LinePoints {
            order_item_id: share.order_item_id,
            points: share.points,
        }))
    }

    /// Notes that points of a lot came back for a line; true when that was the last of them.
    pub(super) fn came_back(&mut self, line: OrderItemId, lot_id: LotId, points: Points) -> bool {
        let share = self
            .shares
            .iter_mut()
            .find(|share| share.order_item_id == line && share.lot_id == lot_id);
        let Some(share) = share else {
            return false;
        };
        let was_out = !share.outstanding().is_zero();
        share.returned.raise(points);
        was_out && share.outstanding().is_zero()
    }
}

impl Earned {
    /// Notes that points of these lines were taken back.
    pub(super) fn take_back(&mut self, lines: &[LinePoints]) {
        for taken in lines {
            let mut earned = self.lines.iter_mut();
            if let Some(line) = earned.find(|line| line.order_item_id == taken.order_item_id) {
                line.taken_back.raise(taken.points);
            }
        }
    }
}

impl EarnedLine {
    pub(super) fn new(line: &LinePoints) -> Self {
        Self {
            order_item_id: line.order_item_id,
            points: line.points,
            taken_back: Points::ZERO,
        }
    }

    /// What was not taken back.
    pub(super) fn left(&self) -> Points {
        self.points.less(self.taken_back)
    }
}

/// A line's parts follow each other: one entry a line, in their order.
fn by_line(parts: impl Iterator<Item = LinePoints>) -> Vec<LinePoints> {
    let mut lines: Vec<LinePoints> = Vec::new();
    for part in parts {
        match lines.last_mut() {
            Some(last) if last.order_item_id == part.order_item_id => {
                last.points.raise(part.points)
            }
            _ => lines.push(part),
        }
    }
    lines
}

/// What is kept for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "kind", content = "id", rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum Kept {
    /// An order's points.
    Order(OrderId),
    /// A correction's id.
    Adjustment(crate::ids::AdjustmentId),
}
