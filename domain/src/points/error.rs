//! Why an account of points refuses.

use super::amount::{Points, PointsRangeError};
use crate::ids::OrderItemId;

/// A refusal of an account of points.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PointsError {
    /// Fewer points can be spent than are asked for.
    #[error("{requested} points asked for, {spendable} can be spent")]
    Insufficient {
        /// How many were asked for.
        requested: Points,
        /// How many can be spent now.
        spendable: Points,
    },
    /// The order holds other points already.
    #[error("the order holds other points already")]
    AlreadyHeld,
    /// The order holds no points.
    #[error("the order holds no points")]
    NoSuchHold,
    /// The order is paid: what it spent is only returned.
    #[error("the order's points are spent already")]
    AlreadySpent,
    /// More than this line can still get back.
    #[error("{returnable} points of line {order_item_id} can be returned")]
    NotReturnable {
        /// Which line.
        order_item_id: OrderItemId,
        /// How many can still be returned.
        returnable: Points,
    },
    /// More than this line earned and still has.
    #[error("{earned} points of line {order_item_id} can be taken back")]
    NotEarned {
        /// Which line.
        order_item_id: OrderItemId,
        /// How many can still be taken back.
        earned: Points,
    },
    /// The points would come from too many lots.
    #[error("the points are in too many lots to be spent at once, at most {max}")]
    TooScattered {
        /// The limit.
        max: usize,
    },
    /// The id of a new lot is another's.
    #[error("the lot exists already")]
    LotExists,
    /// More points than an account may hold.
    #[error(transparent)]
    OutOfRange(#[from] PointsRangeError),
    /// A field is out of its bounds.
    #[error("{field}: {reason}")]
    Invalid {
        /// The field, as in the API.
        field: &'static str,
        /// What is wrong with it.
        reason: &'static str,
    },
}

impl PointsError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Insufficient { .. } => "INSUFFICIENT_POINTS",
            Self::AlreadyHeld => "POINTS_ALREADY_HELD",
            Self::NoSuchHold => "NO_SUCH_POINTS_HOLD",
            Self::AlreadySpent => "POINTS_ALREADY_SPENT",
            Self::NotReturnable { .. } => "POINTS_NOT_RETURNABLE",
            Self::NotEarned { .. } => "POINTS_NOT_EARNED",
            Self::TooScattered { .. } => "POINTS_TOO_SCATTERED",
            Self::LotExists => "POINT_LOT_ALREADY_EXISTS",
            Self::OutOfRange(_) => "POINTS_OUT_OF_RANGE",
            Self::Invalid { .. } => "VALIDATION_FAILED",
        }
    }
}
