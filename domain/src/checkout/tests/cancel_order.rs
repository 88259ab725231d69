//! Cancelling: whose order, at which stage, and what goes back.

use serde_json::json;

use super::deeds::{CUP, FIXED, FREE, TEA};
use super::deeds::{
    approved, by, cancel, confirm, declined, pay, place, receive, refunded, settle,
};
use super::shop::Shop;
use crate::checkout::{AskedBy, PlaceOrder, RefundAnswer};
use crate::coupon_pool::CouponState;
use crate::mothers::{krw, order_id};
use crate::order::{CancelReason, OrderError, OrderEvent, OrderStatus};
use crate::payment::{PaymentStatus, RefundReason};
use crate::recorded::DomainEvent;

#[test]
fn an_unpaid_order_gives_back_its_stock_and_its_coupon() {
    let mut shop = Shop::open();
    let coupon = shop.gives(FIXED, "ann");
    shop.does(&PlaceOrder {
        coupon: Some(coupon),
        ..place(1, "ann", &[(TEA, 2), (CUP, 7)])
    });
    let reply = shop.does(&cancel(1, by("ann")));
    assert_eq!(reply, json!({ "id": order_id(1), "status": "CANCELLED" }));
    let events = [
        "OrderCancelled",
        "StockReleased",
        "StockReleased",
        "CouponReleased",
    ];
    assert_eq!(shop.last(), events);
    assert_eq!(shop.stock(TEA), (10, 0, 10));
    assert_eq!(shop.stock(CUP), (8, 0, 8));
    assert_eq!(shop.coupon(FIXED, "ann"), CouponState::Issued);
}

#[test]
fn a_paid_order_gives_back_its_stock_its_coupon_and_its_money() {
    let mut shop = Shop::with_a_paid_order();
    shop.does(&cancel(1, by("ann")));
    let events = [
        "OrderCancelled",
        "StockReturned",
        "CouponGivenBack",
        "PaymentRefundRequested",
    ];
    assert_eq!(shop.last(), events);
    assert_eq!(shop.stock(TEA), (10, 0, 10));
    assert_eq!(shop.coupon(FIXED, "ann"), CouponState::Issued);
    let refund = shop.payment(1).refunds.remove(0);
    assert_eq!(
        (refund.amount, refund.reason),
        (krw(1_500), RefundReason::OrderCancelled)
    );
    shop.does(&refunded(1, RefundAnswer::Done));
    assert_eq!(shop.payment(1).status, PaymentStatus::Cancelled);
}

#[test]
fn sold_pieces_go_back_to_the_warehouses_that_they_came_from() {
    let mut shop = Shop::open();
    shop.does(&place(1, "ann", &[(CUP, 7)]));
    shop.does(&pay(1, 1, "ann"));
    shop.does(&settle(1, approved(17_500)));
    assert_eq!(shop.stock(CUP), (1, 0, 1));
    shop.does(&cancel(1, by("ann")));
    let inventory = shop.state::<crate::inventory::Inventory>(crate::mothers::product_id(CUP));
    let levels: Vec<_> = inventory
        .warehouses()
        .map(|(w, s)| (w.as_str(), s.stock))
        .collect();
    assert_eq!(levels, [("busan", 3), ("seoul", 5)]);
}

#[test]
fn an_order_that_cost_nothing_gives_nothing_back_and_asks_no_gateway() {
    let mut shop = Shop::open();
    let coupon = shop.gives(FREE, "ann");
    shop.does(&PlaceOrder {
        coupon: Some(coupon),
        ..place(1, "ann", &[(TEA, 2)])
    });
    shop.does(&pay(1, 1, "ann"));
    shop.does(&cancel(1, by("ann")));
    let events = [
        "OrderCancelled",
        "StockReturned",
        "CouponGivenBack",
        "PaymentRefundRequested",
        "PaymentRefunded",
    ];
    assert_eq!(shop.last(), events);
    assert_eq!(shop.payment(1).status, PaymentStatus::Cancelled);
}

