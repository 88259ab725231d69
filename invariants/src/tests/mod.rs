//! A history that holds, and for each invariant histories that do not.

mod coupons;
mod dense;
mod ledger;
mod methods;
mod money;
mod outcomes;
mod points;
mod points_of_orders;
mod refunds;
mod rest;
mod stock;
mod story;

use self::story::{Story, pool};
use crate::Invariant;

#[test]
fn a_shop_where_all_is_well_has_no_violation() {
    let mut story = Story::new();
    story.open_shop();
    story.place(1).pay(1).confirm(1).ship(1);
    story.place(2).pay(2).cancel_paid(2).refund(2);
    story.place(3).cancel_unpaid(3);
    story.place(4).start_payment(4).decline(4);
    story
        .place(5)
        .start_payment(5)
        .cancel_unpaid(5)
        .succeed_late(5);
    story.refund(5);
    story
        .claim("ann", 1)
        .place_with_coupon(6, "ann", 1)
        .pay(6)
        .confirm(6);
    story.claim("bob", 2).place_with_coupon(7, "bob", 2).pay(7);
    story.cancel_paid(7).refund(7);
    story
        .claim("cid", 3)
        .place_with_coupon(8, "cid", 3)
        .cancel_unpaid(8);
    assert_eq!(story.violations(), []);
    assert_eq!(story.shop.at_rest(story::at(10_000)), []);
    assert_eq!(story.shop.parked(), []);
}

#[test]
fn every_invariant_has_a_name_and_a_number_of_its_own() {
    let mut numbers: Vec<u8> = Invariant::ALL.map(Invariant::number).to_vec();
    let mut names: Vec<&str> = Invariant::ALL.map(Invariant::name).to_vec();
    assert!(numbers.is_sorted());
    numbers.dedup();
    names.sort_unstable();
    names.dedup();
    assert_eq!((numbers.len(), names.len()), (15, 15));
    for invariant in Invariant::ALL {
        assert_eq!(Invariant::named(invariant.name()), Some(invariant));
    }
    assert_eq!(Invariant::named("nothing"), None);
}

#[test]
fn ended_orders_and_payments_are_not_kept_open() {
    let mut story = Story::new();
    story.open_shop();
    for number in 1..=50 {
        story.place(number).pay(number).confirm(number);
    }
    assert_eq!(story.violations(), []);
    assert_eq!(story.shop.open(), (0, 0));
}
