//! Asking for a payment: whose order, once, in time, with a coupon or for nothing.

use serde_json::json;

use super::deeds::{CUP, DOLLAR, FIXED, FREE, TEA};
use super::deeds::{approved, by, cancel, confirm, declined, expire, pay, place, settle};
use super::shop::Shop;
use crate::checkout::RequestPayment;
use crate::coupon_pool::{CouponPoolError, CouponState};
use crate::ids::{CouponCode, PaymentId};
use crate::money::MoneyError;
use crate::mothers::{at, krw, order_id, payment_id};
use crate::order::{OrderError, OrderStatus};
use crate::payment::{PaymentError, PaymentStatus};

fn with(coupon: CouponCode, payment: RequestPayment) -> RequestPayment {
    RequestPayment {
        coupon: Some(coupon),
        ..payment
    }
}

fn not_payable(status: OrderStatus) -> crate::Rejection {
    OrderError::NotPayable { status }.into()
}

/// Order 1 of Ann: two teas, 2 000 won.
fn with_an_order() -> Shop {
    let mut shop = Shop::open();
    shop.does(&place(1, "ann", &[(TEA, 2)]));
    shop
}

#[test]
fn a_payment_is_asked_for_with_the_orders_total() {
    let mut shop = with_an_order();
    let reply = shop.does(&pay(1, 1, "ann"));
    let expected = json!({
        "id": payment_id(1),
        "orderId": order_id(1),
        "amount": { "amount": 2_000, "currency": "KRW" },
        "points": 0,
        "status": "PENDING",
    });
    assert_eq!(reply, expected);
    assert_eq!(shop.last(), ["OrderPaymentStarted", "PaymentRequested"]);
    assert_eq!(shop.order(1).payment_id, Some(payment_id(1)));
    assert_eq!(shop.payment(1).amount, krw(2_000));
}

#[test]
fn the_order_of_another_cannot_be_paid_nor_seen() {
    let mut shop = with_an_order();
    let refused = shop.refuses(&pay(1, 1, "bob"));
    assert_eq!(refused, OrderError::NotFound.into());
    let none = shop.refuses(&pay(1, 99, "ann"));
    assert_eq!(none, refused);
}

#[test]
fn a_second_payment_is_refused_while_one_is_under_way() {
    let mut shop = with_an_order();
    shop.does(&pay(1, 1, "ann"));
    let refused = shop.refuses(&pay(2, 1, "ann"));
    assert_eq!(refused, not_payable(OrderStatus::Pending));
    assert_eq!(refused.code(), "ORDER_NOT_PAYABLE");
}

/// An order's payment has one id, so only the key of the request tells a repeat from a second one.
#[test]
fn the_same_payment_asked_for_by_another_request_is_refused() {
    let mut shop = with_an_order();
    shop.does(&pay(1, 1, "ann"));
    let refused = shop.refuses(&pay(1, 1, "ann"));
    assert_eq!(refused, not_payable(OrderStatus::Pending));
}

#[test]
fn an_orders_payment_has_an_id_of_its_own() {
    let first = PaymentId::of_order(order_id(1));
    assert_eq!(first, PaymentId::of_order(order_id(1)));
    assert_ne!(first, PaymentId::of_order(order_id(2)));
    // It stands at gateways, so it must never change; and it keeps the order's moment.
    assert_eq!(first.to_string(), "01910000-0000-7000-8070-617b6d656e75");
    assert_eq!(
        first.uuid().get_timestamp(),
        order_id(1).uuid().get_timestamp()
    );
}

#[test]
fn a_payment_of_one_order_is_not_the_payment_of_another() {
    let mut shop = with_an_order();
    shop.does(&place(2, "ann", &[(CUP, 1)]));
    shop.does(&pay(1, 1, "ann"));
    let refused = shop.refuses(&pay(1, 2, "ann"));
    assert_eq!(refused, PaymentError::AlreadyRequested.into());
    assert_eq!(shop.order(2).payment_id, None);
}

#[test]
fn an_order_that_is_paid_confirmed_or_cancelled_is_not_payable() {
    let mut shop = Shop::with_a_paid_order();
    assert_eq!(
        shop.refuses(&pay(2, 1, "ann")),
        not_payable(OrderStatus::Paid)
    );
    shop.does(&confirm(1));
    assert_eq!(
        shop.refuses(&pay(2, 1, "ann")),
        not_payable(OrderStatus::Confirmed)
    );

    let mut shop = with_an_order();
    shop.does(&cancel(1, by("ann")));
    assert_eq!(
        shop.refuses(&pay(2, 1, "ann")),
        not_payable(OrderStatus::Cancelled)
    );

    let mut shop = Shop::with_a_payment_under_way();
    shop.does(&settle(1, declined()));
    assert_eq!(
        shop.refuses(&pay(2, 1, "ann")),
        not_payable(OrderStatus::Cancelled)
    );
}

#[test]
fn an_order_cannot_be_paid_from_the_moment_that_it_is_due() {
    let at_minute = |minute| RequestPayment {
        now: at(minute),
        ..pay(1, 1, "ann")
    };
    let mut shop = with_an_order();
    assert_eq!(
        shop.refuses(&at_minute(15)),
        not_payable(OrderStatus::Pending)
    );
    shop.does(&at_minute(14));
}

