//! Orders that wait for a deposit.

use chrono::Duration;

use super::deeds::{account, approved, by, cancel, expire, settle};
use super::runner::Runner;
use super::shop::Shop;
use crate::checkout::{GatewayAnswer, RefundPayment, SettlePayment};
use crate::mothers::{at, refund_id};
use crate::order::{OrderStatus, RefundScope};
use crate::payment::{DEPOSIT_EXPIRED, PaymentError, PaymentStatus, ReviewReason};

/// The account of `account` closes at the minute 10 080, and lingers for five more.
const CLOSED: i64 = 7 * 24 * 60 + 5;

fn awaited() -> Shop {
    let mut shop = Shop::with_a_payment_under_way();
    shop.does(&settle(1, account(1_500)));
    shop
}

fn settled_at(minute: i64, answer: GatewayAnswer) -> SettlePayment {
    SettlePayment {
        now: at(minute),
        ..settle(1, answer)
    }
}

#[test]
fn an_order_whose_deposit_is_awaited_outlives_its_usual_time() {
    let mut shop = awaited();
    let payment = shop.payment(1);
    assert_eq!(payment.status, PaymentStatus::Pending);
    assert_eq!(payment.deposit.unwrap().account.number, "X6505636518308");
    shop.does(&expire(1, 15));
    assert!(shop.last().is_empty());
    assert_eq!(shop.order(1).status, OrderStatus::Pending);
    shop.does(&settled_at(3_000, approved(1_500)));
    assert_eq!(shop.order(1).status, OrderStatus::Paid);
}

#[test]
fn an_account_that_closed_empty_cancels_its_order() {
    let mut shop = awaited();
    shop.does(&settled_at(CLOSED - 1, account(1_500)));
    assert_eq!(shop.order(1).status, OrderStatus::Pending);
    shop.does(&settled_at(CLOSED, account(1_500)));
    assert_eq!(
        shop.payment(1).failure_code.as_deref(),
        Some(DEPOSIT_EXPIRED)
    );
    assert_eq!(shop.order(1).status, OrderStatus::Cancelled);
    shop.does(&settled_at(CLOSED + 1, account(1_500)));
    assert!(shop.last().is_empty());
}

#[test]
fn a_gateway_that_is_silent_does_not_keep_an_order_for_ever() {
    let mut shop = awaited();
    shop.does(&expire(1, CLOSED));
    assert_eq!(shop.order(1).status, OrderStatus::Pending);
    shop.does(&expire(1, CLOSED + 15));
    assert_eq!(shop.order(1).status, OrderStatus::Cancelled);
}

#[test]
fn a_deposit_after_the_order_was_cancelled_goes_back() {
    let mut shop = awaited();
    shop.does(&settled_at(CLOSED, account(1_500)));
    shop.does(&settled_at(CLOSED + 10, approved(1_500)));
    let events = ["PaymentSucceeded", "PaymentRefundRequested"];
    assert_eq!(shop.last(), events);
}

#[test]
fn an_account_is_open_for_thirty_days_at_most() {
    let mut shop = Shop::with_a_payment_under_way();
    let GatewayAnswer::WaitingForDeposit {
        gateway_transaction_id,
        amount,
        mut account,
    } = account(1_500)
    else {
        panic!("no account");
    };
    account.until = at(0) + Duration::days(3_000);
    let answer = GatewayAnswer::WaitingForDeposit {
        gateway_transaction_id,
        amount,
        account,
    };
    for minute in [0, 100, 10_000] {
        shop.does(&settled_at(minute, answer.clone()));
        let until = shop.payment(1).deposit.unwrap().account.until;
        assert_eq!(until, at(0) + Duration::days(30));
    }
}

#[test]
fn a_deposit_that_the_bank_takes_back_changes_nothing_but_a_person_must_look() {
    let mut shop = awaited();
    shop.does(&settle(1, approved(1_500)));
    shop.does(&settle(1, account(1_500)));
    assert_eq!(shop.last(), ["PaymentReviewRequired"]);
    let payment = shop.payment(1);
    assert_eq!(payment.review, Some(ReviewReason::DepositTakenBack));
    assert_eq!(payment.status, PaymentStatus::Succeeded);
    assert_eq!(shop.order(1).status, OrderStatus::Paid);
}

#[test]
fn what_was_paid_by_bank_transfer_is_not_given_back_to_an_account_that_nobody_told() {
    let mut shop = awaited();
    shop.does(&settle(1, approved(1_500)));
    let refund = RefundPayment {
        refund_id: refund_id(7),
        payment_id: crate::mothers::payment_id(1),
        scope: RefundScope::Everything,
        reason: "too small".to_owned(),
        by: by("ann"),
    };
    let refused = PaymentError::RefundNeedsAccount.into();
    assert_eq!(shop.refuses(&refund), refused);
    assert_eq!(shop.refuses(&cancel(1, by("ann"))), refused);
    assert_eq!(shop.order(1).status, OrderStatus::Paid);
}

/// The sagas, from the account to the end: somebody pays late, or nobody does.
#[test]
fn the_sagas_look_into_the_account_until_it_is_paid_into_or_closed() {
    for (token, status) in [
        ("tok_account", OrderStatus::Confirmed),
        ("tok_account_for_nothing", OrderStatus::Cancelled),
    ] {
        let mut shop = Shop::with_a_payment_by(token);
        let mut runner = Runner::default();
        runner.run_to_the_end(&mut shop);
        assert_eq!(shop.order(1).status, status, "{token}");
        let looks =
            shop.log.events.iter().filter(|recorded| {
                super::shop::name_of(&recorded.event) == "PaymentDepositAwaited"
            });
        assert!((3..=12).contains(&looks.count()), "{token}");
    }
}
