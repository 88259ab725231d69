//! The three standard tests of each saga: its steps repeat safely, a failure at each step compensates,
//! and the compensation repeats safely.

use chrono::Duration;
use uuid::Uuid;

use super::deeds::{FIXED, TEA};
use super::deeds::{by, cancel, confirm, pay, place};
use super::runner::Runner;
use super::shop::Shop;
use crate::checkout::{PlaceOrder, RequestPayment};
use crate::coupon_pool::CouponState;
use crate::mothers::{at, order_id, pool_id};
use crate::order::OrderStatus;
use crate::payment::PaymentStatus;
use crate::saga::Action;

/// Order 1 of Ann, 1 500 won with a coupon, and payment 1 with this token, asked for at minute 1.
fn shop(token: &str) -> (Shop, Runner) {
    let mut shop = Shop::open();
    let coupon = shop.gives(FIXED, "ann");
    shop.does(&PlaceOrder {
        coupon: Some(coupon),
        ..place(1, "ann", &[(TEA, 2)])
    });
    shop.now = at(1);
    shop.does(&RequestPayment {
        token: token.to_owned(),
        ..pay(1, 1, "ann")
    });
    (shop, Runner::default())
}

fn order_status(shop: &Shop) -> OrderStatus {
    shop.order(1).status
}

fn payment_status(shop: &Shop) -> PaymentStatus {
    shop.payment(1).status
}

/// The shop as if the order had never been.
#[track_caller]
fn assert_compensated(shop: &Shop) {
    assert_eq!(order_status(shop), OrderStatus::Cancelled);
    assert_eq!(shop.stock(TEA), (10, 0, 10));
    assert_eq!(shop.coupon(FIXED, "ann"), CouponState::Issued);
}

#[track_caller]
fn assert_sold(shop: &Shop) {
    assert_eq!(shop.stock(TEA), (8, 0, 8));
    assert_eq!(shop.coupon(FIXED, "ann"), CouponState::Used(order_id(1)));
}

/// Runs a shop to its end, each step `times` times, its commands' outcomes kept or not.
fn run(token: &str, times: usize, kept: bool) -> (Shop, Runner) {
    let (mut shop, mut runner) = shop(token);
    while let Some((_, id, action)) = runner.next(&mut shop) {
        for _ in 0..times {
            if kept {
                runner.perform(&mut shop, id, &action);
            } else {
                runner.perform_anew(&mut shop, id, &action);
            }
        }
    }
    (shop, runner)
}

mod checkout {
    use super::*;

    #[test]
    fn a_payment_that_is_approved_ends_in_a_confirmed_order() {
        let (shop, runner) = run("tok_approve", 1, true);
        assert_eq!(order_status(&shop), OrderStatus::Confirmed);
        assert_eq!(payment_status(&shop), PaymentStatus::Succeeded);
        assert_sold(&shop);
        assert_eq!(runner.gateway.keeps(), 1_500);
    }

    #[test]
    fn steps_repeat_safely() {
        for token in super::super::gateway::TOKENS {
            let (once, gateway) = run(token, 1, true);
            let (thrice, gateway_thrice) = run(token, 3, true);
            assert_eq!(thrice.log, once.log, "{token}");
            assert_eq!(
                gateway_thrice.gateway.keeps(),
                gateway.gateway.keeps(),
                "{token}"
            );
        }
    }

    #[test]
    fn steps_with_a_definite_answer_repeat_safely_even_when_their_outcome_was_not_kept() {
        for token in ["tok_approve", "tok_decline", "tok_wrong_amount"] {
            let (once, _) = run(token, 1, true);
            let (thrice, runner) = run(token, 3, false);
            assert_eq!(thrice.log.events, once.log.events, "{token}");
            assert_eq!(runner.refused, [], "{token}");
        }
    }

    #[test]
    fn the_log_read_again_from_its_start_changes_nothing() {
        for token in super::super::gateway::TOKENS {
            let (mut shop, mut runner) = run(token, 1, true);
            let log = shop.log.clone();
            runner.read_again(&shop);
            runner.run_to_the_end(&mut shop);
            assert_eq!(shop.log, log, "{token}");
        }
    }

    #[test]
    fn failure_of_the_charge_compensates() {
        let (shop, runner) = run("tok_decline", 1, true);
        assert_compensated(&shop);
        assert_eq!(payment_status(&shop), PaymentStatus::Failed);
        assert_eq!(runner.gateway.keeps(), 0);
    }

    #[test]
    fn a_charge_of_the_wrong_amount_compensates_and_goes_back() {
        let (shop, runner) = run("tok_wrong_amount", 1, true);
        assert_compensated(&shop);
        assert_eq!(payment_status(&shop), PaymentStatus::Refunded);
        assert_eq!(runner.gateway.keeps(), 0);
    }

