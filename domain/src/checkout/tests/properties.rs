//! The invariants, over random days in the shop: at every event, after every operation, at the end. `PROPTEST_CASES`
//! says over how many days; without it over a few.

use std::collections::BTreeSet;

use chrono::Duration;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;

use super::books;
use super::chance::{World, any_day, by_card, play, working_day};
use super::faults::CHECKERS;
use super::shop::name_of;
use crate::golden::samples;

/// Days drawn for each property: all together run in a few seconds, unoptimised.
const DAYS: u32 = 200;

/// Long enough for an order to be paid and confirmed.
const SOON: Duration = Duration::hours(1);

fn config() -> ProptestConfig {
    let asked = ProptestConfig::default();
    let cases = match std::env::var_os("PROPTEST_CASES") {
        Some(_) => asked.cases,
        None => DAYS,
    };
    ProptestConfig { cases, ..asked }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn no_warehouse_is_ever_oversold(day in any_day()) {
        prop_assert_eq!(books::stock_is_never_oversold(&play(&day).shop.log), Ok(()));
    }

    #[test]
    fn what_left_the_shelf_is_what_paid_orders_have(day in any_day()) {
        prop_assert_eq!(books::what_left_the_shelf_was_paid_for(&play(&day).shop.log), Ok(()));
    }

    #[test]
    fn a_coupon_is_one_a_user_and_used_once_at_a_time(day in any_day()) {
        prop_assert_eq!(books::coupons_are_used_once(&play(&day).shop.log), Ok(()));
    }

    #[test]
    fn a_total_is_its_lines_less_its_discount(day in any_day()) {
        prop_assert_eq!(books::totals_add_up(&play(&day).shop.log), Ok(()));
    }

    #[test]
    fn what_was_captured_is_kept_or_goes_back(day in any_day()) {
        prop_assert_eq!(books::money_is_conserved(&play(&day).shop.log), Ok(()));
    }

    #[test]
    fn no_order_is_paid_after_it_was_cancelled(day in any_day()) {
        prop_assert_eq!(books::no_order_is_paid_after_cancellation(&play(&day).shop.log), Ok(()));
    }

    #[test]
    fn a_payment_that_succeeded_for_a_cancelled_order_is_refunded(day in any_day()) {
        let log = play(&day).shop.log;
        prop_assert_eq!(books::the_money_of_a_cancelled_order_goes_back(&log), Ok(()));
    }

    #[test]
    fn the_points_of_an_order_are_held_spent_or_back(day in any_day()) {
        prop_assert_eq!(books::points_are_the_orders(&play(&day).shop.log), Ok(()));
    }

    #[test]
    fn refunding_everything_leaves_exactly_what_there_was(day in working_day()) {
        let mut world = play(&by_card(day));
        let soon = world.shop.now + SOON;
        world.runner.run_until(&mut world.shop, soon);
        world.undo_everything();
        // Payments that nobody knew about have come to their end now, and a year has passed.
        world.runner.run_to_the_end(&mut world.shop);
        world.undo_everything();
        world.runner.run_to_the_end(&mut world.shop);
        let log = &world.shop.log;
        for checker in CHECKERS {
            prop_assert_eq!(checker(log), Ok(()));
        }
        prop_assert_eq!(books::nobody_ever_bought(log), Ok(()));
        prop_assert_eq!(books::sold(log), 0);
        prop_assert_eq!(world.runner.gateway.keeps(), 0);
    }

    #[test]
    fn an_operation_repeated_at_once_or_later_has_no_second_effect(day in any_day()) {
        prop_assert_eq!(play(&day).twice, Vec::<String>::new());
    }

    #[test]
    fn what_is_in_memory_is_what_the_log_says(day in any_day()) {
        play(&day).shop.check_memory();
    }

    #[test]
    fn every_saga_ends_and_the_gateway_keeps_just_what_the_shop_sold(day in working_day()) {
        let mut world = play(&day);
        world.runner.run_to_the_end(&mut world.shop);
        let log = &world.shop.log;
        prop_assert_eq!(books::every_saga_has_ended(log), Ok(()));
        prop_assert_eq!(world.runner.gateway.keeps(), books::sold(log));
        for checker in CHECKERS {
            prop_assert_eq!(checker(log), Ok(()));
        }
        prop_assert_eq!(&world.twice, &Vec::<String>::new());
        // The log read again from its start, by a runner that has kept the outcomes.
        let events = log.events.len();
        world.runner.read_again(&world.shop);
        world.runner.run_to_the_end(&mut world.shop);
        prop_assert_eq!(world.shop.log.events.len(), events);
    }
}

/// Properties over days on which nothing happens would prove nothing.
#[test]
fn the_random_days_are_eventful() {
    let mut runner = TestRunner::deterministic();
    let (mut in_any, mut in_working, mut refused) = (BTreeSet::new(), BTreeSet::new(), 0);
    // More than a property draws: the rarest kinds of events come about once in some hundred days.
    for _ in 0..4 * DAYS {
        let day = any_day().new_tree(&mut runner).unwrap().current();
        note(&play(&day), &mut in_any);
        let day = working_day().new_tree(&mut runner).unwrap().current();
        let mut world = play(&day);
        world.runner.run_to_the_end(&mut world.shop);
        note(&world, &mut in_working);
        refused += world.runner.refused.len();
    }
    assert_eq!(missing(&in_any), NEVER);
    // And the runner's gateway never contradicts itself.
    assert!(in_working.insert("PaymentReviewRequired".to_owned()));
    assert_eq!(missing(&in_working), NEVER);
    assert!(refused > 0, "no step of a saga was ever overtaken");
}

/// Delivery has no operation yet; the catalogue is edited in the back office, payment methods are saved elsewhere,
/// and nobody tells of anything by himself.
const NEVER: [&str; 13] = [
    "OrderDelivered",
    "OrderShipped",
    "PaymentInquiryRequested",
    "PaymentMethodDeleted",
    "PaymentMethodErased",
    "PaymentMethodErasureDelayed",
    "PaymentMethodMadeDefault",
    "PaymentMethodRegistered",
    "PaymentMethodRegistrationDelayed",
    "PaymentMethodRegistrationFailed",
    "PaymentMethodRequested",
    "ProductDescribed",
    "ProductMarkedSoldOut",
];

/// Names of the events of a day.
fn note(world: &World, seen: &mut BTreeSet<String>) {
    let events = world.shop.log.events.iter();
    seen.extend(events.map(|recorded| name_of(&recorded.event)));
}

fn missing(seen: &BTreeSet<String>) -> Vec<String> {
    let samples = samples();
    let all: BTreeSet<String> = samples
        .iter()
        .map(|sample| name_of(&sample.event))
        .collect();
    all.difference(seen).cloned().collect()
}
