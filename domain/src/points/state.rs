//! An account of points as its events made it.

mod folding;

use chrono::{DateTime, Utc};
use rpds::{RedBlackTreeMapSync, RedBlackTreeSetSync};
use serde::{Deserialize, Serialize};

use super::amount::Points;
use super::events::{LinePoints, LotPoints};
use super::lot::Lot;
use super::orders::{Earned, Kept, OrderPoints, Taken};
use crate::ids::{AdjustmentId, LotId, OrderId};

/// An account; empty before anything was earned.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PointsState {
    lots: RedBlackTreeMapSync<LotId, Lot>,
    /// The lots that have points left, in the order in which they are spent: so a payment looks at no
    /// others, however many there were.
    open: RedBlackTreeSetSync<(DateTime<Utc>, u64, LotId)>,
    orders: RedBlackTreeMapSync<OrderId, OrderPoints>,
    adjustments: RedBlackTreeMapSync<AdjustmentId, DateTime<Utc>>,
    /// What is forgotten some day, the oldest first.
    kept: RedBlackTreeSetSync<(DateTime<Utc>, Kept)>,
    /// How many lots there ever were.
    lots_made: u64,
    /// The sums over `lots`.
    earned: Points,
    remaining: Points,
    owed: Points,
    /// The latest moment that an event named.
    latest: Option<DateTime<Utc>>,
}

impl PointsState {
    /// Σ remaining − Σ owed: below zero when the account owes more than it has.
    #[must_use]
    pub fn balance(&self) -> i64 {
        self.remaining.get() - self.owed.get()
    }

    /// What lots owe for points that were taken back after they had been spent.
    #[must_use]
    pub fn owed(&self) -> Points {
        self.owed
    }

    /// How many points can be spent at this moment: the balance without lots whose time is over, and
    /// never below zero.
    #[must_use]
    pub fn spendable(&self, now: DateTime<Utc>) -> Points {
        let over = self.open.iter().take_while(|(until, ..)| *until <= now);
        let over = over.filter_map(|(_, _, lot_id)| self.lots.get(lot_id));
        over.fold(self.remaining, |left, lot| left.less(lot.remaining))
            .less(self.owed)
    }

    /// A lot, unless it was forgotten.
    #[must_use]
    pub fn lot(&self, lot_id: LotId) -> Option<&Lot> {
        self.lots.get(&lot_id)
    }

    /// The lots that are not forgotten, by id.
    pub fn lots(&self) -> impl Iterator<Item = (LotId, &Lot)> {
        self.lots.iter().map(|(lot_id, lot)| (*lot_id, lot))
    }

    /// What an order holds, line by line; nothing when it holds none.
    #[must_use]
    pub fn held_by(&self, order_id: OrderId) -> Vec<LinePoints> {
        let taken = self.taken_by(order_id).filter(|taken| !taken.spent);
        taken.map(Taken::lines).unwrap_or_default()
    }

    /// What can still be returned of the points that an order spent, line by line.
    #[must_use]
    pub fn returnable(&self, order_id: OrderId) -> Vec<LinePoints> {
        let taken = self.taken_by(order_id).filter(|taken| taken.spent);
        taken.map(Taken::outstanding).unwrap_or_default()
    }

    /// What can still be taken back of the points that an order earned, line by line.
    #[must_use]
    pub fn takeable(&self, order_id: OrderId) -> Vec<LinePoints> {
        let lines = self.earned_by(order_id).map(|earned| earned.lines.iter());
        let lines = lines.into_iter().flatten().map(|line| LinePoints {
            order_item_id: line.order_item_id,
            points: line.left(),
        });
        lines.collect()
    }

    /// Takes so many from the lots that expire first; fewer when there are not so many. Lots whose time is
    /// over are passed over.
    pub(super) fn oldest_first(&self, points: Points, now: DateTime<Utc>) -> Vec<LotPoints> {
        let mut missing = points;
        let mut takes = Vec::new();
        for (expires_at, _, lot_id) in self.open.iter() {
            if missing.is_zero() {
                break;
            }
            let Some(lot) = self.lots.get(lot_id).filter(|_| *expires_at > now) else {
                continue;
            };
            let points = lot.remaining.min(missing);
            missing = missing.less(points);
            takes.push(LotPoints {
                lot_id: *lot_id,
                points,
            });
        }
        takes
    }

    pub(super) fn taken_by(&self, order_id: OrderId) -> Option<&Taken> {
        self.orders
            .get(&order_id)
            .and_then(|order| order.taken.as_ref())
    }

    pub(super) fn earned_by(&self, order_id: OrderId) -> Option<&Earned> {
        self.orders
            .get(&order_id)
            .and_then(|order| order.earned.as_ref())
    }

    pub(super) fn has_adjustment(&self, adjustment_id: AdjustmentId) -> bool {
        self.adjustments.contains_key(&adjustment_id)
    }

    /// All that the lots that are not forgotten ever had: a bound of every other sum.
    pub(super) fn earned(&self) -> Points {
        self.earned
    }
}
