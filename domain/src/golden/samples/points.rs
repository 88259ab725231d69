//! A user's points.

use super::Cases;
use crate::mothers::{
    adjustment_id, at, line_points, lot_id, order_id, order_item_id, points, refund_id, user,
};
use crate::points::{Allocation, GivenBack, LotPoints, PointsEvent};

pub(super) fn cases() -> Cases<PointsEvent> {
    let (order_id, refund_id) = (order_id(1), refund_id(1));
    let allocation = |line, lot, number| Allocation {
        order_item_id: order_item_id(line),
        lot_id: lot_id(lot),
        points: points(number),
    };
    let back = |line, lot, number, repaid, expired| GivenBack {
        order_item_id: order_item_id(line),
        lot_id: lot_id(lot),
        points: points(number),
        repaid: points(repaid),
        expired: points(expired),
    };
    let lot = |lot, number| LotPoints {
        lot_id: lot_id(lot),
        points: points(number),
    };
    let adjusted = |delta, lots, expires_at| PointsEvent::PointsAdjusted {
        adjustment_id: adjustment_id(1),
        delta,
        reason: "배송 지연 보상".to_owned(),
        by: user("olga"),
        lots,
        adjusted_at: at(5),
        expires_at,
    };
    vec![
        (
            None,
            PointsEvent::PointsEarned {
                order_id,
                lot_id: lot_id(1),
                points: points(300),
                lines: line_points(&[(1, 100), (2, 200)]),
                earned_at: at(31),
                expires_at: at(525_631),
            },
        ),
        (
            None,
            PointsEvent::PointsHeld {
                order_id,
                points: points(120),
                allocations: vec![
                    allocation(1, 1, 70),
                    allocation(1, 2, 10),
                    allocation(2, 2, 40),
                ],
                held_at: at(1),
            },
        ),
        (
            None,
            PointsEvent::PointsSpent {
                order_id,
                points: points(120),
            },
        ),
        (
            None,
            PointsEvent::PointsReleased {
                order_id,
                points: points(120),
                allocations: vec![back(1, 1, 80, 0, 80), back(2, 2, 40, 0, 0)],
            },
        ),
        (
            None,
            PointsEvent::PointsReturned {
                order_id,
                refund_id,
                points: points(50),
                allocations: vec![back(1, 2, 10, 0, 0), back(1, 1, 40, 30, 0)],
            },
        ),
        (
            None,
            PointsEvent::PointsTakenBack {
                order_id,
                refund_id,
                lot_id: lot_id(1),
                points: points(150),
                lines: line_points(&[(1, 100), (2, 50)]),
                unexpired: points(20),
                owed: points(30),
            },
        ),
        (
            None,
            PointsEvent::PointsExpired {
                lot_id: lot_id(1),
                points: points(180),
                expired_at: at(525_631),
            },
        ),
        (None, adjusted(30, vec![lot(3, 30)], Some(at(525_600)))),
        (
            Some("downwards"),
            adjusted(-45, vec![lot(3, 30), lot(1, 15)], None),
        ),
    ]
}
