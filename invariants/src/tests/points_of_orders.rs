//! 8: what an order says of its buyer's points, beside what their account says.

use domain::order::OrderEvent;
use domain::payment::PaymentEvent;
use domain::points::{Allocation, GivenBack, LinePoints, Points, PointsEvent};
use domain::{DomainEvent, LotId, OrderItemId};
use uuid::Uuid;

use super::story::{
    Story, TOTAL, at, cancelled, krw, order, paid, payment, refund, refund_requested,
    refund_started, requested, succeeded, user,
};
use crate::Invariant;

/// What of the order's 1 000 won points pay.
const WITH_POINTS: i64 = 300;

fn points(number: i64) -> Points {
    Points::new(number).unwrap()
}

fn lot() -> LotId {
    LotId::new(Uuid::from_u128(1))
}

fn item(number: u128) -> OrderItemId {
    OrderItemId::new(Uuid::from_u128(number))
}

fn held(number: i64) -> PointsEvent {
    PointsEvent::PointsHeld {
        order_id: order(1),
        points: points(number),
        // One lot pays two lines.
        allocations: [(1, number - 50), (2, 50)]
            .map(|(line, number)| Allocation {
                order_item_id: item(line),
                lot_id: lot(),
                points: points(number),
            })
            .to_vec(),
        held_at: at(1),
    }
}

fn spent(number: i64) -> PointsEvent {
    PointsEvent::PointsSpent {
        order_id: order(1),
        points: points(number),
    }
}

fn back(line: u128, number: i64) -> GivenBack {
    GivenBack {
        order_item_id: item(line),
        lot_id: lot(),
        points: points(number),
        repaid: Points::ZERO,
        expired: Points::ZERO,
    }
}

fn released(number: i64) -> PointsEvent {
    PointsEvent::PointsReleased {
        order_id: order(1),
        points: points(number),
        allocations: vec![back(1, number - 50), back(2, 50)],
    }
}

fn returned(number: i64) -> PointsEvent {
    PointsEvent::PointsReturned {
        order_id: order(1),
        refund_id: refund(1),
        points: points(number),
        allocations: vec![back(1, number)],
    }
}

impl Story {
    fn points(&mut self, event: PointsEvent) -> &mut Self {
        let recorded = self.next("zoe", DomainEvent::Points(event));
        self.apply(&recorded);
        self
    }

    /// Order 1 of Zoe is to be paid with 300 points and 700 won; so many does her account set aside.
    fn begins(hold: i64) -> Self {
        let mut story = Self::new();
        story.open_shop();
        story
            .points(PointsEvent::PointsEarned {
                order_id: order(9),
                lot_id: lot(),
                points: points(1_000),
                lines: vec![LinePoints {
                    order_item_id: OrderItemId::new(Uuid::from_u128(9)),
                    points: points(1_000),
                }],
                earned_at: at(0),
                expires_at: at(90_000),
            })
            .commit();
        story.place(1);
        let payable = krw(TOTAL - WITH_POINTS);
        let applied = OrderEvent::OrderPointsApplied {
            points: WITH_POINTS,
            payable,
        };
        let payment_id = payment(1);
        story.order(1, applied).points(held(hold));
        story.order(1, OrderEvent::OrderPaymentStarted { payment_id });
        story.payment(1, requested(1, payable)).commit();
        story
    }

    /// It is paid; and whether the account says that the points are spent.
    fn is_paid(&mut self, is_spent: bool) -> &mut Self {
        let payable = krw(TOTAL - WITH_POINTS);
        self.payment(1, succeeded(1, payable));
        self.order(1, paid(1)).deduct(1);
        if is_spent {
            self.points(spent(WITH_POINTS));
        }
        self.commit()
    }

    /// One of its two pieces goes back: 350 won and 150 points; and so many points come back to the account.
    fn half_is_back(&mut self, back: i64) -> &mut Self {
        let (refund_id, amount) = (refund(1), krw(350));
        let mut started = refund_started(1, refund_id, 1, 1);
        if let OrderEvent::OrderRefundStarted {
            amount: sum,
            points,
            lines,
            ..
        } = &mut started
        {
            let line = &mut lines[0];
            (line.amount, line.points) = (amount, 150);
            (line.left_amount, line.left_points) = (amount, 150);
            (*sum, *points) = (amount, 150);
        }
        self.order(1, started);
        let (order_id, reason) = (order(1), domain::payment::RefundReason::Requested);
        let asked = PaymentEvent::PaymentRefundRequested {
            order_id,
            refund_id,
            amount,
            reason,
        };
        self.payment(1, asked).commit();
        let done = PaymentEvent::PaymentRefunded {
            order_id,
            user_id: user("zoe"),
            refund_id,
            amount,
            reason,
            others_remain: false,
        };
        let refunded = OrderEvent::OrderRefunded {
            refund_id,
            amount,
            points: 150,
            whole: false,
        };
        self.payment(1, done).order(1, refunded);
        self.stock(domain::inventory::InventoryEvent::StockReturned {
            order_id,
            allocations: super::story::seoul(1),
        });
        if back > 0 {
            self.points(returned(back));
        }
        self.commit()
    }
}

#[test]
fn points_that_are_held_spent_and_come_back_with_their_order_break_nothing() {
    for ended in [false, true] {
        let mut story = Story::begins(WITH_POINTS);
        story.is_paid(true);
        if ended {
            story.confirm(1);
        }
        story.half_is_back(150);
        assert_eq!(story.violations(), []);
    }
    let mut story = Story::begins(WITH_POINTS);
    story.order(1, cancelled(false)).release(1);
    story.points(released(WITH_POINTS)).commit();
    assert_eq!(story.violations(), []);
}

#[test]
fn points_that_pay_and_are_not_set_aside_are_seen() {
    assert_eq!(
        Story::begins(WITH_POINTS - 1).broken(),
        [Invariant::PointLots]
    );
}

#[test]
fn points_of_a_paid_order_that_are_not_spent_are_seen() {
    let mut story = Story::begins(WITH_POINTS);
    assert_eq!(story.is_paid(false).broken(), [Invariant::PointLots]);
}

#[test]
fn points_of_a_cancelled_order_that_stay_away_are_seen() {
    let mut story = Story::begins(WITH_POINTS);
    story.order(1, cancelled(false)).release(1).commit();
    assert_eq!(story.broken(), [Invariant::PointLots]);
    let mut story = Story::begins(WITH_POINTS);
    story.is_paid(true).order(1, cancelled(true));
    story.stock(domain::inventory::InventoryEvent::StockReturned {
        order_id: order(1),
        allocations: super::story::seoul(2),
    });
    let reason = domain::payment::RefundReason::OrderCancelled;
    story.payment(1, refund_requested(1, krw(700), reason));
    story.commit();
    assert_eq!(story.broken(), [Invariant::PointLots]);
}

#[test]
fn points_of_a_refund_that_do_not_come_back_or_come_back_twice_are_seen() {
    for (ended, back) in [
        (false, 0),
        (false, 149),
        (false, 200),
        (true, 0),
        (true, 200),
    ] {
        let mut story = Story::begins(WITH_POINTS);
        story.is_paid(true);
        if ended {
            story.confirm(1);
        }
        story.half_is_back(back);
        assert_eq!(story.broken(), [Invariant::PointLots], "{ended} {back}");
    }
}
