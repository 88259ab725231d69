//! Samples of the events of an account of points.

use domain::points::{Allocation, GivenBack, LinePoints, LotPoints, Points, PointsEvent};
use domain::{AdjustmentId, LotId, OrderItemId, RefundId};
use uuid::Uuid;

use crate::samples::{moment, order, user};

fn id(number: u128) -> Uuid {
    Uuid::from_u128(0x0193_cccc_dddd_7eee_8fff_0000_0000_0000 + number)
}

fn points(number: i64) -> Points {
    Points::new(number).unwrap()
}

fn item(number: u128) -> OrderItemId {
    OrderItemId::new(id(100 + number))
}

fn lot(number: u128) -> LotId {
    LotId::new(id(number))
}

fn line(number: u128, of: i64) -> LinePoints {
    LinePoints {
        order_item_id: item(number),
        points: points(of),
    }
}

fn back(line: u128, of: u128, number: i64, repaid: i64, expired: i64) -> GivenBack {
    GivenBack {
        order_item_id: item(line),
        lot_id: lot(of),
        points: points(number),
        repaid: points(repaid),
        expired: points(expired),
    }
}

pub(crate) fn points_events() -> Vec<PointsEvent> {
    let (order_id, refund_id) = (order(), RefundId::new(id(50)));
    let adjusted = |delta, lots, expires_at| PointsEvent::PointsAdjusted {
        adjustment_id: AdjustmentId::new(id(60)),
        delta,
        reason: "the parcel of Park was late".to_owned(),
        by: user(),
        lots,
        adjusted_at: moment("2025-03-01T09:30:00Z"),
        expires_at,
    };
    let of_lot = |number, of| LotPoints {
        lot_id: lot(number),
        points: points(of),
    };
    let pays = |line, of, number| Allocation {
        order_item_id: item(line),
        lot_id: lot(of),
        points: points(number),
    };
    vec![
        PointsEvent::PointsEarned {
            order_id,
            lot_id: lot(1),
            points: points(300),
            lines: vec![line(1, 258), line(2, 42)],
            earned_at: moment("2025-03-01T09:30:00Z"),
            expires_at: moment("2026-03-01T09:30:00Z"),
        },
        PointsEvent::PointsHeld {
            order_id,
            points: points(120),
            allocations: vec![pays(1, 1, 70), pays(1, 2, 10), pays(2, 2, 40)],
            held_at: moment("2025-03-01T09:30:00Z"),
        },
        PointsEvent::PointsSpent {
            order_id,
            points: points(120),
        },
        PointsEvent::PointsReleased {
            order_id,
            points: points(120),
            allocations: vec![back(1, 1, 80, 0, 80), back(2, 2, 40, 0, 0)],
        },
        PointsEvent::PointsReturned {
            order_id,
            refund_id,
            points: points(50),
            allocations: vec![back(1, 2, 10, 0, 0), back(1, 1, 40, 30, 0)],
        },
        PointsEvent::PointsTakenBack {
            order_id,
            refund_id,
            lot_id: lot(1),
            points: points(150),
            lines: vec![line(1, 129), line(2, 21)],
            unexpired: points(20),
            owed: points(30),
        },
        PointsEvent::PointsExpired {
            lot_id: lot(1),
            points: points(180),
            expired_at: moment("2026-03-01T09:30:00Z"),
        },
        adjusted(
            30,
            vec![of_lot(3, 30)],
            Some(moment("2026-03-01T00:00:00Z")),
        ),
        adjusted(-45, vec![of_lot(3, 30), of_lot(1, 15)], None),
    ]
}
