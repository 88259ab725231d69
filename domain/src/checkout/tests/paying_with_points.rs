//! Paying with points: alone, or together with money; and where they go when the order goes back.

use chrono::Duration;

use super::deeds::{
    CUP, FIXED, IMPORT, TEA, approved, by, cancel, confirm, declined, expire, pay, place, settle,
};
use super::shop::Shop;
use crate::checkout::{
    AskedBy, PlaceOrder, RefundAnswer, RefundPayment, RequestPayment, RetrySchedule, SettleRefund,
};
use crate::ids::AdjustmentId;
use crate::mothers::{at, krw, order_id, order_item_id, payment_id, refund_id, user};
use crate::order::{LineTender, OrderError, OrderStatus, RefundItem, RefundScope};
use crate::payment::{PaymentError, PaymentStatus};
use crate::points::{AdjustPoints, Lot, PointAccount, Points, PointsError, PointsState};

/// An operator gives Ann points at minute 0: under this number, so many, for so many minutes.
pub(super) fn grant(number: u128, points: i64, minutes: i64) -> AdjustPoints {
    AdjustPoints {
        user_id: user("ann"),
        adjustment_id: AdjustmentId::new(uuid::Uuid::from_u128(number)),
        delta: points,
        reason: "welcome".to_owned(),
        by: user("operator"),
        expires_at: Some(at(minutes)),
        now: at(0),
    }
}

/// The payment of this number, of Ann's order of the same number: so much of it with points.
pub(super) fn with_points(number: u32, points: i64) -> RequestPayment {
    RequestPayment {
        points: Points::new(points).unwrap(),
        ..pay(number, number, "ann")
    }
}

fn account(shop: &Shop) -> PointsState {
    shop.state::<PointAccount>(user("ann"))
}

/// What Ann can spend at minute 2.
fn spendable(shop: &Shop) -> i64 {
    account(shop).spendable(at(2)).get()
}

/// Ann has 1 000 points that expire first and 2 000 that last, and an order: three teas (3 000) and two cups (5 000)
/// less a coupon of 500.
fn shop() -> Shop {
    let mut shop = Shop::open();
    shop.does(&grant(1, 1_000, 60));
    shop.does(&grant(2, 2_000, 600));
    let coupon = shop.gives(FIXED, "ann");
    shop.does(&PlaceOrder {
        coupon: Some(coupon),
        ..place(1, "ann", &[(TEA, 3), (CUP, 2)])
    });
    shop
}

/// The same, paid with 1 500 points and 6 000 won.
fn paid() -> Shop {
    let mut shop = shop();
    shop.does(&with_points(1, 1_500));
    shop.does(&settle(1, approved(6_000)));
    shop
}

fn refund(number: u32, scope: RefundScope) -> RefundPayment {
    RefundPayment {
        refund_id: refund_id(number),
        payment_id: payment_id(1),
        scope,
        reason: "too small".to_owned(),
        by: AskedBy::Operator,
    }
}

fn done(number: u32) -> SettleRefund {
    SettleRefund {
        payment_id: payment_id(1),
        refund_id: refund_id(number),
        answer: RefundAnswer::Done,
        now: at(4),
        attempts: RetrySchedule::default(),
    }
}

fn teas(quantity: u32) -> RefundScope {
    RefundScope::Items(vec![RefundItem {
        order_item_id: order_item_id(100),
        quantity,
    }])
}

#[test]
fn points_and_money_pay_together_and_the_gateway_is_asked_for_the_money_alone() {
    let mut shop = shop();
    let reply = shop.does(&with_points(1, 1_500));
    assert_eq!(reply["amount"]["amount"], 6_000);
    assert_eq!(reply["points"], 1_500);
    let events = [
        "OrderPointsApplied",
        "PointsHeld",
        "OrderPaymentStarted",
        "PaymentRequested",
    ];
    assert_eq!(shop.last(), events);
    assert_eq!(shop.payment(1).amount, krw(6_000));
    assert_eq!(spendable(&shop), 1_500);

    shop.does(&settle(1, approved(6_000)));
    let events = [
        "PaymentSucceeded",
        "OrderPaid",
        "StockDeducted",
        "StockDeducted",
        "CouponUsed",
        "PointsSpent",
    ];
    assert_eq!(shop.last(), events);
    assert_eq!(spendable(&shop), 1_500);
}