    #[test]
    fn a_charge_that_was_never_made_and_never_answered_compensates() {
        let (shop, runner) = run("tok_timeout", 1, true);
        assert_compensated(&shop);
        assert_eq!(payment_status(&shop), PaymentStatus::Failed);
        assert_eq!(runner.gateway.keeps(), 0);
    }

    #[test]
    fn a_charge_that_was_made_and_not_answered_is_found_by_the_first_inquiry() {
        let (mut shop, mut runner) = shop("tok_charge_then_timeout");
        runner.run_until(&mut shop, at(1));
        assert_eq!(payment_status(&shop), PaymentStatus::Unknown);
        runner.run_until(&mut shop, at(1) + Duration::seconds(4));
        assert_eq!(payment_status(&shop), PaymentStatus::Unknown);
        runner.run_until(&mut shop, at(1) + Duration::seconds(5));
        assert_eq!(payment_status(&shop), PaymentStatus::Succeeded);
        assert_eq!(order_status(&shop), OrderStatus::Paid);
        assert_sold(&shop);
    }

    #[test]
    fn a_success_found_after_the_order_expired_goes_back() {
        let (mut shop, mut runner) = shop("tok_charge_then_timeout");
        runner.gateway.silent_for = 4;
        runner.run_to_the_end(&mut shop);
        assert_compensated(&shop);
        assert_eq!(payment_status(&shop), PaymentStatus::Refunded);
        assert_eq!(runner.gateway.keeps(), 0);
    }

    #[test]
    fn a_success_of_an_order_cancelled_meanwhile_goes_back() {
        let (mut shop, mut runner) = shop("tok_approve");
        runner.read(&shop);
        shop.does(&cancel(1, by("ann")));
        runner.run_to_the_end(&mut shop);
        assert_compensated(&shop);
        assert_eq!(payment_status(&shop), PaymentStatus::Refunded);
        assert_eq!(runner.gateway.keeps(), 0);
    }

    /// The gateway was asked one last time, was away just then, and was never asked again.
    #[test]
    fn a_charge_found_only_after_the_late_inquiry_failed_goes_back() {
        let (mut shop, mut runner) = shop("tok_timeout");
        runner.run_until(&mut shop, at(5));
        assert_eq!(payment_status(&shop), PaymentStatus::Failed);
        // The request had been on its way all the time.
        let late = crate::saga::GatewayRequest {
            payment_id: crate::mothers::payment_id(1),
            order_id: order_id(1),
            amount: shop.order(1).total,
            gateway: "mock".to_owned(),
            token: "tok_approve".to_owned(),
            method_id: None,
        };
        runner.gateway.confirm(&late);
        runner.gateway.silent_for = 1;
        runner.run_to_the_end(&mut shop);
        assert_compensated(&shop);
        assert_eq!(payment_status(&shop), PaymentStatus::Refunded);
        assert_eq!(runner.gateway.keeps(), 0);
    }

    #[test]
    fn a_refund_that_fails_is_tried_again_under_the_same_id() {
        let (mut shop, mut runner) = shop("tok_approve");
        runner.run_until(&mut shop, at(2));
        shop.does(&cancel(1, by("ann")));
        // The gateway itself asserts that all attempts come under one id.
        runner.gateway.silent_for = 3;
        runner.run_to_the_end(&mut shop);
        assert_compensated(&shop);
        assert_eq!(payment_status(&shop), PaymentStatus::Cancelled);
        let delays = shop.log.events.iter().filter(|recorded| {
            super::super::shop::name_of(&recorded.event) == "PaymentRefundDelayed"
        });
        assert_eq!(delays.count(), 3);
    }

    #[test]
    fn a_gateway_that_is_away_for_good_leaves_the_payment_to_a_person() {
        let (mut shop, mut runner) = shop("tok_charge_then_timeout");
        runner.gateway.silent_for = u32::MAX;
        runner.run_to_the_end(&mut shop);
        assert_compensated(&shop);
        assert_eq!(payment_status(&shop), PaymentStatus::Unknown);
        assert_eq!(shop.payment(1).next_inquiry_at, None);
    }

    #[test]
    fn compensation_repeats_safely() {
        for token in ["tok_decline", "tok_wrong_amount"] {
            let (once, _) = run(token, 1, true);
            let (again, runner) = run(token, 2, false);
            assert_eq!(again.log.events, once.log.events, "{token}");
            assert_compensated(&again);
            assert_eq!(runner.gateway.keeps(), 0, "{token}");
        }
        let (mut shop, mut runner) = shop("tok_approve");
        runner.run_until(&mut shop, at(2));
        shop.does(&cancel(1, by("ann")));
        while let Some((_, id, action)) = runner.next(&mut shop) {
            for _ in 0..3 {
                runner.perform_anew(&mut shop, id, &action);
            }
        }
        assert_compensated(&shop);
        assert_eq!(payment_status(&shop), PaymentStatus::Cancelled);
    }
}

mod confirmation {
    use super::*;

