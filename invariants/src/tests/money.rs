//! 6: money.

use domain::order::{Discount, OrderEvent};
use domain::{Currency, Money};

use super::story::{
    PRICE, Story, TOTAL, code, krw, order, paid, payment, placed, requested, succeeded,
};
use crate::Invariant;

/// The order's first event, changed.
fn placed_with(change: impl FnOnce(&mut OrderEvent)) -> Story {
    let mut story = Story::new();
    story.open_shop().reserve(1);
    let mut event = placed(None);
    change(&mut event);
    story.order(1, event).commit();
    story
}

#[test]
fn an_order_that_costs_something_else_than_its_lines_is_seen() {
    let changes: [fn(&mut OrderEvent); 4] = [
        |event| {
            if let OrderEvent::OrderPlaced { total, .. } = event {
                *total = krw(TOTAL - 1);
            }
        },
        |event| {
            if let OrderEvent::OrderPlaced {
                subtotal, total, ..
            } = event
            {
                *subtotal = krw(TOTAL + 1);
                *total = krw(TOTAL + 1);
            }
        },
        |event| {
            if let OrderEvent::OrderPlaced { lines, .. } = event {
                lines[0].amount = krw(TOTAL + PRICE);
            }
        },
        |event| {
            if let OrderEvent::OrderPlaced { lines, .. } = event {
                lines[0].unit_price = Money::new(PRICE, Currency::Usd).unwrap();
            }
        },
    ];
    for (number, change) in changes.into_iter().enumerate() {
        assert_eq!(placed_with(change).broken(), [Invariant::Money], "{number}");
    }
}

#[test]
fn a_discount_that_is_not_taken_off_is_seen() {
    let mut story = Story::new();
    story.open_shop().claim("ann", 1);
    story.reserve(1).hold(1, "ann", 1);
    let mut event = placed(Some(Discount {
        code: code(1),
        amount: krw(super::story::OFF),
    }));
    if let OrderEvent::OrderPlaced { total, .. } = &mut event {
        *total = krw(TOTAL);
    }
    story.order(1, event).commit();
    assert_eq!(story.broken(), [Invariant::Money]);
}

#[test]
fn a_payment_of_another_amount_than_the_order_costs_is_seen() {
    let mut story = Story::new();
    story.open_shop().place(1);
    let payment_id = payment(1);
    story.order(1, OrderEvent::OrderPaymentStarted { payment_id });
    story.payment(1, requested(1, krw(TOTAL - 1))).commit();
    assert_eq!(story.broken(), [Invariant::Money]);
}

#[test]
fn a_charge_of_another_amount_than_was_asked_for_is_seen() {
    let mut story = Story::new();
    story.open_shop().place(1).start_payment(1);
    story.payment(1, succeeded(1, krw(TOTAL + 1)));
    assert_eq!(story.broken(), [Invariant::Money]);
}

#[test]
fn a_second_charge_of_a_payment_is_seen_even_after_it_ended() {
    let mut story = Story::new();
    story.open_shop().place(1).pay(1).confirm(1);
    story.payment(1, succeeded(1, krw(TOTAL))).commit();
    assert_eq!(story.broken(), [Invariant::Money]);
}

#[test]
fn an_order_paid_without_a_charge_is_seen_in_the_sum_and_by_payment() {
    let mut story = Story::new();
    story.open_shop().place(1).start_payment(1);
    story.order(1, paid(1)).deduct(1).commit();
    assert_eq!(story.broken(), [Invariant::Money, Invariant::Refunds]);
    let sum = "KRW: 0 captured, but 0 given back, 0 owed and 1000 kept for sold orders";
    assert!(story.violations().iter().any(|v| v.evidence == sum));
    let before = story.violations().len();
    story.place(2).pay(2);
    assert_eq!(
        story.violations().len(),
        before,
        "the same gap is not told twice"
    );
}

#[test]
fn a_payment_for_no_order_is_seen() {
    let mut story = Story::new();
    story
        .open_shop()
        .payment(1, requested(1, krw(TOTAL)))
        .commit();
    assert_eq!(story.broken(), [Invariant::Money]);
    assert!(
        story.violations()[0]
            .evidence
            .contains(&order(1).to_string())
    );
}

#[test]
fn the_totals_say_where_the_money_is() {
    let mut story = Story::new();
    story.open_shop().place(1).pay(1);
    story.place(2).pay(2).cancel_paid(2);
    story.place(3).pay(3).cancel_paid(3).refund(3);
    let totals = story.shop.money(Currency::Krw);
    let total = i128::from(TOTAL);
    assert_eq!(
        (totals.captured, totals.refunded, totals.owed, totals.kept),
        (3 * total, total, total, total)
    );
    assert_eq!(story.shop.money(Currency::Usd), Default::default());
}