#[test]
fn a_coupon_given_when_paying_is_held_and_taken_off() {
    let mut shop = with_an_order();
    let code = shop.gives(FIXED, "ann");
    let reply = shop.does(&with(code, pay(1, 1, "ann")));
    assert_eq!(reply["amount"]["amount"], 1_500);
    let events = [
        "CouponHeld",
        "OrderDiscounted",
        "OrderPaymentStarted",
        "PaymentRequested",
    ];
    assert_eq!(shop.last(), events);
    assert_eq!(shop.coupon(FIXED, "ann"), CouponState::Held(order_id(1)));
    shop.does(&settle(1, approved(1_500)));
    assert_eq!(shop.coupon(FIXED, "ann"), CouponState::Used(order_id(1)));
}

#[test]
fn the_coupon_of_the_order_may_be_named_again_when_paying() {
    let mut shop = Shop::open();
    let code = shop.gives(FIXED, "ann");
    let order = place(1, "ann", &[(TEA, 2)]);
    shop.does(&crate::checkout::PlaceOrder {
        coupon: Some(code),
        ..order
    });
    shop.does(&with(code, pay(1, 1, "ann")));
    assert_eq!(shop.last(), ["OrderPaymentStarted", "PaymentRequested"]);
}

#[test]
fn an_order_takes_one_coupon() {
    let mut shop = Shop::open();
    let (first, second) = (shop.gives(FIXED, "ann"), shop.gives(FREE, "ann"));
    let order = place(1, "ann", &[(TEA, 2)]);
    shop.does(&crate::checkout::PlaceOrder {
        coupon: Some(first),
        ..order
    });
    let refused = shop.refuses(&with(second, pay(1, 1, "ann")));
    assert_eq!(refused, OrderError::AlreadyDiscounted.into());
    assert_eq!(shop.coupon(FREE, "ann"), CouponState::Issued);
}

#[test]
fn a_coupon_that_another_order_holds_is_refused_and_no_payment_begins() {
    let mut shop = with_an_order();
    let code = shop.gives(FIXED, "ann");
    shop.does(&place(2, "ann", &[(CUP, 1)]));
    shop.does(&with(code, pay(2, 2, "ann")));
    let refused = shop.refuses(&with(code, pay(1, 1, "ann")));
    assert_eq!(refused, CouponPoolError::AlreadyUsed.into());
    assert_eq!(shop.order(1).payment_id, None);
    shop.does(&pay(1, 1, "ann"));
}

#[test]
fn a_coupon_that_is_not_valid_when_paying_is_refused() {
    let mut shop = with_an_order();
    let code = shop.gives(FIXED, "ann");
    let of_bob = shop.gives(FIXED, "bob");
    let dollar = shop.gives(DOLLAR, "ann");
    let another = shop.refuses(&with(of_bob, pay(1, 1, "ann")));
    assert_eq!(another, CouponPoolError::CouponNotFound.into());
    let mismatch = CouponPoolError::DoesNotFit(MoneyError::CurrencyMismatch);
    assert_eq!(
        shop.refuses(&with(dollar, pay(1, 1, "ann"))),
        mismatch.into()
    );

    // Its pool ends at minute 60, and this order is due after that.
    shop.does(&crate::checkout::PlaceOrder {
        payment_due_at: at(90),
        ..place(2, "ann", &[(TEA, 1)])
    });
    let late = RequestPayment {
        now: at(60),
        ..with(code, pay(2, 2, "ann"))
    };
    assert_eq!(shop.refuses(&late), CouponPoolError::Expired.into());
}

/// It was told that its coupon was used, though the order was long cancelled.
#[test]
fn a_payment_after_cancellation_is_refused_as_such_whatever_its_coupon() {
    let mut shop = with_an_order();
    let code = shop.gives(FIXED, "ann");
    shop.does(&place(2, "ann", &[(CUP, 1)]));
    shop.does(&with(code, pay(2, 2, "ann")));
    shop.does(&cancel(1, by("ann")));
    let refused = shop.refuses(&with(code, pay(1, 1, "ann")));
    assert_eq!(refused, not_payable(OrderStatus::Cancelled));
}

#[test]
fn an_order_that_costs_nothing_is_paid_at_once_without_a_gateway() {
    let mut shop = with_an_order();
    let code = shop.gives(FREE, "ann");
    let reply = shop.does(&with(code, pay(1, 1, "ann")));
    assert_eq!(reply["status"], "SUCCEEDED");
    let events = [
        "CouponHeld",
        "OrderDiscounted",
        "OrderPaymentStarted",
        "PaymentRequested",
        "PaymentSucceeded",
        "OrderPaid",
        "StockDeducted",
        "CouponUsed",
    ];
    assert_eq!(shop.last(), events);
    assert_eq!(shop.stock(TEA), (8, 0, 8));
    assert_eq!(shop.coupon(FREE, "ann"), CouponState::Used(order_id(1)));
}

#[test]
fn a_free_payment_is_made_once_and_cancelled_like_any_other() {
    let mut shop = with_an_order();
    let code = shop.gives(FREE, "ann");
    shop.does(&with(code, pay(1, 1, "ann")));
    let refused = shop.refuses(&with(code, pay(1, 1, "ann")));
    assert_eq!(refused, not_payable(OrderStatus::Paid));
    shop.does(&cancel(1, by("ann")));
    assert_eq!(shop.payment(1).status, PaymentStatus::Cancelled);
}

#[test]
fn a_payment_of_an_expired_order_is_refused() {
    let mut shop = with_an_order();
    shop.does(&expire(1, 15));
    assert_eq!(
        shop.refuses(&pay(1, 1, "ann")),
        not_payable(OrderStatus::Cancelled)
    );
}
