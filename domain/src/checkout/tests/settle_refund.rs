//! What the gateway says of a refund: done, or asked again under the same id.

use serde_json::json;

use super::deeds::{by, cancel, not_done, refunded};
use super::shop::Shop;
use crate::checkout::{RefundAnswer, SettleRefund};
use crate::mothers::{at, krw, payment_id, refund_id};
use crate::payment::{PaymentError, PaymentStatus};

/// A shop that owes Ann 1 500 won.
fn shop() -> Shop {
    let mut shop = Shop::with_a_paid_order();
    shop.does(&cancel(1, by("ann")));
    shop
}

#[test]
fn money_that_went_back_is_recorded_once() {
    let mut shop = shop();
    let reply = shop.does(&refunded(1, RefundAnswer::Done));
    assert_eq!(
        reply,
        json!({ "id": payment_id(1), "refundId": refund_id(1) })
    );
    assert_eq!(shop.last(), ["PaymentRefunded"]);
    assert_eq!(shop.payment(1).status, PaymentStatus::Cancelled);
    shop.does(&refunded(1, RefundAnswer::Done));
    assert!(shop.last().is_empty());
}

#[test]
fn money_that_did_not_go_back_stays_owed_and_is_tried_on_the_schedule() {
    let mut shop = shop();
    let mut waits = Vec::new();
    for _ in 0..13 {
        shop.does(&refunded(1, not_done()));
        assert_eq!(shop.last(), ["PaymentRefundDelayed"]);
        let refund = shop.payment(1).refunds.remove(0);
        assert_eq!(refund.amount, krw(1_500));
        waits.push(
            refund
                .next_attempt_at
                .map(|next| (next - at(3)).num_seconds()),
        );
    }
    assert_eq!(waits[..3], [Some(5), Some(30), Some(120)]);
    assert_eq!(waits[11..], [Some(86_400), None]);
    shop.does(&refunded(1, RefundAnswer::Done));
    assert_eq!(shop.payment(1).status, PaymentStatus::Cancelled);
}

#[test]
fn a_doubt_about_a_refund_that_is_done_changes_nothing() {
    let mut shop = shop();
    shop.does(&refunded(1, RefundAnswer::Done));
    shop.does(&refunded(1, not_done()));
    assert!(shop.last().is_empty());
}

#[test]
fn a_refund_that_nobody_asked_for_is_refused() {
    for answer in [RefundAnswer::Done, not_done()] {
        let mut shop = shop();
        let another = SettleRefund {
            refund_id: refund_id(99),
            ..refunded(1, answer.clone())
        };
        assert_eq!(shop.refuses(&another), PaymentError::NoSuchRefund.into());
        let mut paid = Shop::with_a_paid_order();
        let refused = paid.refuses(&refunded(1, answer.clone()));
        assert_eq!(refused, PaymentError::NoSuchRefund.into());
        let refused = paid.refuses(&refunded(99, answer));
        assert_eq!(refused, PaymentError::NotFound.into());
    }
}

/// Two tries of one key are under way at once, and the company says the same to both.
#[test]
fn the_refusal_of_one_key_is_counted_once() {
    let mut shop = shop();
    let refused = |round| RefundAnswer::Refused {
        code: "INVALID_BANK".to_owned(),
        round,
    };
    for (round, next) in [(0, 1), (0, 1), (1, 2), (0, 2)] {
        shop.does(&refunded(1, refused(round)));
        assert_eq!(shop.payment(1).refunds.remove(0).key_round, next);
    }
}
