//! Orders that wait for a deposit.

use chrono::Duration;

use super::deeds::{account, approved, by, cancel, expire, refunded, settle, unknown};
use super::runner::Runner;
use super::shop::Shop;
use crate::checkout::sagas::react;
use crate::checkout::{GatewayAnswer, RefundAnswer, SettlePayment};
use crate::mothers::{at, krw, payment_id, refund_id as refund_id_of, user};
use crate::order::OrderStatus;
use crate::payment::{
    DEPOSIT_EXPIRED, GatewayNotice, InquiryCause, NoteRefundAccount, PaymentError, PaymentStatus,
    RequestInquiry, ReviewReason,
};
use crate::saga::{Action, Due};

/// The account of `account` closes at the minute 10 080, and lingers for five more.
const CLOSED: i64 = 7 * 24 * 60 + 5;

fn awaited() -> Shop {
    let mut shop = Shop::with_a_payment_under_way();
    shop.does(&settled_at(2, account(1_500)));
    shop
}

fn settled_at(minute: i64, answer: GatewayAnswer) -> SettlePayment {
    SettlePayment {
        now: at(minute),
        deposit_window: Duration::days(30),
        ..settle(1, answer)
    }
}

fn notice_of(notice_id: &str) -> GatewayNotice {
    GatewayNotice {
        notice_id: notice_id.to_owned(),
        status: None,
        amount: None,
        currency: None,
        left: Some(0),
        signed: true,
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
fn an_account_is_open_no_longer_than_the_shop_wants() {
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
    for deposit_window in [Duration::hours(1), Duration::days(30)] {
        let mut shop = Shop::with_a_payment_under_way();
        for minute in [0, 30, 60] {
            shop.does(&SettlePayment {
                deposit_window,
                ..settled_at(minute, answer.clone())
            });
            let account = shop.payment(1).deposit.unwrap().account;
            assert_eq!(account.until, at(0) + deposit_window);
            assert_eq!(account.open_until, Some(at(0) + Duration::days(3_000)));
        }
    }
}

/// A gateway that is away for a while must not use up the inquiries of an account that is open for days.
#[test]
fn an_account_is_asked_about_when_it_closes_however_often_the_gateway_was_silent() {
    let mut shop = awaited();
    for _ in 0..20 {
        shop.does(&settled_at(10, unknown()));
    }
    let closes_at = shop.payment(1).deposit.unwrap().account.until + Duration::minutes(5);
    assert_eq!(shop.payment(1).next_inquiry_at, Some(closes_at));
    assert_eq!(shop.payment(1).inquiries, 20);
    shop.does(&settled_at(20, account(1_500)));
    assert_eq!(shop.payment(1).inquiries, 0, "an answer: counted anew");
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

/// Two inquiries cross: the one that was asked before the deposit is answered last.
#[test]
fn an_answer_that_was_overtaken_takes_no_deposit_back() {
    let mut shop = awaited();
    shop.does(&settle(1, approved(1_500)));
    shop.does(&SettlePayment {
        asked_at: 1,
        ..settle(1, account(1_500))
    });
    assert_eq!(shop.last(), ["PaymentInquiryRequested"], "asked once more");
    assert_eq!(shop.payment(1).review, None);
}

/// The answer to the inquiry for the first notice is slow. Meanwhile the bank takes the deposit back, and the inquiry for
/// that notice finds the account empty.
#[test]
fn an_answer_from_before_the_deposit_was_taken_back_pays_no_order() {
    let mut shop = awaited();
    let notice = |id: &str| RequestInquiry {
        payment_id: payment_id(1),
        cause: InquiryCause::Notice(notice_of(id)),
        now: at(5),
    };
    shop.does(&notice("paid-in"));
    let slow = SettlePayment {
        asked_at: shop.payment(1).revision,
        out_of_turn: true,
        ..settle(1, approved(1_500))
    };
    shop.does(&notice("taken-back"));
    let asked_at = shop.payment(1).revision;
    let inquired = |answer| SettlePayment {
        asked_at,
        out_of_turn: true,
        ..settle(1, answer)
    };
    shop.does(&inquired(account(1_500)));
    shop.does(&slow);
    assert_eq!(shop.last(), ["PaymentInquiryRequested"], "asked once more");
    assert_eq!(shop.order(1).status, OrderStatus::Pending);
    // That answer is believed, whatever it is: asking once more is no news of the payment.
    shop.does(&inquired(approved(1_500)));
    assert_eq!(shop.order(1).status, OrderStatus::Paid);
}

/// The look of the schedule itself is overtaken, by a notice: whatever becomes of the inquiries that follow, the
/// schedule goes on.
#[test]
fn a_look_that_was_overtaken_leaves_somebody_who_asks() {
    for then in [unknown(), account(1_500)] {
        let mut shop = awaited();
        let look_at = shop.payment(1).next_inquiry_at.unwrap();
        let look = SettlePayment {
            asked_at: shop.payment(1).revision,
            ..settled_at(12, approved(1_500))
        };
        shop.does(&RequestInquiry {
            payment_id: payment_id(1),
            cause: InquiryCause::Notice(notice_of("paid-in")),
            now: look_at,
        });
        shop.does(&look);
        let asked_again = ["PaymentOutcomeUnknown", "PaymentInquiryRequested"];
        assert_eq!(shop.last(), asked_again, "asked once more, and at its time");
        let out_of_turn = SettlePayment {
            asked_at: shop.payment(1).revision,
            out_of_turn: true,
            ..settled_at(13, then)
        };
        shop.does(&out_of_turn);
        shop.does(&out_of_turn);
        let steps = shop.log.events.iter().flat_map(react);
        let to_come = steps.filter(|step| {
            let is_inquiry = matches!(step.action, Action::InquirePayment { .. });
            is_inquiry && matches!(step.due, Due::At(at) if at > look_at)
        });
        assert!(to_come.count() > 0, "nobody ever asks again");
    }
}

#[test]
fn an_old_answer_pays_no_order_whose_charge_the_company_gave_back() {
    let mut shop = Shop::with_a_payment_under_way();
    let given_back = GatewayAnswer::GivenBack {
        gateway_transaction_id: "gw-1".to_owned(),
        charged: krw(1_500),
        left: krw(0),
    };
    shop.does(&settle(1, given_back));
    shop.does(&SettlePayment {
        asked_at: 0,
        ..settle(1, approved(1_500))
    });
    let asked_again = ["PaymentOutcomeUnknown", "PaymentInquiryRequested"];
    assert_eq!(shop.last(), asked_again);
    assert_eq!(shop.order(1).status, OrderStatus::Pending);
}

#[test]
fn of_a_deposit_that_has_come_a_notice_counts_also_when_it_is_the_last_again() {
    let mut shop = awaited();
    let tell = RequestInquiry {
        payment_id: payment_id(1),
        cause: InquiryCause::Notice(notice_of("empty")),
        now: at(5),
    };
    shop.does(&tell);
    shop.does(&tell);
    assert!(
        shop.last().is_empty(),
        "the same again, of an empty account"
    );
    shop.does(&settle(1, approved(1_500)));
    shop.does(&tell);
    assert_eq!(shop.last(), ["PaymentInquiryRequested"]);
}

#[test]
fn what_was_paid_by_bank_transfer_waits_for_an_account_to_go_back_to() {
    let mut shop = awaited();
    shop.does(&settle(1, approved(1_500)));
    shop.does(&cancel(1, by("ann")));
    let refund_id = shop.payment(1).refunds.first().unwrap().refund_id;
    let tell = |user_id: Option<&str>, refund_id| NoteRefundAccount {
        payment_id: payment_id(1),
        refund_id,
        user_id: user_id.map(user),
        now: at(60),
    };
    let nobodys = tell(Some("bob"), refund_id);
    assert_eq!(shop.refuses(&nobodys), PaymentError::NotFound.into());
    let none = tell(None, refund_id_of(99));
    assert_eq!(shop.refuses(&none), PaymentError::NoSuchRefund.into());
    shop.does(&tell(Some("ann"), refund_id));
    assert_eq!(shop.last(), ["PaymentRefundDelayed"]);
    shop.does(&tell(Some("ann"), refund_id));
    assert!(shop.last().is_empty(), "a try is near already");
    let refund = shop.payment(1).refund(refund_id).cloned().unwrap();
    let soon = at(60) + Duration::seconds(2);
    assert_eq!((refund.attempts, refund.next_attempt_at), (0, Some(soon)));
    shop.does(&refunded(1, RefundAnswer::Done));
    assert_eq!(shop.payment(1).status, PaymentStatus::Cancelled);
    let done = shop.refuses(&tell(None, refund_id));
    assert_eq!(done, PaymentError::RefundNeedsNoAccount.into());
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