    /// The order's confirmation, when it is due.
    fn due(shop: &mut Shop, runner: &mut Runner) -> (Uuid, Action) {
        loop {
            let (_, id, action) = runner.next(shop).unwrap();
            if matches!(action, Action::ConfirmOrder { .. }) {
                return (id, action);
            }
            runner.perform(shop, id, &action);
        }
    }

    #[test]
    fn a_paid_order_is_confirmed_at_its_time_and_not_before() {
        let (mut shop, mut runner) = shop("tok_approve");
        runner.run_until(&mut shop, at(30));
        assert_eq!(order_status(&shop), OrderStatus::Paid);
        runner.run_until(&mut shop, at(31));
        assert_eq!(order_status(&shop), OrderStatus::Confirmed);
    }

    #[test]
    fn steps_repeat_safely() {
        let (mut shop, mut runner) = shop("tok_approve");
        let (id, action) = due(&mut shop, &mut runner);
        runner.perform(&mut shop, id, &action);
        let events = shop.log.events.len();
        runner.perform_anew(&mut shop, id, &action);
        assert_eq!(shop.log.events.len(), events);
        assert_eq!(runner.refused, []);
    }

    #[test]
    fn an_order_cancelled_meanwhile_is_not_confirmed() {
        let (mut shop, mut runner) = shop("tok_approve");
        let (id, action) = due(&mut shop, &mut runner);
        shop.does(&cancel(1, by("ann")));
        let events = shop.log.events.len();
        for _ in 0..2 {
            runner.perform_anew(&mut shop, id, &action);
        }
        assert_eq!(shop.log.events.len(), events);
        let codes: Vec<&str> = runner.refused.iter().map(|(_, why)| why.code()).collect();
        assert_eq!(codes, ["ORDER_STATUS_CONFLICT"; 2]);
        runner.run_to_the_end(&mut shop);
        assert_compensated(&shop);
    }

    #[test]
    fn an_order_that_an_operator_confirmed_sooner_is_confirmed_once() {
        let (mut shop, mut runner) = shop("tok_approve");
        let (id, action) = due(&mut shop, &mut runner);
        shop.does(&confirm(1));
        let events = shop.log.events.len();
        runner.perform(&mut shop, id, &action);
        assert_eq!(shop.log.events.len(), events);
        assert_eq!(runner.refused, []);
    }
}

mod expiry {
    use super::*;

    /// An order that nobody pays.
    fn unpaid() -> (Shop, Runner) {
        let mut shop = Shop::open();
        shop.does(&place(1, "ann", &[(TEA, 2)]));
        (shop, Runner::default())
    }

    #[test]
    fn an_unpaid_order_is_cancelled_at_its_time_and_not_before() {
        let (mut shop, mut runner) = unpaid();
        runner.run_until(&mut shop, at(14));
        assert_eq!(order_status(&shop), OrderStatus::Pending);
        runner.run_until(&mut shop, at(15));
        assert_eq!(order_status(&shop), OrderStatus::Cancelled);
        assert_eq!(shop.stock(TEA), (10, 0, 10));
    }

    #[test]
    fn steps_repeat_safely() {
        let (mut shop, mut runner) = unpaid();
        let mut names = Vec::new();
        while let Some((_, id, action)) = runner.next(&mut shop) {
            runner.perform(&mut shop, id, &action);
            names.extend(shop.last());
            let events = shop.log.events.len();
            runner.perform_anew(&mut shop, id, &action);
            assert_eq!(shop.log.events.len(), events, "{action:?}");
        }
        assert_eq!(runner.refused, []);
        let pools = ["CouponPoolClosed"; 3];
        assert_eq!(names[..2], ["OrderCancelled", "StockReleased"]);
        assert_eq!(names[2..], pools);
    }

    #[test]
    fn an_order_paid_meanwhile_is_not_cancelled() {
        let (mut shop, mut runner) = shop("tok_approve");
        runner.run_until(&mut shop, at(20));
        assert_eq!(order_status(&shop), OrderStatus::Paid);
        assert_eq!(runner.refused, []);
        assert_sold(&shop);
    }

    #[test]
    fn an_order_cancelled_meanwhile_is_not_cancelled_again() {
        let (mut shop, mut runner) = unpaid();
        shop.does(&cancel(1, by("ann")));
        let events = shop.log.events.len();
        runner.run_until(&mut shop, at(20));
        assert_eq!(shop.log.events.len(), events);
        assert_eq!(runner.refused, []);
    }

    #[test]
    fn a_pool_is_closed_at_its_end_and_not_before() {
        let (mut shop, mut runner) = unpaid();
        runner.run_until(&mut shop, at(59));
        assert_ne!(shop.last(), ["CouponPoolClosed"]);
        runner.run_until(&mut shop, at(60));
        assert_eq!(shop.last(), ["CouponPoolClosed"]);
        let pool = shop.state::<crate::coupon_pool::CouponPool>(pool_id(FIXED));
        assert!(pool.exists());
    }
}
