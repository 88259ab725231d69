//! What time does to an order: the unpaid is cancelled, the paid is confirmed.

use serde_json::json;

use super::deeds::{FIXED, TEA};
use super::deeds::{approved, by, cancel, confirm, declined, expire, pay, place, settle, unknown};
use super::shop::Shop;
use crate::checkout::ConfirmOrder;
use crate::coupon_pool::CouponState;
use crate::mothers::{at, lot_id, order_id, user};
use crate::order::{OrderError, OrderStatus};
use crate::points::{EarningPolicy, PointAccount};

#[test]
fn an_order_unpaid_at_its_time_is_cancelled_and_frees_what_it_held() {
    let mut shop = Shop::with_a_payment_under_way();
    let reply = shop.does(&expire(1, 15));
    assert_eq!(reply, json!({ "id": order_id(1), "status": "CANCELLED" }));
    assert_eq!(
        shop.last(),
        ["OrderCancelled", "StockReleased", "CouponReleased"]
    );
    assert_eq!(shop.stock(TEA), (10, 0, 10));
    assert_eq!(shop.coupon(FIXED, "ann"), CouponState::Issued);
}

#[test]
fn an_order_is_not_cancelled_before_its_time() {
    let mut shop = Shop::with_a_payment_under_way();
    let reply = shop.does(&expire(1, 14));
    assert_eq!(reply["status"], "PENDING");
    assert!(shop.last().is_empty());
}

#[test]
fn an_order_whose_payment_is_unknown_at_its_time_is_cancelled() {
    let mut shop = Shop::with_a_payment_under_way();
    shop.does(&settle(1, unknown()));
    shop.does(&expire(1, 15));
    assert_eq!(shop.order(1).status, OrderStatus::Cancelled);
}

#[test]
fn an_order_paid_meanwhile_is_left_alone() {
    let mut shop = Shop::with_a_paid_order();
    for minute in [15, 60] {
        assert_eq!(shop.does(&expire(1, minute))["status"], "PAID");
        assert!(shop.last().is_empty());
    }
    shop.does(&confirm(1));
    assert_eq!(shop.does(&expire(1, 60))["status"], "CONFIRMED");
}

#[test]
fn an_order_cancelled_meanwhile_stays_as_it_was_cancelled() {
    let mut shop = Shop::with_a_payment_under_way();
    shop.does(&settle(1, declined()));
    assert_eq!(shop.does(&expire(1, 15))["status"], "CANCELLED");
    assert!(shop.last().is_empty());
}

#[test]
fn an_order_that_expired_twice_expired_once() {
    let mut shop = Shop::with_a_payment_under_way();
    shop.does(&expire(1, 15));
    shop.does(&expire(1, 15));
    assert!(shop.last().is_empty());
    assert_eq!(shop.stock(TEA), (10, 0, 10));
}

#[test]
fn a_success_between_its_time_and_its_timer_still_pays_an_order() {
    let mut shop = Shop::with_a_payment_under_way();
    let late = crate::checkout::SettlePayment {
        now: crate::mothers::at(16),
        ..settle(1, approved(1_500))
    };
    shop.does(&late);
    shop.does(&expire(1, 17));
    assert_eq!(shop.order(1).status, OrderStatus::Paid);
}

#[test]
fn a_paid_order_is_confirmed_once() {
    let mut shop = Shop::with_a_paid_order();
    let reply = shop.does(&confirm(1));
    assert_eq!(reply, json!({ "id": order_id(1), "status": "CONFIRMED" }));
    assert_eq!(shop.last(), ["OrderConfirmed", "PointsEarned"]);
    shop.does(&confirm(1));
    assert!(shop.last().is_empty());
}

#[test]
fn a_confirmed_order_earns_its_buyer_points_for_the_money_paid_once() {
    let mut shop = Shop::with_a_paid_order();
    let paid = shop.order(1).total.amount();
    shop.does(&confirm(1));
    let account = shop.state::<PointAccount>(user("ann"));
    assert_eq!(account.balance(), paid / 100);
    let lines = account.takeable(order_id(1));
    assert_eq!(lines.len(), shop.order(1).lines.len());
    let lot = account.lot(lot_id(1)).unwrap();
    assert_eq!(lot.expires_at, at(40) + chrono::Duration::days(365));
    let again = ConfirmOrder {
        lot_id: lot_id(2),
        ..confirm(1)
    };
    shop.does(&again);
    assert_eq!(
        shop.state::<PointAccount>(user("ann")).balance(),
        paid / 100
    );
}

#[test]
fn an_order_that_earns_nothing_is_confirmed_without_a_look_at_the_account() {
    let mut shop = Shop::with_a_paid_order();
    let none = ConfirmOrder {
        earning: EarningPolicy {
            rate_bps: 0,
            ..EarningPolicy::default()
        },
        ..confirm(1)
    };
    shop.remembers_only(&none);
    let loads = shop.loads;
    shop.does(&none);
    assert_eq!(shop.last(), ["OrderConfirmed"]);
    assert_eq!(shop.loads, loads);
}

#[test]
fn only_a_paid_order_is_confirmed() {
    let mut shop = Shop::open();
    shop.does(&place(1, "ann", &[(TEA, 1)]));
    let wrong = |status| OrderError::WrongStatus { status }.into();
    assert_eq!(shop.refuses(&confirm(1)), wrong(OrderStatus::Pending));
    shop.does(&pay(1, 1, "ann"));
    assert_eq!(shop.refuses(&confirm(1)), wrong(OrderStatus::Pending));
    shop.does(&cancel(1, by("ann")));
    let refused = shop.refuses(&confirm(1));
    assert_eq!(refused, wrong(OrderStatus::Cancelled));
    assert_eq!(refused.code(), "ORDER_STATUS_CONFLICT");
}

#[test]
fn what_does_not_exist_neither_expires_nor_is_confirmed() {
    let mut shop = Shop::open();
    let none = OrderError::NotFound.into();
    assert_eq!(shop.refuses(&expire(99, 15)), none);
    assert_eq!(shop.refuses(&confirm(99)), none);
}
