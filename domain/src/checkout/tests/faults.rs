//! For each checker of `books.rs` faults that turn it red, planted in a log that is right.

use super::books::{self, Log, Verdict};
use super::deeds::{CUP, FIXED, TEA};
use super::deeds::{
    approved, by, cancel, charged, confirm, declined, pay, place, refunded, settle,
};
use super::shop::{Shop, name_of};
use crate::checkout::{PlaceOrder, RefundAnswer};
use crate::coupon_pool::CouponPoolEvent;
use crate::inventory::InventoryEvent;
use crate::mothers::{krw, user};
use crate::order::{CancelReason, OrderEvent};
use crate::payment::PaymentEvent;
use crate::recorded::{DomainEvent, Recorded};

type Checker = fn(&Log) -> Verdict;

/// Every checker that looks at each operation.
pub(super) const CHECKERS: [Checker; 9] = [
    books::stock_is_never_oversold,
    books::what_left_the_shelf_was_paid_for,
    books::coupons_are_used_once,
    books::totals_add_up,
    books::no_line_gives_back_more_than_it_had,
    books::money_is_conserved,
    books::no_order_is_paid_after_cancellation,
    books::the_money_of_a_cancelled_order_goes_back,
    books::points_are_the_orders,
];

/// A log of orders that were confirmed, declined, cancelled after payment and charged wrongly.
fn log() -> Log {
    let mut shop = Shop::open();
    let coupon = shop.gives(FIXED, "ann");
    shop.gives(FIXED, "bob");
    shop.does(&PlaceOrder {
        coupon: Some(coupon),
        ..place(1, "ann", &[(TEA, 2)])
    });
    shop.does(&place(2, "bob", &[(TEA, 3)]));
    shop.does(&place(3, "cid", &[(CUP, 6)]));
    shop.does(&place(4, "dan", &[(CUP, 1)]));
    for (number, name) in [(1, "ann"), (2, "bob"), (3, "cid"), (4, "dan")] {
        shop.does(&pay(number, number, name));
    }
    shop.does(&settle(1, approved(1_500)));
    shop.does(&settle(2, declined()));
    shop.does(&settle(3, charged(krw(15_000), "gw-3")));
    shop.does(&settle(4, charged(krw(1), "gw-4")));
    shop.does(&confirm(1));
    shop.does(&cancel(3, by("cid")));
    shop.does(&refunded(3, RefundAnswer::Done));
    shop.log
}

impl Log {
    /// Without the first event of this name.
    fn without(mut self, name: &str) -> Self {
        let place = self.place_of(name);
        self.events.remove(place);
        for commit in self.commits.iter_mut().filter(|commit| **commit > place) {
            *commit -= 1;
        }
        self
    }

    /// With the first event of this name twice.
    fn doubled(mut self, name: &str) -> Self {
        let place = self.place_of(name);
        self.events.insert(place, self.events[place].clone());
        for commit in self.commits.iter_mut().filter(|commit| **commit > place) {
            *commit += 1;
        }
        self
    }

    /// With the first event of this name changed.
    fn changed(mut self, name: &str, change: impl Fn(&mut Recorded)) -> Self {
        let place = self.place_of(name);
        change(&mut self.events[place]);
        self
    }

    /// With one more event at the end, after the first of this name and of its aggregate.
    fn and_then(mut self, name: &str, event: DomainEvent) -> Self {
        let after = self.events[self.place_of(name)].clone();
        self.events.push(Recorded { event, ..after });
        self.commits.push(self.events.len());
        self
    }

    fn place_of(&self, name: &str) -> usize {
        let place = self
            .events
            .iter()
            .position(|recorded| name_of(&recorded.event) == name);
        place.unwrap_or_else(|| panic!("no {name}"))
    }
}

#[track_caller]
fn red(checker: Checker, log: &Log) {
    assert!(checker(log).is_err(), "the fault was not found");
}

#[test]
fn a_log_without_a_fault_is_right() {
    for checker in CHECKERS {
        assert_eq!(checker(&log()), Ok(()));
    }
}

#[test]
fn stock_that_is_reserved_twice_is_found() {
    let more = |recorded: &mut Recorded| {
        if let DomainEvent::Inventory(InventoryEvent::StockReserved { allocations, .. }) =
            &mut recorded.event
        {
            allocations[0].quantity += 100;
        }
    };
    red(
        books::stock_is_never_oversold,
        &log().changed("StockReserved", more),
    );
    red(
        books::stock_is_never_oversold,
        &log().without("StockReceived"),
    );
    red(
        books::stock_is_never_oversold,
        &log().without("StockReserved"),
    );
}

#[test]
fn stock_that_leaves_unpaid_or_stays_though_paid_is_found() {
    let checker = books::what_left_the_shelf_was_paid_for;
    for name in [
        "StockReserved",
        "StockDeducted",
        "StockReleased",
        "StockReturned",
    ] {
        red(checker, &log().without(name));
        red(checker, &log().doubled(name));
    }
    red(checker, &log().without("OrderPaid"));
}

