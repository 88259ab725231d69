//! 7: refunds.

use domain::payment::{PaymentEvent, RefundReason};
use domain::{Currency, Money};

use super::story::{
    Story, TOTAL, krw, order, refund, refund_requested, refund_started, refunded, succeeded, user,
};
use crate::Invariant;

#[test]
fn more_given_back_than_was_captured_is_seen() {
    let mut story = Story::new();
    story.open_shop().place(1).pay(1).cancel_paid(1);
    story.payment(1, refunded(1, krw(TOTAL + 1)));
    assert_eq!(story.broken(), [Invariant::Refunds]);
}

#[test]
fn a_refund_that_nobody_asked_for_is_seen() {
    let mut story = Story::new();
    story.open_shop().place(1).pay(1);
    story.payment(1, refunded(1, krw(TOTAL)));
    assert_eq!(story.broken(), [Invariant::Refunds]);
}

#[test]
fn a_second_refund_is_seen_even_after_the_payment_ended() {
    let mut story = Story::new();
    story.open_shop().place(1).pay(1).cancel_paid(1).refund(1);
    assert_eq!(story.violations(), []);
    story.refund(1);
    assert!(story.broken().contains(&Invariant::Refunds));
}

#[test]
fn a_second_request_for_a_refund_is_seen() {
    let mut story = Story::new();
    story.open_shop().place(1).pay(1).cancel_paid(1);
    story.payment(
        1,
        refund_requested(1, krw(TOTAL), RefundReason::OrderCancelled),
    );
    assert_eq!(story.broken(), [Invariant::Refunds]);
}

#[test]
fn money_of_a_cancelled_order_that_does_not_go_back_is_seen() {
    let mut story = Story::new();
    story.open_shop().place(1).start_payment(1).cancel_unpaid(1);
    story.payment(1, succeeded(1, krw(TOTAL))).commit();
    assert_eq!(story.broken(), [Invariant::Money, Invariant::Refunds]);
}

#[test]
fn money_of_a_sold_order_that_goes_back_is_seen() {
    let mut story = Story::new();
    story.open_shop().place(1).pay(1).confirm(1);
    story.payment(
        1,
        refund_requested(1, krw(TOTAL), RefundReason::LateSuccess),
    );
    story.commit();
    assert_eq!(story.broken(), [Invariant::Money, Invariant::Refunds]);
}

#[test]
fn a_charge_in_another_currency_goes_back_in_that_one() {
    let charged = Money::new(TOTAL, Currency::Usd).unwrap();
    let mut story = Story::new();
    story.open_shop().place(1).start_payment(1);
    let mismatched = PaymentEvent::PaymentMismatched {
        order_id: order(1),
        user_id: user("zoe"),
        expected: krw(TOTAL),
        charged,
        gateway_transaction_id: "charge 1".to_owned(),
    };
    let owed = refund_requested(1, charged, RefundReason::AmountMismatch);
    story
        .payment(1, mismatched)
        .payment(1, owed)
        .cancel_unpaid(1);
    story.payment(1, refunded(1, charged)).commit();
    assert_eq!(story.violations(), []);
}

/// An order of two pieces for 1 000 won, paid; and ended, so that the books have closed it, or not.
fn sold(ended: bool) -> Story {
    let mut story = Story::new();
    story.open_shop().place(1).pay(1);
    if ended {
        story.confirm(1);
    }
    story
}

#[test]
fn an_order_that_goes_back_piece_by_piece_is_right_also_after_it_ended() {
    for ended in [false, true] {
        let mut story = sold(ended);
        story.ask_back(1, 1, 1, 1).ask_back(1, 2, 1, 0);
        story.give_back(1, 2, 1, false).give_back(1, 1, 1, true);
        assert_eq!(story.violations(), []);
    }
}