#[test]
fn each_line_is_paid_with_its_share_of_the_points() {
    let of = |discount, points, paid| LineTender {
        discount,
        points,
        paid,
    };
    // Of 7 500 the lines have 2 812 and 4 688 left: 1 500 × 2 812 ÷ 7 500 = 562.4.
    let expected = [of(188, 562, 2_250), of(312, 938, 3_750)];
    assert_eq!(paid().order(1).tenders(), expected);
    let spent = account(&paid()).returnable(order_id(1));
    let spent: Vec<i64> = spent.iter().map(|line| line.points.get()).collect();
    assert_eq!(spent, [562, 938]);
}

#[test]
fn of_an_order_that_points_alone_paid_one_piece_that_goes_back_is_a_part() {
    let mut shop = Shop::open();
    shop.does(&grant(1, 3_000, 60));
    shop.does(&place(1, "ann", &[(TEA, 3)]));
    shop.does(&RequestPayment {
        token: String::new(),
        ..with_points(1, 3_000)
    });
    for (number, status, spendable_points) in [
        (1, PaymentStatus::PartiallyRefunded, 1_000),
        (2, PaymentStatus::PartiallyRefunded, 2_000),
        (3, PaymentStatus::Refunded, 3_000),
    ] {
        let reply = shop.does(&refund(number, teas(1)));
        assert_eq!(reply["status"], "SUCCEEDED");
        assert_eq!(shop.payment(1).status, status, "after {number}");
        assert_eq!(spendable(&shop), spendable_points);
    }
}

#[test]
fn points_alone_pay_at_once_without_a_gateway_or_a_token() {
    let mut shop = Shop::open();
    shop.does(&grant(1, 2_000, 60));
    shop.does(&place(1, "ann", &[(TEA, 2)]));
    let reply = shop.does(&RequestPayment {
        token: String::new(),
        ..with_points(1, 2_000)
    });
    assert_eq!(reply["status"], "SUCCEEDED");
    assert_eq!(reply["amount"]["amount"], 0);
    assert_eq!(shop.order(1).status, OrderStatus::Paid);
    assert_eq!(spendable(&shop), 0);

    shop.does(&cancel(1, by("ann")));
    assert_eq!(shop.payment(1).status, PaymentStatus::Cancelled);
    assert_eq!(spendable(&shop), 2_000);
}

#[test]
fn a_token_is_needed_where_money_is_to_be_paid() {
    let mut shop = shop();
    let refused = shop.refuses(&RequestPayment {
        token: String::new(),
        ..with_points(1, 1_500)
    });
    let missing = PaymentError::Invalid {
        field: "token",
        reason: "1 to 200 characters",
    };
    assert_eq!(refused, missing.into());
}

#[test]
fn more_points_than_the_buyer_has_or_the_order_costs_are_refused() {
    let mut shop = shop();
    let insufficient = PointsError::Insufficient {
        requested: Points::new(3_001).unwrap(),
        spendable: Points::new(3_000).unwrap(),
    };
    assert_eq!(shop.refuses(&with_points(1, 3_001)), insufficient.into());
    let payable = krw(7_500);
    assert_eq!(
        shop.refuses(&with_points(1, 7_501)),
        OrderError::TooManyPoints { payable }.into()
    );
    assert_eq!(shop.order(1).payment_id, None);
}

#[test]
fn points_that_another_order_holds_cannot_be_spent_again() {
    let mut shop = shop();
    shop.does(&place(2, "ann", &[(CUP, 1)]));
    shop.does(&with_points(1, 2_000));
    let refused = shop.refuses(&with_points(2, 1_001));
    assert_eq!(refused.code(), "INSUFFICIENT_POINTS");
}

