//! Money: exact, bounded, in one currency at a time.

use proptest::prelude::*;

use super::*;

const CURRENCIES: [Currency; 4] = [Currency::Krw, Currency::Usd, Currency::Eur, Currency::Jpy];

fn krw(amount: i64) -> Money {
    Money::new(amount, Currency::Krw).unwrap()
}

fn usd(cents: i64) -> Money {
    Money::new(cents, Currency::Usd).unwrap()
}

#[test]
fn an_amount_is_neither_negative_nor_larger_than_the_columns_hold() {
    assert_eq!(Money::new(-1, Currency::Krw), Err(MoneyError::Negative));
    assert_eq!(
        Money::new(i64::MIN, Currency::Krw),
        Err(MoneyError::Negative)
    );
    assert_eq!(
        Money::new(AMOUNT_MAX_MINOR + 1, Currency::Krw),
        Err(MoneyError::TooLarge)
    );
    assert_eq!(krw(AMOUNT_MAX_MINOR).amount(), 9_999_999_999_999);
    assert!(Money::zero(Currency::Eur).is_zero());
}

#[test]
fn two_currencies_never_meet() {
    let mismatch = Err(MoneyError::CurrencyMismatch);
    assert_eq!(krw(1).plus(usd(1)), mismatch);
    assert_eq!(krw(1).minus(usd(1)), mismatch);
    assert_eq!(krw(1).min(usd(1)), mismatch);
}

#[test]
fn arithmetic_that_leaves_the_bounds_is_an_error_and_not_a_wrap() {
    let most = krw(AMOUNT_MAX_MINOR);
    assert_eq!(most.plus(krw(1)), Err(MoneyError::TooLarge));
    assert_eq!(most.times(2), Err(MoneyError::TooLarge));
    assert_eq!(most.times(u32::MAX), Err(MoneyError::TooLarge));
    assert_eq!(krw(1).minus(krw(2)), Err(MoneyError::Negative));
    assert_eq!(most.times(0), Ok(krw(0)));
}

#[test]
fn a_share_is_rounded_down() {
    assert_eq!(krw(999).percent(15), Ok(krw(149)));
    assert_eq!(krw(1).percent(99), Ok(krw(0)));
    assert_eq!(
        krw(AMOUNT_MAX_MINOR).percent(100),
        Ok(krw(AMOUNT_MAX_MINOR))
    );
    assert_eq!(krw(1).percent(101), Err(MoneyError::TooLarge));
}

#[test]
fn currencies_have_their_iso_codes_and_exponents() {
    let exponents: Vec<(&str, u32)> = CURRENCIES.map(|c| (c.code(), c.exponent())).to_vec();
    assert_eq!(exponents, [("KRW", 0), ("USD", 2), ("EUR", 2), ("JPY", 0)]);
    for currency in CURRENCIES {
        assert_eq!(currency.code().parse(), Ok(currency));
        assert_eq!(serde_json::to_value(currency).unwrap(), currency.code());
    }
    for wrong in ["krw", "GBP", "", "KRW "] {
        assert_eq!(wrong.parse::<Currency>(), Err(MoneyError::UnknownCurrency));
    }
}

#[test]
fn money_in_json_is_an_integer_and_a_currency_and_nothing_else() {
    let json = serde_json::to_string(&krw(12_900)).unwrap();
    assert_eq!(json, r#"{"amount":12900,"currency":"KRW"}"#);
    for wrong in [
        r#"{"amount":-1,"currency":"KRW"}"#,
        r#"{"amount":10000000000000,"currency":"KRW"}"#,
        r#"{"amount":1.5,"currency":"KRW"}"#,
        r#"{"amount":"1","currency":"KRW"}"#,
        r#"{"amount":1,"currency":"GBP"}"#,
        r#"{"amount":1}"#,
        r#"{"amount":1,"currency":"KRW","unit":"won"}"#,
    ] {
        assert!(serde_json::from_str::<Money>(wrong).is_err(), "{wrong}");
    }
}

fn any_money() -> impl Strategy<Value = Money> {
    let amount = prop_oneof![0..=1_000_i64, 0..=AMOUNT_MAX_MINOR];
    let currency = prop::sample::select(CURRENCIES.to_vec());
    (amount, currency).prop_map(|(amount, currency)| Money::new(amount, currency).unwrap())
}

proptest! {
    #[test]
    fn money_survives_json(money in any_money()) {
        let json = serde_json::to_string(&money).unwrap();
        prop_assert_eq!(serde_json::from_str::<Money>(&json).unwrap(), money);
    }

    #[test]
    fn what_is_added_can_be_taken_away(a in any_money(), b in any_money()) {
        match a.plus(b) {
            Ok(sum) => {
                prop_assert_eq!(sum.minus(b), Ok(a));
                prop_assert_eq!(b.plus(a), Ok(sum));
            }
            Err(MoneyError::CurrencyMismatch) => prop_assert_ne!(a.currency(), b.currency()),
            Err(error) => {
                prop_assert_eq!(error, MoneyError::TooLarge);
                let sum = i128::from(a.amount()) + i128::from(b.amount());
                prop_assert!(sum > i128::from(AMOUNT_MAX_MINOR));
            }
        }
    }

    #[test]
    fn a_share_never_exceeds_the_whole_nor_its_rate(money in any_money(), percent in 0_u8..=100) {
        let share = money.percent(percent).unwrap();
        prop_assert!(share.amount() <= money.amount());
        let exact = i128::from(money.amount()) * i128::from(percent);
        let rest = exact - i128::from(share.amount()) * 100;
        prop_assert!((0..100).contains(&rest));
    }

    #[test]
    fn a_multiple_is_the_sum_of_its_parts(amount in 0..=1_000_000_i64, factor in 0_u32..=50) {
        let one = krw(amount);
        let sum = (0..factor).try_fold(krw(0), |sum, _| sum.plus(one));
        prop_assert_eq!(one.times(factor), sum);
    }
}

#[test]
fn an_amount_is_shown_in_minor_units_with_its_currency() {
    let money = Money::new(1_990, Currency::Usd).unwrap();
    assert_eq!(money.to_string(), "1990 USD");
    assert_eq!(Currency::Krw.to_string(), "KRW");
}
