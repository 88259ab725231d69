//! What is said about points. The records of lines and lots are the events' own: their fields stand in the
//! schemas' order.

use domain::points::{Allocation, GivenBack, LinePoints, LotPoints, Points, PointsEvent};
use domain::{AdjustmentId, LotId, OrderId, RefundId};
use serde::Serialize;

use super::{Body, Translation, millis};

#[derive(Clone, Debug, Serialize)]
pub(crate) struct Earned {
    user_id: String,
    order_id: OrderId,
    lot_id: LotId,
    points: Points,
    lines: Vec<LinePoints>,
    expires_at: i64,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct Held {
    user_id: String,
    order_id: OrderId,
    points: Points,
    allocations: Vec<Allocation>,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct Spent {
    user_id: String,
    order_id: OrderId,
    points: Points,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct Released {
    user_id: String,
    order_id: OrderId,
    points: Points,
    allocations: Vec<GivenBack>,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct Returned {
    user_id: String,
    order_id: OrderId,
    refund_id: RefundId,
    points: Points,
    allocations: Vec<GivenBack>,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct TakenBack {
    user_id: String,
    order_id: OrderId,
    refund_id: RefundId,
    lot_id: LotId,
    points: Points,
    lines: Vec<LinePoints>,
    unexpired: Points,
    owed: Points,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct Expired {
    user_id: String,
    lot_id: LotId,
    points: Points,
}

/// The reason and the operator stay in the house.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Adjusted {
    user_id: String,
    adjustment_id: AdjustmentId,
    delta: i64,
    lots: Vec<LotPoints>,
    expires_at: Option<i64>,
}

/// Everything that happens to points is public.
pub(crate) fn translate(user_id: &str, event: &PointsEvent) -> Translation {
    let user_id = user_id.to_owned();
    match event.clone() {
        PointsEvent::PointsEarned {
            order_id,
            lot_id,
            points,
            lines,
            earned_at: _,
            expires_at,
        } => {
            let earned = Earned {
                user_id,
                order_id,
                lot_id,
                points,
                lines,
                expires_at: millis(expires_at),
            };
            ("POINTS_EARNED", Body::PointsEarned(earned))
        }
        PointsEvent::PointsHeld {
            order_id,
            points,
            allocations,
            held_at: _,
        } => {
            let held = Held {
                user_id,
                order_id,
                points,
                allocations,
            };
            ("POINTS_HELD", Body::PointsHeld(held))
        }
        PointsEvent::PointsSpent { order_id, points } => {
            let spent = Spent {
                user_id,
                order_id,
                points,
            };
            ("POINTS_SPENT", Body::PointsSpent(spent))
        }
        PointsEvent::PointsReleased {
            order_id,
            points,
            allocations,
        } => {
            let released = Released {
                user_id,
                order_id,
                points,
                allocations,
            };
            ("POINTS_RELEASED", Body::PointsReleased(released))
        }
        PointsEvent::PointsReturned {
            order_id,
            refund_id,
            points,
            allocations,
        } => {
            let returned = Returned {
                user_id,
                order_id,
                refund_id,
                points,
                allocations,
            };
            ("POINTS_RETURNED", Body::PointsReturned(returned))
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
            let taken_back = TakenBack {
                user_id,
                order_id,
                refund_id,
                lot_id,
                points,
                lines,
                unexpired,
                owed,
            };
            ("POINTS_TAKEN_BACK", Body::PointsTakenBack(taken_back))
        }
        PointsEvent::PointsExpired {
            lot_id,
            points,
            expired_at: _,
        } => {
            let expired = Expired {
                user_id,
                lot_id,
                points,
            };
            ("POINTS_EXPIRED", Body::PointsExpired(expired))
        }
        PointsEvent::PointsAdjusted {
            adjustment_id,
            delta,
            reason: _,
            by: _,
            lots,
            adjusted_at: _,
            expires_at,
        } => {
            let adjusted = Adjusted {
                user_id,
                adjustment_id,
                delta,
                lots,
                expires_at: expires_at.map(millis),
            };
            ("POINTS_ADJUSTED", Body::PointsAdjusted(adjusted))
        }
    }
}