#[test]
fn a_coupon_issued_or_used_twice_is_found() {
    let checker = books::coupons_are_used_once;
    for name in ["CouponIssued", "CouponHeld", "CouponUsed"] {
        red(checker, &log().doubled(name));
    }
    for name in ["CouponHeld", "CouponUsed"] {
        red(checker, &log().without(name));
    }
    let to_cid = |recorded: &mut Recorded| {
        if let DomainEvent::CouponPool(CouponPoolEvent::CouponIssued { user_id, .. }) =
            &mut recorded.event
        {
            *user_id = user("cid");
        }
    };
    red(checker, &log().changed("CouponIssued", to_cid));
    let only_one = |recorded: &mut Recorded| {
        if let DomainEvent::CouponPool(CouponPoolEvent::CouponPoolCreated { quantity, .. }) =
            &mut recorded.event
        {
            *quantity = 1;
        }
    };
    red(checker, &log().changed("CouponPoolCreated", only_one));
}

#[test]
fn a_total_that_is_not_the_sum_is_found() {
    let dearer = |recorded: &mut Recorded| {
        if let DomainEvent::Order(OrderEvent::OrderPlaced { total, .. }) = &mut recorded.event {
            *total = krw(total.amount() + 1);
        }
    };
    red(books::totals_add_up, &log().changed("OrderPlaced", dearer));
    let full_price = |recorded: &mut Recorded| {
        if let DomainEvent::Order(OrderEvent::OrderPlaced { discount, .. }) = &mut recorded.event {
            *discount = None;
        }
    };
    red(
        books::totals_add_up,
        &log().changed("OrderPlaced", full_price),
    );
}

#[test]
fn money_that_appears_or_is_lost_is_found() {
    let checker = books::money_is_conserved;
    for name in [
        "PaymentSucceeded",
        "PaymentRefundRequested",
        "PaymentRefunded",
    ] {
        red(checker, &log().doubled(name));
    }
    for name in [
        "PaymentSucceeded",
        "PaymentMismatched",
        "PaymentRefundRequested",
        "OrderPaid",
    ] {
        red(checker, &log().without(name));
    }
}

#[test]
fn an_order_that_is_paid_twice_or_after_its_cancellation_is_found() {
    let checker = books::no_order_is_paid_after_cancellation;
    red(checker, &log().doubled("OrderPaid"));
    let paid = log().events[log().place_of("OrderPaid")].event.clone();
    red(checker, &log().and_then("OrderCancelled", paid));
    let reason = CancelReason::PaymentTimedOut;
    let cancelled = DomainEvent::Order(OrderEvent::OrderCancelled {
        reason,
        was_paid: true,
    });
    red(checker, &log().and_then("OrderConfirmed", cancelled));
}

#[test]
fn money_of_a_cancelled_order_that_is_kept_is_found() {
    let checker = books::the_money_of_a_cancelled_order_goes_back;
    red(checker, &log().without("PaymentRefundRequested"));
    let late = |recorded: &mut Recorded| {
        // Bob's order was declined and cancelled; now it has succeeded after all.
        if let DomainEvent::Payment(PaymentEvent::PaymentFailed {
            order_id, amount, ..
        }) = &recorded.event
        {
            recorded.event = DomainEvent::Payment(PaymentEvent::PaymentSucceeded {
                order_id: *order_id,
                user_id: user("bob"),
                amount: *amount,
                gateway_transaction_id: "gw-2".to_owned(),
            });
        }
    };
    red(checker, &log().changed("PaymentFailed", late));
    let less = |recorded: &mut Recorded| {
        if let DomainEvent::Payment(PaymentEvent::PaymentSucceeded { amount, .. }) =
            &mut recorded.event
        {
            *amount = krw(1);
        }
    };
    red(checker, &log().changed("PaymentSucceeded", less));
}

/// Two orders that points paid together with money: one is refunded, the payment of the other declined.
fn log_of_points() -> Log {
    let mut shop = Shop::open();
    shop.does(&super::paying_with_points::grant(1, 1_000, 60));
    shop.does(&place(1, "ann", &[(TEA, 2)]));
    shop.does(&super::paying_with_points::with_points(1, 400));
    shop.does(&settle(1, approved(1_600)));
    shop.does(&place(2, "ann", &[(CUP, 1)]));
    shop.does(&super::paying_with_points::with_points(2, 500));
    shop.does(&settle(2, declined()));
    shop.does(&cancel(1, by("ann")));
    shop.log
}

#[test]
fn points_that_are_taken_or_given_back_twice_or_not_at_all_are_found() {
    let checker = books::points_are_the_orders;
    assert_eq!(checker(&log_of_points()), Ok(()));
    for name in [
        "PointsHeld",
        "PointsSpent",
        "PointsReleased",
        "PointsReturned",
    ] {
        red(checker, &log_of_points().without(name));
        red(checker, &log_of_points().doubled(name));
    }
    red(checker, &log_of_points().without("OrderPointsApplied"));
}

#[test]
fn a_purchase_that_left_something_behind_is_found() {
    assert_eq!(books::nobody_ever_bought(&log_of_points()), Ok(()));
    for name in ["PointsReleased", "PointsReturned"] {
        red(books::nobody_ever_bought, &log_of_points().without(name));
    }
}

#[test]
fn an_order_that_was_left_on_its_way_is_found() {
    assert_eq!(books::every_saga_has_ended(&log()), Ok(()));
    assert_eq!(books::sold(&log()), 1_500);
    red(
        books::every_saga_has_ended,
        &log().without("OrderConfirmed"),
    );
    red(
        books::every_saga_has_ended,
        &log().without("OrderCancelled"),
    );
}
