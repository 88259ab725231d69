//! What each event makes of an account.

use chrono::{DateTime, Duration, Utc};

use super::PointsState;
use crate::ids::{LotId, OrderId};
use crate::points::RETURNABLE_DAYS;
use crate::points::amount::Points;
use crate::points::events::{GivenBack, PointsEvent};
use crate::points::lot::{Back, Found, Lot, LotOrigin};
use crate::points::orders::{Earned, EarnedLine, Kept, OrderPoints, Share, Taken};

impl PointsState {
    /// Folds one event.
    pub(in crate::points) fn fold(&mut self, event: &PointsEvent) {
        match event {
            PointsEvent::PointsEarned {
                order_id,
                lot_id,
                points,
                lines,
                earned_at,
                expires_at,
            } => {
                let origin = LotOrigin::Order(*order_id);
                self.open_lot(*lot_id, origin, *points, (*earned_at, *expires_at));
                self.lot_changes(*lot_id, |lot| lot.claims = 1);
                self.order_changes(*order_id, Some(*earned_at), |order| {
                    order.earned = Some(Earned {
                        lot_id: *lot_id,
                        lines: lines.iter().map(EarnedLine::new).collect(),
                        refunds: Vec::new(),
                    });
                });
                self.time_is(*earned_at);
            }
            PointsEvent::PointsHeld {
                order_id,
                allocations,
                held_at,
                ..
            } => {
                for part in allocations {
                    self.lot_changes(part.lot_id, |lot| {
                        lot.take(part.points);
                        lot.claims = lot.claims.saturating_add(1);
                    });
                }
                self.order_changes(*order_id, Some(*held_at), |order| {
                    order.taken = Some(Taken {
                        spent: false,
                        shares: allocations.iter().map(Share::new).collect(),
                        refunds: Vec::new(),
                    });
                });
                self.time_is(*held_at);
            }
            PointsEvent::PointsSpent { order_id, .. } => {
                self.order_changes(*order_id, None, |order| {
                    if let Some(taken) = &mut order.taken {
                        taken.spent = true;
                    }
                });
            }
            PointsEvent::PointsReleased {
                order_id,
                allocations,
                ..
            } => {
                for part in allocations {
                    self.comes_back(part, true);
                }
                self.order_changes(*order_id, None, |order| order.taken = None);
            }
            PointsEvent::PointsReturned {
                order_id,
                refund_id,
                allocations,
                ..
            } => {
                let mut taken = self.taken_by(*order_id).cloned();
                for part in allocations {
                    let last = taken.as_mut().is_some_and(|taken| {
                        taken.came_back(part.order_item_id, part.lot_id, part.points)
                    });
                    self.comes_back(part, last);
                }
                if let Some(taken) = &mut taken {
                    taken.refunds.push(*refund_id);
                }
                self.order_changes(*order_id, None, |order| order.taken = taken);
            }
            PointsEvent::PointsTakenBack {
                order_id,
                refund_id,
                lot_id,
                points,
                lines,
                unexpired,
                owed,
            } => {
                let found = Found {
                    unexpired: *unexpired,
                    owed: *owed,
                };
                self.lot_changes(*lot_id, |lot| lot.take_back(*points, found));
                self.order_changes(*order_id, None, |order| {
                    if let Some(earned) = &mut order.earned {
                        earned.take_back(lines);
                        earned.refunds.push(*refund_id);
                    }
                });
            }
            PointsEvent::PointsExpired {
                lot_id,
                points,
                expired_at,
            } => {
                self.lot_changes(*lot_id, |lot| lot.expire(*points));
                self.time_is(*expired_at);
            }
            PointsEvent::PointsAdjusted {
                adjustment_id,
                lots,
                adjusted_at,
                expires_at,
                ..
            } => {
                for part in lots {
                    if let Some(expires_at) = expires_at {
                        let origin = LotOrigin::Adjustment(*adjustment_id);
                        let times = (*adjusted_at, *expires_at);
                        self.open_lot(part.lot_id, origin, part.points, times);
                    } else {
                        let remains = Found {
                            unexpired: Points::ZERO,
                            owed: Points::ZERO,
                        };
                        self.lot_changes(part.lot_id, |lot| lot.take_back(part.points, remains));
                    }
                }
                self.adjustments.insert_mut(*adjustment_id, *adjusted_at);
                let kept = Kept::Adjustment(*adjustment_id);
                self.kept.insert_mut((*adjusted_at, kept));
                self.time_is(*adjusted_at);
            }
        }
    }

