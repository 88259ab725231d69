//! 7: refunds.

use domain::payment::{PaymentEvent, RefundReason};
use domain::{Currency, Money};

use super::story::{Story, TOTAL, krw, order, refund_requested, refunded, succeeded, user};
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
