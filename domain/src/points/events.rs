//! What can have happened to an account of points. This is a storage format: see `golden/points/`.
//!
//! Each event says in numbers what it did to each lot, so that whoever folds it needs no rule.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::amount::Points;
use crate::ids::{AdjustmentId, LotId, OrderId, OrderItemId, RefundId, UserId};

/// Points of one line of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinePoints {
    /// Which line.
    pub order_item_id: OrderItemId,
    /// How many.
    pub points: Points,
}

/// Points of one lot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LotPoints {
    /// Which lot.
    pub lot_id: LotId,
    /// How many.
    pub points: Points,
}

/// Points of one lot that pay one line: the mapping is many to many.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Allocation {
    /// Which line.
    pub order_item_id: OrderItemId,
    /// Which lot.
    pub lot_id: LotId,
    /// How many.
    pub points: Points,
}

/// Points of one lot that paid one line and go back. What is neither repaid nor expired remains.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GivenBack {
    /// Which line.
    pub order_item_id: OrderItemId,
    /// Which lot.
    pub lot_id: LotId,
    /// How many.
    pub points: Points,
    /// Of these, those that pay what the lot owes.
    pub repaid: Points,
    /// Of these, those that expire at once, since the lot's time is over.
    pub expired: Points,
}

/// An event of an account of points.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum PointsEvent {
    /// A confirmed order earned a lot.
    PointsEarned {
        /// Which order.
        order_id: OrderId,
        /// The new lot.
        lot_id: LotId,
        /// How many: the sum of the lines.
        points: Points,
        /// Which line earned how much.
        lines: Vec<LinePoints>,
        /// When.
        earned_at: DateTime<Utc>,
        /// At this moment what remains of them expires.
        expires_at: DateTime<Utc>,
    },
    /// An order that is to be paid with points set them aside.
    PointsHeld {
        /// Which order.
        order_id: OrderId,
        /// How many.
        points: Points,
        /// Which of which lot pay which line.
        allocations: Vec<Allocation>,
        /// When.
        held_at: DateTime<Utc>,
    },
    /// The order is paid: what it held is spent.
    PointsSpent {
        /// Which order.
        order_id: OrderId,
        /// How many.
        points: Points,
    },
    /// The order is not paid: what it held went back.
    PointsReleased {
        /// Which order.
        order_id: OrderId,
        /// How many.
        points: Points,
        /// Where they went.
        allocations: Vec<GivenBack>,
    },
    /// A refund gave back what had paid these lines.
    PointsReturned {
        /// Which order.
        order_id: OrderId,
        /// Which refund.
        refund_id: RefundId,
        /// How many.
        points: Points,
        /// Where they went.
        allocations: Vec<GivenBack>,
    },
    /// A refund took back what these lines had earned.
    PointsTakenBack {
        /// Which order.
        order_id: OrderId,
        /// Which refund.
        refund_id: RefundId,
        /// The order's own lot.
        lot_id: LotId,
        /// How many: what is neither unexpired nor owed remained there.
        points: Points,
        /// Of which lines.
        lines: Vec<LinePoints>,
        /// Of these, those that had expired: they were never earned, so they never expired.
        unexpired: Points,
        /// Of these, those that were spent: the lot owes them.
        owed: Points,
    },
    /// A lot's time came: what remained of it expired, which may be nothing.
    PointsExpired {
        /// Which lot.
        lot_id: LotId,
        /// How many.
        points: Points,
        /// When.
        expired_at: DateTime<Utc>,
    },
    /// An operator corrected the account.
    PointsAdjusted {
        /// Under which id.
        adjustment_id: AdjustmentId,
        /// By how many points, up or down.
        delta: i64,
        /// Why.
        reason: String,
        /// Who.
        by: UserId,
        /// Upwards: the new lot. Downwards: the lots that they were taken from.
        lots: Vec<LotPoints>,
        /// When.
        adjusted_at: DateTime<Utc>,
        /// Upwards: when the new lot expires.
        expires_at: Option<DateTime<Utc>>,
    },
}

impl cqrs_es::DomainEvent for PointsEvent {
    fn event_type(&self) -> String {
        match self {
            Self::PointsEarned { .. } => "PointsEarned",
            Self::PointsHeld { .. } => "PointsHeld",
            Self::PointsSpent { .. } => "PointsSpent",
            Self::PointsReleased { .. } => "PointsReleased",
            Self::PointsReturned { .. } => "PointsReturned",
            Self::PointsTakenBack { .. } => "PointsTakenBack",
            Self::PointsExpired { .. } => "PointsExpired",
            Self::PointsAdjusted { .. } => "PointsAdjusted",
        }
        .to_owned()
    }

    fn event_version(&self) -> String {
        "1".to_owned()
    }
}