    fn open_lot(
        &mut self,
        lot_id: LotId,
        origin: LotOrigin,
        points: Points,
        (earned_at, expires_at): (DateTime<Utc>, DateTime<Utc>),
    ) {
        self.lots_made = self.lots_made.saturating_add(1);
        let lot = Lot {
            origin,
            earned: points,
            spent: Points::ZERO,
            expired: Points::ZERO,
            taken_back: Points::ZERO,
            remaining: points,
            owed: Points::ZERO,
            earned_at,
            expires_at,
            lapsed: false,
            number: self.lots_made,
            claims: 0,
        };
        self.put(lot_id, lot);
    }

    /// Points come back to their lot; `last` says that no more of this allocation can.
    fn comes_back(&mut self, part: &GivenBack, last: bool) {
        let back = Back {
            repaid: part.repaid,
            expired: part.expired,
        };
        self.lot_changes(part.lot_id, |lot| {
            lot.give_back(part.points, back);
            if last {
                lot.claims = lot.claims.saturating_sub(1);
            }
        });
    }

    /// Changes a lot that is kept, with the sums over all of them; one that is closed now is forgotten.
    fn lot_changes(&mut self, lot_id: LotId, change: impl FnOnce(&mut Lot)) {
        let Some(mut lot) = self.lots.get(&lot_id).cloned() else {
            return;
        };
        self.earned.lower(lot.earned);
        self.remaining.lower(lot.remaining);
        self.owed.lower(lot.owed);
        self.open.remove_mut(&(lot.expires_at, lot.number, lot_id));
        change(&mut lot);
        if lot.is_closed() {
            self.lots.remove_mut(&lot_id);
        } else {
            self.put(lot_id, lot);
        }
    }

    fn put(&mut self, lot_id: LotId, lot: Lot) {
        self.earned.raise(lot.earned);
        self.remaining.raise(lot.remaining);
        self.owed.raise(lot.owed);
        if !lot.remaining.is_zero() {
            self.open.insert_mut((lot.expires_at, lot.number, lot_id));
        }
        self.lots.insert_mut(lot_id, lot);
    }

    /// Changes what is remembered of an order, and for how long when it held or earned just now; one of
    /// which there is nothing left is forgotten.
    fn order_changes(
        &mut self,
        order_id: OrderId,
        now: Option<DateTime<Utc>>,
        change: impl FnOnce(&mut OrderPoints),
    ) {
        let known = self.orders.get(&order_id).cloned();
        let Some(mut order) = known.or_else(|| now.map(OrderPoints::since)) else {
            return;
        };
        self.kept.remove_mut(&(order.since, Kept::Order(order_id)));
        order.since = now.map_or(order.since, |now| order.since.max(now));
        change(&mut order);
        if order.taken.is_none() && order.earned.is_none() {
            self.orders.remove_mut(&order_id);
            return;
        }
        self.kept.insert_mut((order.since, Kept::Order(order_id)));
        self.orders.insert_mut(order_id, order);
    }

    /// Takes in how late it is, and forgets what is older than [`RETURNABLE_DAYS`]. An order that holds
    /// points is never forgotten: it will be paid or not.
    fn time_is(&mut self, now: DateTime<Utc>) {
        let latest = self.latest.map_or(now, |latest| latest.max(now));
        self.latest = Some(latest);
        let Some(limit) = latest.checked_sub_signed(Duration::days(RETURNABLE_DAYS)) else {
            return;
        };
        let old = self.kept.iter().take_while(|(since, _)| *since < limit);
        let old: Vec<(DateTime<Utc>, Kept)> = old.copied().collect();
        for (since, kept) in old {
            match kept {
                Kept::Adjustment(adjustment_id) => {
                    self.adjustments.remove_mut(&adjustment_id);
                }
                Kept::Order(order_id) => {
                    if self.orders.get(&order_id).is_some_and(OrderPoints::is_held) {
                        continue;
                    }
                    self.forget(order_id);
                }
            }
            self.kept.remove_mut(&(since, kept));
        }
    }

    fn forget(&mut self, order_id: OrderId) {
        let Some(order) = self.orders.get(&order_id).cloned() else {
            return;
        };
        self.orders.remove_mut(&order_id);
        let shares = order.taken.map(|taken| taken.shares).unwrap_or_default();
        let shares = shares
            .iter()
            .filter(|share| !share.outstanding().is_zero())
            .map(|share| share.lot_id);
        for lot_id in shares.chain(order.earned.map(|earned| earned.lot_id)) {
            self.lot_changes(lot_id, |lot| lot.claims = lot.claims.saturating_sub(1));
        }
    }
}
