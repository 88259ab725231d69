//! What a refund does, and a payment that failed: points go back where they came from.

use std::collections::BTreeMap;

use super::amount::Points;
use super::error::PointsError;
use super::events::{GivenBack, LinePoints, PointsEvent};
use super::lot::Lot;
use super::orders::Share;
use super::state::PointsState;
use crate::ids::{LotId, OrderId, RefundId};

pub(super) fn release(
    state: &PointsState,
    order_id: OrderId,
) -> Result<Vec<PointsEvent>, PointsError> {
    let Some(taken) = state.taken_by(order_id) else {
        return Ok(vec![]);
    };
    if taken.spent {
        return Err(PointsError::AlreadySpent);
    }
    let points = Points::sum(taken.shares.iter().map(|share| share.points))?;
    let mut lots = Lots::of(state);
    let allocations = taken.shares.iter();
    let allocations = allocations.filter_map(|share| lots.give_back(share, share.points));
    Ok(vec![PointsEvent::PointsReleased {
        order_id,
        points,
        allocations: allocations.collect(),
    }])
}

pub(super) fn give_back(
    state: &PointsState,
    order_id: OrderId,
    refund_id: RefundId,
    lines: Vec<LinePoints>,
) -> Result<Vec<PointsEvent>, PointsError> {
    let (lines, points) = super::aggregate::checked(lines)?;
    let taken = state.taken_by(order_id).filter(|taken| taken.spent);
    if points.is_zero() || taken.is_some_and(|taken| taken.refunds.contains(&refund_id)) {
        return Ok(vec![]);
    }
    let shares = taken.map_or(&[][..], |taken| taken.shares.as_slice());
    let mut lots = Lots::of(state);
    let mut allocations = Vec::new();
    for line in lines {
        let shares = shares
            .iter()
            .filter(|share| share.order_item_id == line.order_item_id);
        let mut shares: Vec<&Share> = shares.collect();
        // The latest expiry first: the reverse of how they were taken.
        shares.sort_by_key(|share| std::cmp::Reverse(state.lot(share.lot_id).map(Lot::rank)));
        let returnable = Points::sum(shares.iter().map(|share| share.outstanding()))?;
        if line.points > returnable {
            return Err(PointsError::NotReturnable {
                order_item_id: line.order_item_id,
                returnable,
            });
        }
        let mut missing = line.points;
        for share in shares {
            let points = share.outstanding().min(missing);
            missing = missing.less(points);
            allocations.extend(lots.give_back(share, points));
        }
    }
    Ok(vec![PointsEvent::PointsReturned {
        order_id,
        refund_id,
        points,
        allocations,
    }])
}

pub(super) fn take_back(
    state: &PointsState,
    order_id: OrderId,
    refund_id: RefundId,
    lines: Vec<LinePoints>,
) -> Result<Vec<PointsEvent>, PointsError> {
    let (lines, points) = super::aggregate::checked(lines)?;
    let earned = state.earned_by(order_id);
    if points.is_zero() || earned.is_some_and(|earned| earned.refunds.contains(&refund_id)) {
        return Ok(vec![]);
    }
    for line in &lines {
        let known = earned.map_or(&[][..], |earned| earned.lines.as_slice());
        let mut known = known.iter();
        let known = known.find(|known| known.order_item_id == line.order_item_id);
        let left = known.map_or(Points::ZERO, |known| known.left());
        if line.points > left {
            return Err(PointsError::NotEarned {
                order_item_id: line.order_item_id,
                earned: left,
            });
        }
    }
    let lot = earned.and_then(|earned| Some((earned.lot_id, state.lot(earned.lot_id)?)));
    let Some((lot_id, lot)) = lot else {
        // The order's record keeps its lot, so this is for the type alone.
        return Ok(vec![]);
    };
    let found = lot.where_found(points);
    Ok(vec![PointsEvent::PointsTakenBack {
        order_id,
        refund_id,
        lot_id,
        points,
        lines,
        unexpired: found.unexpired,
        owed: found.owed,
    }])
}

/// The lots as the allocations that were already decided leave them: one command may give back to one lot
/// several times.
struct Lots<'a> {
    state: &'a PointsState,
    changed: BTreeMap<LotId, Lot>,
}

impl<'a> Lots<'a> {
    fn of(state: &'a PointsState) -> Self {
        Self {
            state,
            changed: BTreeMap::new(),
        }
    }

    /// Gives points back to the lot that they came from; `None` when there are none.
    fn give_back(&mut self, share: &Share, points: Points) -> Option<GivenBack> {
        if points.is_zero() {
            return None;
        }
        let lot_id = share.lot_id;
        let mut lot = match self.changed.get(&lot_id) {
            Some(lot) => lot.clone(),
            None => self.state.lot(lot_id)?.clone(),
        };
        let back = lot.where_back(points);
        lot.give_back(points, back);
        self.changed.insert(lot_id, lot);
        Some(GivenBack {
            order_item_id: share.order_item_id,
            lot_id,
            points,
            repaid: back.repaid,
            expired: back.expired,
        })
    }
}
