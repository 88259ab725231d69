//! 10: everything ends, in its order.

use domain::order::OrderEvent;
use domain::payment::{DepositAccount, PaymentEvent, ReviewReason};

use super::story::{Story, TOTAL, at, cancelled, krw, order, payment, placed, user};
use crate::{Invariant, Violation};

fn streams(found: &[Violation]) -> Vec<String> {
    assert!(found.iter().all(|v| v.invariant == Invariant::SagasEnd));
    found.iter().filter_map(|v| v.stream.clone()).collect()
}

#[test]
fn an_order_that_is_past_its_time_is_seen() {
    let mut story = Story::new();
    story.open_shop().place(1);
    assert_eq!(story.shop.at_rest(at(29)), []);
    let late = vec![format!("order/{}", order(1))];
    assert_eq!(streams(&story.shop.at_rest(at(30))), late);
    story.pay(1);
    assert_eq!(story.shop.at_rest(at(59)), []);
    assert_eq!(streams(&story.shop.at_rest(at(60))), late);
    story.confirm(1);
    assert_eq!(story.shop.at_rest(at(60)), []);
}

#[test]
fn a_payment_without_outcome_is_seen() {
    let mut story = Story::new();
    story.open_shop().place(1).start_payment(1);
    let late = vec![format!("payment/{}", payment(1))];
    assert_eq!(streams(&story.shop.at_rest(at(0))), late);
}

fn unknown(next: Option<i64>) -> PaymentEvent {
    PaymentEvent::PaymentOutcomeUnknown {
        order_id: order(1),
        reason: "timed out".to_owned(),
        inquiries: 1,
        next_inquiry_at: next.map(at),
    }
}

#[test]
fn a_payment_that_is_asked_for_later_waits_and_one_that_nobody_asks_for_is_parked() {
    let mut story = Story::new();
    story.open_shop().place(1).start_payment(1);
    story.payment(1, unknown(Some(5))).commit();
    assert_eq!(story.shop.at_rest(at(4)), []);
    assert_eq!(story.shop.at_rest(at(5)).len(), 1);
    story.payment(1, unknown(None)).commit();
    assert_eq!(story.shop.at_rest(at(5)), []);
    let parked = story.shop.parked();
    assert_eq!(parked.len(), 1);
    assert!(parked[0].1.ends_with("timed out"));
    assert_eq!(story.violations(), []);
}

#[test]
fn a_refund_that_was_not_done_is_seen() {
    let mut story = Story::new();
    story.open_shop().place(1).pay(1).cancel_paid(1);
    let late = vec![format!("payment/{}", payment(1))];
    assert_eq!(streams(&story.shop.at_rest(at(0))), late);
    story.refund(1);
    assert_eq!(story.shop.at_rest(at(0)), []);
}

#[test]
fn a_pool_that_is_open_past_its_end_is_seen() {
    let mut story = Story::new();
    story.open_shop();
    let late = vec![format!("coupon_pool/{}", super::pool())];
    assert_eq!(streams(&story.shop.at_rest(at(100_000))), late);
    story.coupon(domain::coupon_pool::CouponPoolEvent::CouponPoolClosed {});
    assert_eq!(story.shop.at_rest(at(100_000)), []);
}

#[test]
fn an_order_that_goes_backward_is_seen() {
    let mut story = Story::new();
    story.open_shop().place(1).cancel_unpaid(1);
    story.order(1, cancelled(false)).commit();
    assert_eq!(story.broken(), [Invariant::SagasEnd]);

    let mut story = Story::new();
    story.open_shop().place(1);
    story.order(1, OrderEvent::OrderConfirmed {});
    assert_eq!(story.broken(), [Invariant::SagasEnd]);

    let mut story = Story::new();
    story.open_shop().place(1).pay(1).confirm(1);
    story.order(1, placed(None)).commit();
    assert_eq!(story.broken(), [Invariant::SagasEnd]);
}

fn deposit_awaited(amount: i64) -> PaymentEvent {
    PaymentEvent::PaymentDepositAwaited {
        order_id: order(1),
        user_id: user("ann"),
        amount: krw(amount),
        gateway_transaction_id: "gw-1".to_owned(),
        account: DepositAccount {
            bank: "20".to_owned(),
            number: "X6505636518308".to_owned(),
            holder: None,
            until: at(1_000),
            open_until: None,
        },
        inquiries: 0,
        next_inquiry_at: at(10),
    }
}

#[test]
fn an_order_and_a_payment_wait_for_a_deposit_and_not_for_ever() {
    let mut story = Story::new();
    story.open_shop().place(1).start_payment(1);
    story.payment(1, deposit_awaited(TOTAL)).commit();
    assert_eq!(story.shop.at_rest(at(1_019)), []);
    let late = vec![
        format!("order/{}", order(1)),
        format!("payment/{}", payment(1)),
    ];
    assert_eq!(streams(&story.shop.at_rest(at(1_020))), late);
    assert_eq!(story.violations(), []);
}

#[test]
fn a_deposit_of_another_amount_than_was_asked_for_is_seen() {
    let mut story = Story::new();
    story.open_shop().place(1).start_payment(1);
    story.payment(1, deposit_awaited(TOTAL - 1)).commit();
    assert_eq!(story.broken(), [Invariant::Money]);
}

#[test]
fn a_payment_that_a_person_must_look_at_is_listed_though_it_ended() {
    let mut story = Story::new();
    story.open_shop().place(1).pay(1).confirm(1);
    let review = PaymentEvent::PaymentReviewRequired {
        order_id: order(1),
        reason: ReviewReason::DepositTakenBack,
        amount: None,
    };
    story.payment(1, review).commit();
    assert_eq!(story.violations(), []);
    let parked = story.shop.parked();
    assert_eq!(parked.len(), 1);
    assert!(parked[0].1.ends_with("DEPOSIT_TAKEN_BACK"));
}
