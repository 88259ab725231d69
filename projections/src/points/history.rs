//! What a user is shown of an event of their points.

use domain::points::{GivenBack, PointsEvent};
use serde_json::{Value, json};
use uuid::Uuid;

use super::rows::HistoryRow;
use crate::error::ProjectionError;
use crate::projector::Event;

/// The parts of a row that the event itself says.
struct Entry {
    kind: &'static str,
    points: i64,
    change: i64,
    order_id: Option<Uuid>,
    lot_id: Option<Uuid>,
    detail: Value,
}

/// The row of an event; `None` when it is no news.
pub(super) fn row(
    user_id: &str,
    event: &Event,
    points_event: &PointsEvent,
) -> Result<Option<HistoryRow>, ProjectionError> {
    let entry = entry(points_event);
    if entry.points == 0 {
        return Ok(None);
    }
    Ok(Some(HistoryRow {
        user_id: user_id.to_owned(),
        position: event.position()?,
        kind: entry.kind.to_owned(),
        points: entry.points,
        change: entry.change,
        order_id: entry.order_id,
        lot_id: entry.lot_id,
        detail: entry.detail,
        at: event.at(),
    }))
}

fn entry(event: &PointsEvent) -> Entry {
    match event {
        PointsEvent::PointsEarned {
            order_id,
            lot_id,
            points,
            expires_at,
            ..
        } => Entry {
            lot_id: Some(lot_id.uuid()),
            detail: json!({ "expiresAt": expires_at }),
            ..of_order("EARNED", order_id.uuid(), points.get(), points.get())
        },
        PointsEvent::PointsHeld {
            order_id, points, ..
        } => of_order("HELD", order_id.uuid(), points.get(), -points.get()),
        PointsEvent::PointsSpent { order_id, points } => {
            of_order("SPENT", order_id.uuid(), points.get(), 0)
        }
        PointsEvent::PointsReleased {
            order_id,
            points,
            allocations,
        } => {
            let expired = expired(allocations);
            let change = points.get() - expired;
            Entry {
                detail: json!({ "expired": expired }),
                ..of_order("RELEASED", order_id.uuid(), points.get(), change)
            }
        }
        PointsEvent::PointsReturned {
            order_id,
            refund_id,
            points,
            allocations,
        } => {
            let expired = expired(allocations);
            let change = points.get() - expired;
            Entry {
                detail: json!({ "refundId": refund_id, "expired": expired }),
                ..of_order("RETURNED", order_id.uuid(), points.get(), change)
            }
        }
        PointsEvent::PointsTakenBack {
            order_id,
            refund_id,
            lot_id,
            points,
            unexpired,
            owed,
            ..
        } => {
            let change = unexpired.get() - points.get();
            Entry {
                lot_id: Some(lot_id.uuid()),
                detail: json!({ "refundId": refund_id, "owed": owed }),
                ..of_order("TAKEN_BACK", order_id.uuid(), points.get(), change)
            }
        }
        PointsEvent::PointsExpired { lot_id, points, .. } => Entry {
            kind: "EXPIRED",
            points: points.get(),
            change: -points.get(),
            order_id: None,
            lot_id: Some(lot_id.uuid()),
            detail: json!({}),
        },
        PointsEvent::PointsAdjusted {
            delta,
            reason,
            expires_at,
            ..
        } => Entry {
            kind: "ADJUSTED",
            points: delta.saturating_abs(),
            change: *delta,
            order_id: None,
            lot_id: None,
            detail: json!({ "reason": reason, "expiresAt": expires_at }),
        },
    }
}

fn of_order(kind: &'static str, order_id: Uuid, points: i64, change: i64) -> Entry {
    Entry {
        kind,
        points,
        change,
        order_id: Some(order_id),
        lot_id: None,
        detail: json!({}),
    }
}

fn expired(allocations: &[GivenBack]) -> i64 {
    allocations.iter().map(|part| part.expired.get()).sum()
}
