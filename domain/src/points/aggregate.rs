//! The rules of an account of points.

use std::collections::BTreeSet;

use chrono::{DateTime, Duration, Utc};

use super::amount::Points;
use super::commands::PointsCommand;
use super::error::PointsError;
use super::events::{LinePoints, LotPoints, PointsEvent};
use super::hold::{hold, withdrawable};
use super::refund::{give_back, release, take_back};
use super::state::PointsState;
use crate::decider::Decider;
use crate::ids::{AdjustmentId, LotId, OrderId, UserId};
use crate::order::Order;

/// The most points of one correction: whoever means more has mistyped.
const ADJUSTMENT_MAX_POINTS: u64 = 10_000_000;
/// The most characters of a correction's reason.
const REASON_MAX_CHARS: usize = 200;
/// The longest that a lot may be valid: ten years.
const VALID_MAX_DAYS: i64 = 3_650;

/// The rules.
pub struct PointAccount;

impl Decider for PointAccount {
    const TYPE: &'static str = "points";
    const STATE_VERSION: u32 = 1;
    type State = PointsState;
    type Command = PointsCommand;
    type Event = PointsEvent;
    type Error = PointsError;

    fn decide(
        state: &PointsState,
        command: PointsCommand,
    ) -> Result<Vec<PointsEvent>, PointsError> {
        match command {
            PointsCommand::Earn {
                order_id,
                lot_id,
                lines,
                now,
                expires_at,
            } => earn(state, order_id, lot_id, lines, (now, expires_at)),
            PointsCommand::Hold {
                order_id,
                amount,
                lines,
                now,
            } => hold(state, order_id, amount, lines, now),
            PointsCommand::Spend { order_id } => spend(state, order_id),
            PointsCommand::Release { order_id } => release(state, order_id),
            PointsCommand::Return {
                order_id,
                refund_id,
                lines,
            } => give_back(state, order_id, refund_id, lines),
            PointsCommand::TakeBack {
                order_id,
                refund_id,
                lines,
            } => take_back(state, order_id, refund_id, lines),
            PointsCommand::Expire { lot_id, now } => Ok(expire(state, lot_id, now)),
            PointsCommand::Adjust {
                adjustment_id,
                delta,
                reason,
                by,
                expires_at,
                now,
            } => {
                let adjustment = Adjustment {
                    adjustment_id,
                    delta,
                    reason,
                    by,
                    expires_at,
                    now,
                };
                adjust(state, adjustment)
            }
        }
    }

    fn evolve(state: &mut PointsState, event: &PointsEvent) {
        state.fold(event);
    }
}

/// The lines that have points, and their sum: each named once, and no more of them than an order may have.
pub(super) fn checked(lines: Vec<LinePoints>) -> Result<(Vec<LinePoints>, Points), PointsError> {
    let named: BTreeSet<_> = lines.iter().map(|line| line.order_item_id).collect();
    if named.len() != lines.len() || lines.len() > Order::LINES_MAX {
        return Err(PointsError::Invalid {
            field: "lines",
            reason: "each line once, and at most as many as an order may have",
        });
    }
    let lines = lines.into_iter().filter(|line| !line.points.is_zero());
    let lines: Vec<LinePoints> = lines.collect();
    let sum = Points::sum(lines.iter().map(|line| line.points))?;
    Ok((lines, sum))
}

fn earn(
    state: &PointsState,
    order_id: OrderId,
    lot_id: LotId,
    lines: Vec<LinePoints>,
    (earned_at, expires_at): (DateTime<Utc>, DateTime<Utc>),
) -> Result<Vec<PointsEvent>, PointsError> {
    let (lines, points) = checked(lines)?;
    if state.earned_by(order_id).is_some() || points.is_zero() {
        return Ok(vec![]);
    }
    check_new_lot(state, lot_id, points, (earned_at, expires_at))?;
    Ok(vec![PointsEvent::PointsEarned {
        order_id,
        lot_id,
        points,
        lines,
        earned_at,
        expires_at,
    }])
}

fn check_new_lot(
    state: &PointsState,
    lot_id: LotId,
    points: Points,
    (earned_at, expires_at): (DateTime<Utc>, DateTime<Utc>),
) -> Result<(), PointsError> {
    if state.lot(lot_id).is_some() {
        return Err(PointsError::LotExists);
    }
    if expires_at <= earned_at || expires_at - earned_at > Duration::days(VALID_MAX_DAYS) {
        return Err(PointsError::Invalid {
            field: "expiresAt",
            reason: "in the future, and within ten years",
        });
    }
    // Every sum over the lots is bounded by what they ever had.
    state.earned().plus(points)?;
    Ok(())
}

fn spend(state: &PointsState, order_id: OrderId) -> Result<Vec<PointsEvent>, PointsError> {
    let taken = state.taken_by(order_id).ok_or(PointsError::NoSuchHold)?;
    if taken.spent {
        return Ok(vec![]);
    }
    let points = Points::sum(taken.shares.iter().map(|share| share.points))?;
    Ok(vec![PointsEvent::PointsSpent { order_id, points }])
}

/// Nothing to a lot that is forgotten, has expired already, or whose time has not come. A lot of which
/// nothing remains expires too: what comes back to it later must expire at once.
fn expire(state: &PointsState, lot_id: LotId, now: DateTime<Utc>) -> Vec<PointsEvent> {
    let lot = state.lot(lot_id);
    let due = lot.filter(|lot| !lot.lapsed && lot.expires_at <= now);
    let event = due.map(|lot| PointsEvent::PointsExpired {
        lot_id,
        points: lot.remaining,
        expired_at: now,
    });
    event.into_iter().collect()
}

/// The fields of [`PointsCommand::Adjust`].
struct Adjustment {
    adjustment_id: AdjustmentId,
    delta: i64,
    reason: String,
    by: UserId,
    expires_at: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
}

fn adjust(state: &PointsState, adjustment: Adjustment) -> Result<Vec<PointsEvent>, PointsError> {
    let Adjustment {
        adjustment_id,
        delta,
        reason,
        by,
        expires_at,
        now,
    } = adjustment;
    let invalid = |field, reason| Err(PointsError::Invalid { field, reason });
    if state.has_adjustment(adjustment_id) {
        return Ok(vec![]);
    }
    if delta == 0 || delta.unsigned_abs() > ADJUSTMENT_MAX_POINTS {
        let reason = "a whole number from -10 000 000 to 10 000 000, not 0";
        return invalid("delta", reason);
    }
    if reason.trim().is_empty() || reason.chars().count() > REASON_MAX_CHARS {
        return invalid("reason", "1 to 200 characters");
    }
    let points = Points::new(delta.saturating_abs())?;
    let lots = match (delta > 0, expires_at) {
        (true, Some(expires_at)) => {
            let lot_id = LotId::new(adjustment_id.uuid());
            check_new_lot(state, lot_id, points, (now, expires_at))?;
            vec![LotPoints { lot_id, points }]
        }
        (false, None) => withdrawable(state, points, now)?,
        (true, None) => return invalid("expiresAt", "needed for points that are given"),
        (false, Some(_)) => return invalid("expiresAt", "not for points that are taken"),
    };
    Ok(vec![PointsEvent::PointsAdjusted {
        adjustment_id,
        delta,
        reason,
        by,
        lots,
        adjusted_at: now,
        expires_at,
    }])
}
