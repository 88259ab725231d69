//! The steps of a payment, on a clock that is only a number.

use super::super::{NewPayment, PaymentRecord};
use super::*;
use crate::mock::server::company::Company;

fn at(minutes: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::minutes(minutes)
}

fn begun() -> PaymentRecord {
    let new = NewPayment {
        company: Company::Toss,
        order_no: "order-1".to_owned(),
        order_name: "socks".to_owned(),
        amount: 15_000,
        means: Means::Card,
    };
    PaymentRecord::begin(new, at(0))
}

fn paid(means: Means) -> PaymentRecord {
    let mut payment = begun();
    payment.authenticate(means, at(1)).unwrap();
    let step = payment.confirm(15_000, Some(15_000), "", at(2)).unwrap();
    if means == Means::VirtualAccount {
        assert_eq!(step, Step::NoMoney);
        assert_eq!(payment.deposit(at(3)), Ok(Step::Charged(15_000)));
    }
    payment
}

#[test]
fn a_buyer_has_half_an_hour_and_then_the_merchant_ten_minutes() {
    let mut late = begun();
    assert_eq!(
        late.authenticate(Means::Card, at(31)),
        Err(StepError::Expired)
    );
    let mut payment = begun();
    payment.authenticate(Means::Card, at(30)).unwrap();
    let mut slow = payment.clone();
    assert_eq!(
        slow.confirm(15_000, Some(15_000), "", at(41)),
        Err(StepError::Expired)
    );
    assert_eq!(slow.stage_at(at(41)), Stage::Expired);
    assert_eq!(
        payment.confirm(15_000, Some(15_000), "", at(40)),
        Ok(Step::Charged(15_000))
    );
}

#[test]
fn a_payment_is_confirmed_once_and_with_the_amount_that_the_buyer_saw() {
    let mut payment = begun();
    let early = payment.clone().confirm(15_000, Some(15_000), "", at(0));
    assert_eq!(early, Err(StepError::NotAuthenticated));
    payment.authenticate(Means::Card, at(1)).unwrap();
    let other = payment.confirm(14_999, Some(14_999), "", at(1));
    assert_eq!(other, Err(StepError::AmountDiffers));
    payment.confirm(15_000, Some(15_000), "", at(1)).unwrap();
    let again = payment.confirm(15_000, Some(15_000), "", at(1));
    assert_eq!(again, Err(StepError::AlreadyConfirmed));
}

#[test]
fn a_decline_ends_a_payment_and_nothing_is_charged() {
    let mut payment = begun();
    payment.authenticate(Means::Card, at(1)).unwrap();
    let declined = payment.confirm(15_000, None, "REJECT_CARD_COMPANY", at(1));
    assert_eq!(declined, Ok(Step::Declined));
    assert_eq!((payment.stage, payment.charged), (Stage::Aborted, 0));
    let cancelled = payment.cancel(None, "r", None, false, at(2));
    assert_eq!(cancelled, Err(StepError::NotPaid));
}

#[test]
fn parts_go_back_until_nothing_is_left() {
    let mut payment = paid(Means::Card);
    for (amount, left) in [(Some(4_000), 11_000), (Some(1_000), 10_000), (None, 0)] {
        payment.cancel(amount, "r", None, false, at(5)).unwrap();
        assert_eq!(payment.left(), left);
        let too_much = payment
            .clone()
            .cancel(Some(left + 1), "r", None, false, at(5));
        assert!(too_much.is_err());
    }
    let over = payment.cancel(None, "r", None, false, at(6));
    assert_eq!(over, Err(StepError::AlreadyCancelled));
}

#[test]
fn a_deposit_can_be_taken_back_and_come_again() {
    let mut payment = paid(Means::VirtualAccount);
    assert_eq!(payment.take_back(at(4)), Ok(Step::TakenBack));
    assert_eq!(payment.stage, Stage::Waiting);
    assert_eq!(payment.deposit(at(5)), Ok(Step::PaidAgain(15_000)));
    assert_eq!(paid(Means::Card).take_back(at(4)), Err(StepError::NotPaid));
}

#[test]
fn an_account_takes_nothing_after_its_time_and_is_closed_only_whole() {
    let mut payment = begun();
    payment.authenticate(Means::VirtualAccount, at(1)).unwrap();
    payment.confirm(15_000, Some(15_000), "", at(1)).unwrap();
    let part = payment.clone().cancel(Some(1), "r", None, false, at(2));
    assert_eq!(part, Err(StepError::PartOfWaiting));
    let late = payment
        .clone()
        .deposit(at(2) + TimeDelta::hours(DEPOSIT_HOURS));
    assert_eq!(late, Err(StepError::Expired));
    assert_eq!(
        payment.cancel(None, "r", None, false, at(2)),
        Ok(Step::NoMoney)
    );
    assert_eq!(payment.stage, Stage::Closed);
    assert_eq!(payment.deposit(at(3)), Err(StepError::NotWaiting));
}

#[test]
fn a_deposit_goes_back_only_to_an_account() {
    let mut payment = paid(Means::VirtualAccount);
    let nowhere = payment.cancel(None, "r", None, false, at(5));
    assert_eq!(nowhere, Err(StepError::NoAccount));
    assert_eq!(
        payment.cancel(None, "r", None, true, at(5)),
        Ok(Step::GaveBack(15_000))
    );
}
