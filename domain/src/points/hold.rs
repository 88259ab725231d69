//! Setting points aside for an order: which lots pay which lines.

use chrono::{DateTime, Utc};

use super::ALLOCATIONS_MAX;
use super::amount::Points;
use super::error::PointsError;
use super::events::{Allocation, LinePoints, LotPoints, PointsEvent};
use super::state::PointsState;
use crate::ids::OrderId;

pub(super) fn hold(
    state: &PointsState,
    order_id: OrderId,
    amount: Points,
    lines: Vec<LinePoints>,
    now: DateTime<Utc>,
) -> Result<Vec<PointsEvent>, PointsError> {
    let (lines, sum) = super::aggregate::checked(lines)?;
    if sum != amount {
        return Err(PointsError::Invalid {
            field: "points",
            reason: "the sum of the lines",
        });
    }
    if let Some(taken) = state.taken_by(order_id) {
        return if taken.lines() == lines {
            Ok(vec![])
        } else {
            Err(PointsError::AlreadyHeld)
        };
    }
    if amount.is_zero() {
        return Ok(vec![]);
    }
    let lots = withdrawable(state, amount, now)?;
    let allocations = lay(lots, lines);
    if allocations.len() > ALLOCATIONS_MAX {
        return Err(too_scattered());
    }
    Ok(vec![PointsEvent::PointsHeld {
        order_id,
        points: amount,
        allocations,
        held_at: now,
    }])
}

/// So many points of the lots that expire first, if so many can be spent now.
pub(super) fn withdrawable(
    state: &PointsState,
    points: Points,
    now: DateTime<Utc>,
) -> Result<Vec<LotPoints>, PointsError> {
    let spendable = state.spendable(now);
    if points > spendable {
        return Err(PointsError::Insufficient {
            requested: points,
            spendable,
        });
    }
    let lots = state.oldest_first(points, now);
    if lots.len() > ALLOCATIONS_MAX {
        return Err(too_scattered());
    }
    Ok(lots)
}

fn too_scattered() -> PointsError {
    PointsError::TooScattered {
        max: ALLOCATIONS_MAX,
    }
}

/// Lays the lots over the lines, both in their order: each line is paid by the next points. Both have the
/// same sum.
fn lay(lots: Vec<LotPoints>, lines: Vec<LinePoints>) -> Vec<Allocation> {
    let mut allocations = Vec::with_capacity(lots.len() + lines.len());
    let mut lots = lots.into_iter();
    let mut lot = lots.next();
    for line in lines {
        let mut missing = line.points;
        while let Some(from) = lot.as_mut().filter(|_| !missing.is_zero()) {
            let points = from.points.min(missing);
            allocations.push(Allocation {
                order_item_id: line.order_item_id,
                lot_id: from.lot_id,
                points,
            });
            missing = missing.less(points);
            from.points = from.points.less(points);
            if from.points.is_zero() {
                lot = lots.next();
            }
        }
    }
    allocations
}