#[test]
fn points_pay_won_only() {
    let mut shop = Shop::open();
    shop.does(&grant(1, 2_000, 60));
    shop.does(&place(1, "ann", &[(IMPORT, 1)]));
    let refused = shop.refuses(&with_points(1, 100));
    let reason = "points pay won only";
    let field = "points";
    assert_eq!(refused, PointsError::Invalid { field, reason }.into());
}

#[test]
fn points_of_an_order_that_is_not_paid_after_all_are_free_again() {
    for how in ["declined", "cancelled", "late", "wrong"] {
        let mut shop = shop();
        shop.does(&with_points(1, 1_500));
        match how {
            "declined" => shop.does(&settle(1, declined())),
            "cancelled" => shop.does(&cancel(1, by("ann"))),
            "late" => shop.does(&expire(1, 15)),
            // The gateway charged what the order costs without its points.
            _ => shop.does(&settle(1, approved(7_500))),
        };
        assert_eq!(shop.order(1).status, OrderStatus::Cancelled, "{how}");
        assert_eq!(spendable(&shop), 3_000, "{how}");
        assert!(account(&shop).held_by(order_id(1)).is_empty(), "{how}");
    }
}

#[test]
fn a_cancelled_order_gives_its_points_back_to_the_lots_that_they_came_from() {
    let mut shop = paid();
    shop.does(&cancel(1, by("ann")));
    assert!(shop.last().contains(&"PointsReturned".to_owned()));
    let lots: Vec<i64> = account(&shop)
        .lots()
        .map(|(_, lot): (_, &Lot)| lot.remaining.get())
        .collect();
    assert_eq!(lots, [1_000, 2_000]);
}

#[test]
fn pieces_give_their_share_of_the_points_back_and_the_last_of_them_the_rest() {
    let mut shop = paid();
    for (number, points) in [(1, 187), (2, 187), (3, 188)] {
        let before = spendable(&shop);
        let reply = shop.does(&refund(number, teas(1)));
        assert_eq!(reply["points"], points);
        // Not before the gateway says that the money is back.
        assert_eq!(spendable(&shop), before);
        shop.does(&done(number));
        let events = [
            "PaymentRefunded",
            "OrderRefunded",
            "StockReturned",
            "PointsReturned",
        ];
        assert_eq!(shop.last(), events);
        assert_eq!(spendable(&shop), before + points);
    }
    shop.does(&refund(4, RefundScope::Everything));
    shop.does(&done(4));
    assert_eq!(spendable(&shop), 3_000);
}

/// What was earned goes back too: on the money alone, since points earn nothing.
#[test]
fn a_refund_returns_what_was_spent_and_takes_back_what_was_earned() {
    let mut shop = paid();
    shop.does(&confirm(1));
    assert_eq!(spendable(&shop), 1_500 + 60);
    shop.does(&refund(1, RefundScope::Everything));
    shop.does(&done(1));
    assert_eq!(spendable(&shop), 3_000);
    assert_eq!(account(&shop).owed(), Points::ZERO);
}

#[test]
fn points_that_expired_meanwhile_expire_when_they_come_back() {
    let mut shop = paid();
    // The first lot's time is over; 500 of the 1 500 points came from the second.
    shop.now = at(61);
    let lot_id = crate::ids::LotId::new(uuid::Uuid::from_u128(1));
    shop.does(&crate::points::ExpirePoints {
        user_id: user("ann"),
        lot_id,
        now: at(61),
    });
    shop.does(&refund(1, RefundScope::Everything));
    shop.does(&done(1));
    assert_eq!(account(&shop).spendable(at(61)).get(), 2_000);
}

/// The account forgets an order after two years: money would go back, and its points could not.
#[test]
fn an_order_whose_points_are_forgotten_is_not_refunded() {
    let mut shop = paid();
    let late = at(0) + Duration::days(crate::points::RETURNABLE_DAYS + 1);
    shop.does(&AdjustPoints {
        expires_at: Some(late + Duration::days(1)),
        now: late,
        ..grant(3, 1, 0)
    });
    let refused = shop.refuses(&refund(1, teas(1)));
    assert_eq!(refused.code(), "POINTS_NOT_RETURNABLE");
}
