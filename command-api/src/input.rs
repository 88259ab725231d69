//! From what a body says to the domain's own types, with every field that is wrong named at once.
//!
//! The bodies themselves take whatever fits JSON's types; what their values must be is checked here, so
//! that a caller who got three fields wrong hears of three and not of one after the other.

use domain::{CouponCode, Currency, Money, ProductId, Quantity, WarehouseId};
use platform::card_number::has_card_number;
use platform::{ApiError, Detail};
use serde::Deserialize;
use utoipa::ToSchema;

/// The most wrong fields that one answer names: nobody reads more, and a body may have thousands.
const DETAILS_MAX: usize = 100;

/// What is wrong with a value.
#[derive(Debug)]
pub(crate) struct Problem {
    code: &'static str,
    message: String,
}

impl Problem {
    pub(crate) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
        }
    }
}

/// The fields that were found wrong so far.
#[derive(Debug, Default)]
pub(crate) struct Problems(Vec<Detail>);

impl Problems {
    /// Takes a value, or notes what is wrong with it.
    pub(crate) fn take<T>(
        &mut self,
        field: impl Into<String>,
        value: Result<T, Problem>,
    ) -> Option<T> {
        match value {
            Ok(value) => Some(value),
            Err(problem) => {
                if self.0.len() < DETAILS_MAX {
                    let detail = Detail::new(field, problem.code).with_message(problem.message);
                    self.0.push(detail);
                }
                None
            }
        }
    }

    /// Takes an amount of money, or notes which of its two fields is wrong, or both.
    pub(crate) fn money(&mut self, field: &str, body: &MoneyBody) -> Option<Money> {
        let currency = body
            .currency
            .parse::<Currency>()
            .map_err(|error| Problem::new("INVALID_VALUE", error.to_string()));
        let currency = self.take(format!("{field}.currency"), currency);
        let amount = Money::new(body.amount, currency.unwrap_or(Currency::Krw))
            .map_err(|error| Problem::new("OUT_OF_RANGE", error.to_string()));
        let money = self.take(format!("{field}.amount"), amount);
        money.filter(|_| currency.is_some())
    }

    /// As [`Problems::money`], but not nothing.
    pub(crate) fn price(&mut self, field: &str, body: &MoneyBody) -> Option<Money> {
        let money = self.money(field, body)?;
        let above_zero = if money.is_zero() {
            Err(Problem::new("OUT_OF_RANGE", "above zero"))
        } else {
            Ok(money)
        };
        self.take(format!("{field}.amount"), above_zero)
    }

    /// Whether nothing was wrong.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// 400 with all that was wrong.
    pub(crate) fn into_error(self) -> ApiError {
        ApiError::validation(self.0)
    }
}

/// An amount of money.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = MoneyInput)]
pub(crate) struct MoneyBody {
    /// In minor units.
    #[schema(minimum = 0, maximum = 9_999_999_999_999_i64, example = 12_900)]
    pub(crate) amount: i64,
    /// ISO 4217: KRW, USD, EUR or JPY.
    #[schema(example = "KRW")]
    pub(crate) currency: String,
}

/// How long a text may be, in characters.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Length {
    /// At least.
    pub(crate) min: usize,
    /// At most.
    pub(crate) max: usize,
}

/// A text on one line.
pub(crate) fn text(value: String, length: Length) -> Result<String, Problem> {
    check_text(&value, length, |c| c.is_control())?;
    Ok(value)
}

/// A text that may have several lines.
pub(crate) fn prose(value: String, length: Length) -> Result<String, Problem> {
    check_text(&value, length, |c| {
        c.is_control() && !matches!(c, '\n' | '\r' | '\t')
    })?;
    Ok(value)
}

/// What a payment company made and nobody reads, such as a token: long random letters and digits, of which some
/// look like a card's number among them. So that is looked for only where people write: in what has no letters, or
/// has spaces or other letters than ASCII's.
pub(crate) fn token(value: String, length: Length) -> Result<String, Problem> {
    check_length(&value, length)?;
    let is_made = value.bytes().all(|byte| byte.is_ascii_graphic())
        && value.bytes().any(|byte| byte.is_ascii_alphabetic());
    if !is_made {
        no_card_number(&value)?;
        check_characters(&value, |c| c.is_control())?;
    }
    Ok(value)
}

fn check_text(value: &str, length: Length, forbidden: fn(char) -> bool) -> Result<(), Problem> {
    check_length(value, length)?;
    no_card_number(value)?;
    check_characters(value, forbidden)
}

fn check_length(value: &str, length: Length) -> Result<(), Problem> {
    let Length { min, max } = length;
    let limits = || format!("{min} to {max} characters");
    if value.chars().count() > max {
        return Err(Problem::new("TOO_LONG", limits()));
    }
    if value.trim().chars().count() < min {
        return Err(Problem::new("TOO_SHORT", limits()));
    }
    Ok(())
}

fn check_characters(value: &str, forbidden: fn(char) -> bool) -> Result<(), Problem> {
    // PostgreSQL stores no NUL, and no name or reason needs the others.
    if value.chars().any(forbidden) {
        return Err(Problem::new("INVALID_VALUE", "no control characters"));
    }
    Ok(())
}