#[test]
fn a_line_that_gives_back_more_than_was_left_is_seen() {
    for ended in [false, true] {
        let mut story = sold(ended);
        story.ask_back(1, 1, 1, 1).ask_back(1, 2, 1, 1);
        assert_eq!(story.broken(), [Invariant::Refunds]);
        let mut story = sold(ended);
        story.ask_back(1, 1, 1, 1).ask_back(1, 2, 2, 0);
        assert_eq!(story.broken(), [Invariant::Refunds]);
    }
}

#[test]
fn a_line_that_never_had_so_many_pieces_is_seen() {
    let mut story = sold(false);
    story.ask_back(1, 1, 1, 2);
    assert_eq!(story.broken(), [Invariant::Refunds]);
}

#[test]
fn a_refund_of_the_order_without_one_of_the_payment_and_the_other_way_round_are_seen() {
    for ended in [false, true] {
        let mut story = sold(ended);
        story.order(1, refund_started(1, refund(1), 1, 1)).commit();
        assert!(story.broken().contains(&Invariant::Refunds));
        let mut story = sold(ended);
        let requested = refund_requested(1, krw(500), RefundReason::Requested);
        story.payment(1, requested).commit();
        assert!(story.broken().contains(&Invariant::Refunds));
    }
}

#[test]
fn pieces_that_do_not_come_back_with_their_refund_or_come_twice_are_seen() {
    use domain::inventory::InventoryEvent;

    for ended in [false, true] {
        let mut story = sold(ended);
        story.ask_back(1, 1, 1, 1).give_back(1, 1, 1, false);
        assert_eq!(story.violations(), []);
        story.stock(InventoryEvent::StockReturned {
            order_id: order(1),
            allocations: super::story::seoul(1),
        });
        story.commit();
        assert!(story.broken().contains(&Invariant::NoOversell));
    }
}

#[test]
fn a_refund_that_is_done_twice_or_was_never_asked_for_is_seen() {
    let mut story = sold(true);
    story.ask_back(1, 1, 1, 1).give_back(1, 1, 1, false);
    story.give_back(1, 1, 1, false);
    assert!(story.broken().contains(&Invariant::Refunds));
    let mut story = sold(true);
    story.give_back(1, 7, 1, false);
    assert!(story.broken().contains(&Invariant::Refunds));
}

#[test]
fn an_order_that_says_it_is_all_back_while_something_is_left_is_seen() {
    let mut story = sold(true);
    story.ask_back(1, 1, 1, 1).give_back(1, 1, 1, true);
    assert_eq!(story.broken(), [Invariant::Refunds]);
}

#[test]
fn a_coupon_that_comes_back_while_something_of_its_order_is_left_is_seen() {
    use domain::coupon_pool::CouponPoolEvent;

    let mut story = Story::new();
    story.open_shop().claim("ann", 1);
    story.place_with_coupon(1, "ann", 1).pay(1);
    story.ask_back(1, 1, 1, 1);
    assert_eq!(story.violations(), []);
    story.coupon(CouponPoolEvent::CouponGivenBack {
        user_id: user("ann"),
        code: super::story::code(1),
        order_id: order(1),
    });
    story.commit();
    assert!(story.broken().contains(&Invariant::Coupons));
}

#[test]
fn a_refund_that_is_not_done_is_late_at_rest_and_parked_when_nobody_tries_any_more() {
    let mut story = sold(true);
    story.ask_back(1, 1, 1, 1).ask_back(1, 2, 1, 0);
    story.give_back(1, 1, 1, false);
    assert_eq!(story.shop.at_rest(super::story::at(1)).len(), 1);
    story.payment(
        1,
        PaymentEvent::PaymentRefundDelayed {
            refund_id: refund(2),
            reason: "REFUSED_NOT_CANCELABLE_PAYMENT".to_owned(),
            attempts: 13,
            next_attempt_at: None,
            refused: true,
        },
    );
    story.commit();
    assert_eq!(story.violations(), []);
    assert_eq!(story.shop.parked().len(), 1);
}
