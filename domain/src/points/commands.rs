//! What can be asked of an account of points.

use chrono::{DateTime, Utc};

use super::amount::Points;
use super::events::LinePoints;
use crate::ids::{AdjustmentId, LotId, OrderId, RefundId, UserId};

/// A command to an account of points. Lines with no points are as if they were not there.
#[derive(Clone, Debug)]
pub enum PointsCommand {
    /// An order was confirmed: its points are a new lot.
    Earn {
        /// Which order.
        order_id: OrderId,
        /// The lot's new id.
        lot_id: LotId,
        /// Which line earned how much.
        lines: Vec<LinePoints>,
        /// When.
        now: DateTime<Utc>,
        /// At this moment what remains of them expires.
        expires_at: DateTime<Utc>,
    },
    /// An order is to be paid with points: they are set aside.
    Hold {
        /// Which order.
        order_id: OrderId,
        /// How many: the sum of the lines.
        amount: Points,
        /// Which line they pay how much of.
        lines: Vec<LinePoints>,
        /// When.
        now: DateTime<Utc>,
    },
    /// The payment succeeded: what was held is spent.
    Spend {
        /// Which order.
        order_id: OrderId,
    },
    /// The payment failed or the order was cancelled unpaid: what was held goes back to its lots.
    Release {
        /// Which order.
        order_id: OrderId,
    },
    /// A refund gives back points that paid these lines.
    Return {
        /// Which order.
        order_id: OrderId,
        /// Which refund: a repeat of it does nothing.
        refund_id: RefundId,
        /// How many a line.
        lines: Vec<LinePoints>,
    },
    /// A refund takes back points that these lines earned.
    TakeBack {
        /// Which order.
        order_id: OrderId,
        /// Which refund: a repeat of it does nothing.
        refund_id: RefundId,
        /// How many a line.
        lines: Vec<LinePoints>,
    },
    /// A lot's time has come. What orders hold or have spent of it stays as it is.
    Expire {
        /// Which lot.
        lot_id: LotId,
        /// When.
        now: DateTime<Utc>,
    },
    /// An operator corrects the account.
    Adjust {
        /// The correction's new id: a repeat of it does nothing.
        adjustment_id: AdjustmentId,
        /// By how many points, up or down.
        delta: i64,
        /// Why: 1 to 200 characters.
        reason: String,
        /// Who.
        by: UserId,
        /// When the new points expire; none when points are taken.
        expires_at: Option<DateTime<Utc>>,
        /// When.
        now: DateTime<Utc>,
    },
}