/// Whatever a client may write freely is remembered for good, in the log and in Kafka.
pub(crate) fn no_card_number(value: &str) -> Result<(), Problem> {
    if has_card_number(value) {
        let message = "it looks like a card's number, which the shop must not know";
        return Err(Problem::new("CARD_NUMBER_NOT_ALLOWED", message));
    }
    Ok(())
}

/// A count of pieces.
pub(crate) fn quantity(pieces: i64) -> Result<Quantity, Problem> {
    let quantity = u32::try_from(pieces)
        .ok()
        .and_then(|pieces| Quantity::new(pieces).ok());
    quantity.ok_or_else(|| {
        let message = format!("a whole number from 1 to {}", Quantity::MAX);
        Problem::new("OUT_OF_RANGE", message)
    })
}

/// A product's id in a body.
pub(crate) fn product_id(text: &str) -> Result<ProductId, Problem> {
    text.parse()
        .map_err(|_| Problem::new("INVALID_VALUE", "a product's id is a UUID"))
}

/// A warehouse's name in a body.
pub(crate) fn warehouse(text: &str) -> Result<WarehouseId, Problem> {
    no_card_number(text)?;
    text.parse()
        .map_err(|error: domain::IdError| Problem::new("INVALID_VALUE", error.to_string()))
}

/// A coupon's code in a body.
pub(crate) fn coupon_code(text: &str) -> Result<CouponCode, Problem> {
    text.parse()
        .map_err(|error: domain::IdError| Problem::new("INVALID_VALUE", error.to_string()))
}

/// Reads a field that may be left out, be null, or have a value: `None`, `Some(None)`, `Some(Some(_))`.
pub(crate) fn present<'de, D, T>(deserializer: D) -> Result<Option<Option<T>>, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Deserialize<'de>,
{
    Option::<T>::deserialize(deserializer).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(problems: Problems) -> Vec<(String, &'static str)> {
        let error = problems.into_error();
        let details = error.details().iter();
        details
            .map(|detail| (detail.field().to_owned(), detail.code()))
            .collect()
    }

    #[test]
    fn every_wrong_field_is_named() {
        let mut problems = Problems::default();
        let body = MoneyBody {
            amount: -1,
            currency: "XXX".to_owned(),
        };
        assert!(problems.money("price", &body).is_none());
        assert!(problems.take("quantity", quantity(0)).is_none());
        assert!(problems.take("warehouse", warehouse("Seoul!")).is_none());
        let expected = [
            ("price.currency", "INVALID_VALUE"),
            ("price.amount", "OUT_OF_RANGE"),
            ("quantity", "OUT_OF_RANGE"),
            ("warehouse", "INVALID_VALUE"),
        ];
        assert_eq!(
            fields(problems),
            expected.map(|(field, code)| (field.to_owned(), code))
        );
    }

    #[test]
    fn a_price_is_above_zero_and_money_is_not_too_large() {
        for (amount, is_price) in [
            (0, false),
            (1, true),
            (9_999_999_999_999, true),
            (10_000_000_000_000, false),
            (i64::MAX, false),
        ] {
            let mut problems = Problems::default();
            let body = MoneyBody {
                amount,
                currency: "KRW".to_owned(),
            };
            let price = problems.price("price", &body);
            assert_eq!(price.is_some(), is_price, "{amount}");
            assert_eq!(problems.is_empty(), is_price, "{amount}");
        }
    }

    #[test]
    fn texts_have_a_length_and_no_control_characters() {
        let length = Length { min: 1, max: 3 };
        let code = |value: &str| text(value.to_owned(), length).err().map(|p| p.code);
        assert_eq!(code("가나다"), None);
        assert_eq!(code("가나다라"), Some("TOO_LONG"));
        assert_eq!(code("  "), Some("TOO_SHORT"));
        assert_eq!(code("a\0"), Some("INVALID_VALUE"));
        assert_eq!(code("a\n"), Some("INVALID_VALUE"));
        let card = "4111 1111 1111 1111".to_owned();
        let long = Length { min: 1, max: 30 };
        let code = |refused: Result<String, Problem>| refused.err().map(|problem| problem.code);
        for refused in [
            text(card.clone(), long),
            prose(format!("it is\n{card}"), long),
        ] {
            assert_eq!(code(refused), Some("CARD_NUMBER_NOT_ALLOWED"));
        }
        assert_eq!(
            warehouse("4111111111111111").map_err(|problem| problem.code),
            Err("CARD_NUMBER_NOT_ALLOWED")
        );
        assert!(prose("a\nb".to_owned(), length).is_ok());
        assert!(prose("a\0".to_owned(), length).is_err());
    }

    #[test]
    fn no_more_fields_are_named_than_anybody_reads() {
        let mut problems = Problems::default();
        for index in 0..1_000 {
            problems.take::<Quantity>(format!("items[{index}]"), quantity(-1));
        }
        assert_eq!(fields(problems).len(), DETAILS_MAX);
    }
}