#[test]
fn an_order_cancelled_twice_is_cancelled_once() {
    let paid = Shop::with_a_paid_order;
    let unpaid = Shop::with_a_payment_under_way;
    for mut shop in [paid(), unpaid()] {
        shop.does(&cancel(1, by("ann")));
        let stock = shop.stock(TEA);
        let refused = shop.refuses(&cancel(1, by("ann")));
        assert_eq!(refused, OrderError::AlreadyCancelled.into());
        assert_eq!(refused.code(), "ORDER_ALREADY_CANCELLED");
        assert_eq!(shop.stock(TEA), stock);
    }
}

#[test]
fn an_order_that_its_payment_cancelled_is_cancelled() {
    let mut shop = Shop::with_a_payment_under_way();
    shop.does(&settle(1, declined()));
    let refused = shop.refuses(&cancel(1, by("ann")));
    assert_eq!(refused, OrderError::AlreadyCancelled.into());
}

#[test]
fn the_order_of_another_cannot_be_cancelled_except_by_an_operator() {
    let mut shop = Shop::with_a_paid_order();
    let refused = shop.refuses(&cancel(1, by("bob")));
    assert_eq!(refused, OrderError::NotFound.into());
    assert_eq!(shop.refuses(&cancel(99, by("ann"))), refused);
    assert_eq!(shop.refuses(&cancel(99, AskedBy::Operator)), refused);
    shop.does(&cancel(1, AskedBy::Operator));
    assert_eq!(shop.order(1).status, OrderStatus::Cancelled);
}

#[test]
fn a_confirmed_order_cannot_be_cancelled_by_anybody() {
    let mut shop = Shop::with_a_paid_order();
    shop.does(&confirm(1));
    let status = OrderStatus::Confirmed;
    for by in [by("ann"), AskedBy::Operator] {
        let refused = shop.refuses(&cancel(1, by));
        assert_eq!(refused, OrderError::NotCancellable { status }.into());
        assert_eq!(refused.code(), "ORDER_NOT_CANCELLABLE");
    }
}

#[test]
fn a_payment_under_way_is_left_alone() {
    let mut shop = Shop::with_a_payment_under_way();
    shop.does(&cancel(1, by("ann")));
    assert_eq!(
        shop.last(),
        ["OrderCancelled", "StockReleased", "CouponReleased"]
    );
    assert_eq!(shop.payment(1).status, PaymentStatus::Pending);
}

#[test]
fn why_an_order_was_cancelled_is_kept_in_the_buyers_words() {
    let mut shop = Shop::with_a_paid_order();
    shop.does(&cancel(1, by("ann")));
    let cancelled = shop
        .log
        .events
        .iter()
        .find_map(|recorded| match &recorded.event {
            DomainEvent::Order(OrderEvent::OrderCancelled { reason, was_paid }) => {
                Some((reason.clone(), *was_paid))
            }
            _ => None,
        });
    let reason = CancelReason::Requested {
        reason: "changed my mind".to_owned(),
    };
    assert_eq!(cancelled, Some((reason, true)));
}

#[test]
fn a_coupon_that_came_back_can_be_used_again() {
    let mut shop = Shop::with_a_paid_order();
    let coupon = shop.order(1).discount.unwrap().code;
    shop.does(&cancel(1, by("ann")));
    shop.does(&PlaceOrder {
        coupon: Some(coupon),
        ..place(2, "ann", &[(TEA, 1)])
    });
    assert_eq!(shop.coupon(FIXED, "ann"), CouponState::Held(order_id(2)));
}

/// The warehouse's limit was applied to what came back, and the buyer could not cancel.
#[test]
fn a_paid_order_is_cancelled_though_its_warehouse_was_filled_meanwhile() {
    let mut shop = Shop::with_a_paid_order();
    for _ in 0..999 {
        shop.does(&receive(TEA, "seoul", 1_000_000));
    }
    shop.does(&receive(TEA, "seoul", 999_992));
    shop.refuses(&receive(TEA, "seoul", 1));
    shop.does(&cancel(1, by("ann")));
    assert_eq!(shop.stock(TEA).0, 1_000_000_002);
}

#[test]
fn a_cancellation_from_a_cold_memory_reads_what_the_order_held_at_once() {
    for mut shop in [Shop::with_a_paid_order(), Shop::with_a_payment_under_way()] {
        shop.forget();
        let loads = shop.loads;
        shop.does(&cancel(1, by("ann")));
        assert!(shop.loads - loads <= 3, "{} rounds", shop.loads - loads);
        shop.check_memory();
    }
}
