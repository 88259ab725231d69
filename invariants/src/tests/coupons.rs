//! 5: coupons.

use domain::coupon_pool::CouponPoolEvent;
use domain::order::{Discount, OrderEvent};

use super::story::{OFF, Story, cancelled, code, krw, order, placed, user};
use crate::Invariant;

#[test]
fn a_user_with_two_coupons_is_seen() {
    let mut story = Story::new();
    story.open_shop().claim("ann", 1).claim("ann", 2);
    assert_eq!(story.broken(), [Invariant::Coupons]);
}

#[test]
fn a_coupon_issued_twice_is_seen() {
    let mut story = Story::new();
    story.open_shop().claim("ann", 1).claim("bob", 1);
    assert_eq!(story.broken(), [Invariant::Coupons]);
}

#[test]
fn one_coupon_more_than_the_pool_has_is_seen() {
    let mut story = Story::new();
    story.open_shop();
    for (serial, name) in (1..).zip(["ann", "bob", "cid"]) {
        story.claim(name, serial);
    }
    assert_eq!(story.violations(), []);
    story.claim("dan", 4);
    assert_eq!(story.broken(), [Invariant::Coupons]);
}

#[test]
fn a_coupon_that_nobody_was_given_is_seen_when_it_is_used() {
    let mut story = Story::new();
    story.open_shop().place_with_coupon(1, "ann", 1);
    assert_eq!(story.broken(), [Invariant::Coupons]);
}

#[test]
fn a_coupon_with_two_orders_is_seen() {
    let mut story = Story::new();
    story.open_shop().claim("ann", 1);
    story.place_with_coupon(1, "ann", 1);
    assert_eq!(story.violations(), []);
    story.place_with_coupon(2, "ann", 1);
    assert_eq!(story.broken(), [Invariant::Coupons]);
}

#[test]
fn a_discount_without_a_coupon_held_for_it_is_seen() {
    let mut story = Story::new();
    story.open_shop().claim("ann", 1).reserve(1);
    let discount = Discount {
        code: code(1),
        amount: krw(OFF),
    };
    story.order(1, placed(Some(discount))).commit();
    assert_eq!(story.broken(), [Invariant::Coupons]);
}

#[test]
fn a_cancelled_order_that_still_holds_its_coupon_is_seen() {
    let mut story = Story::new();
    story.open_shop().claim("ann", 1);
    story.place_with_coupon(1, "ann", 1);
    story.order(1, cancelled(false)).release(1).commit();
    assert_eq!(story.broken(), [Invariant::Coupons]);
}

#[test]
fn a_coupon_that_an_ended_order_uses_again_is_seen() {
    let mut story = Story::new();
    story.open_shop().claim("ann", 1).place(1).pay(1).confirm(1);
    story.hold(1, "ann", 1).commit();
    assert_eq!(story.broken(), [Invariant::Coupons]);
}

#[test]
fn anothers_coupon_is_seen() {
    let mut story = Story::new();
    story.open_shop().claim("bob", 1).reserve(1);
    story.hold(1, "bob", 1);
    let mut event = placed(Some(Discount {
        code: code(1),
        amount: krw(OFF),
    }));
    if let OrderEvent::OrderPlaced { user_id, .. } = &mut event {
        *user_id = user("ann");
    }
    story.order(1, event).commit();
    assert_eq!(story.broken(), [Invariant::Coupons]);
}

#[test]
fn a_coupon_used_without_being_held_is_seen() {
    let mut story = Story::new();
    story.open_shop().claim("ann", 1).place(1);
    story.coupon(CouponPoolEvent::CouponUsed {
        user_id: user("ann"),
        code: code(1),
        order_id: order(1),
    });
    assert_eq!(story.broken(), [Invariant::Coupons]);
}

#[test]
fn coupons_are_counted_by_pool() {
    let mut story = Story::new();
    story.open_shop().claim("ann", 1);
    let pools: Vec<_> = story.shop.pools().collect();
    assert_eq!(pools, [super::pool()]);
    assert_eq!(story.shop.coupons(super::pool()), Some((1, 3)));
    assert!(story.shop.has_coupon(super::pool(), &user("ann")));
    assert!(!story.shop.has_coupon(super::pool(), &user("bob")));
}
