//! What a `numeric(15,2)` column holds, and the one place where it becomes minor units and back. The shop
//! counts in integer minor units; the user's columns have two digits after the point whatever the currency.
//! Nothing is ever rounded: what does not fit is an error.

use std::fmt;
use std::str::FromStr;

/// Digits after the point in a `numeric(15,2)`.
const SCALE: u32 = 2;
/// Thirteen digits before the point and two after it.
const HUNDREDTHS_MAX: i64 = 999_999_999_999_999;
/// ISO 4217 knows no currency with more decimal digits.
const EXPONENT_MAX: u32 = 4;

/// A value that a `numeric(15,2)` column can hold.
///
/// It is written into a statement and read from one as text (`$1::numeric`, `amount::text`), so that no float
/// is on the way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MoneyColumn {
    hundredths: i64,
}

/// Why an amount has no exact place on the other side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MoneyColumnError {
    /// More than thirteen digits before the point.
    #[error("the amount has more than 13 digits before the point")]
    TooLarge,
    /// Fractions that the other side has no digits for: half a won, a tenth of a cent.
    #[error("the amount has more decimal digits than fit")]
    Inexact,
    /// A currency with more decimal digits than any has.
    #[error("no currency has that many decimal digits")]
    Exponent,
    /// Not a decimal number.
    #[error("the amount is not a decimal number")]
    NotANumber,
}

impl MoneyColumnError {
    /// A stable name.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::TooLarge => "AMOUNT_TOO_LARGE",
            Self::Inexact => "AMOUNT_INEXACT",
            Self::Exponent => "CURRENCY_EXPONENT_UNKNOWN",
            Self::NotANumber => "AMOUNT_NOT_A_NUMBER",
        }
    }
}

impl MoneyColumn {
    /// An amount in minor units of a currency with `exponent` decimal digits (ISO 4217: won 0, cents 2).
    ///
    /// # Errors
    /// It is too large, or the minor unit is smaller than the column's.
    pub fn from_minor(minor: i64, exponent: u32) -> Result<Self, MoneyColumnError> {
        let scaled = i128::from(minor) * power_of_ten(SCALE)?;
        Self::from_hundredths(divided(scaled, power_of_ten(exponent)?)?)
    }

    /// The amount in minor units of a currency with `exponent` decimal digits.
    ///
    /// # Errors
    /// It has digits that the currency does not.
    pub fn to_minor(self, exponent: u32) -> Result<i64, MoneyColumnError> {
        let scaled = i128::from(self.hundredths) * power_of_ten(exponent)?;
        i64::try_from(divided(scaled, power_of_ten(SCALE)?)?)
            .map_err(|_| MoneyColumnError::TooLarge)
    }

    /// Whether it is below nothing.
    #[must_use]
    pub fn is_negative(self) -> bool {
        self.hundredths < 0
    }

    fn from_hundredths(hundredths: i128) -> Result<Self, MoneyColumnError> {
        match i64::try_from(hundredths) {
            Ok(hundredths) if hundredths.abs() <= HUNDREDTHS_MAX => Ok(Self { hundredths }),
            Ok(_) | Err(_) => Err(MoneyColumnError::TooLarge),
        }
    }
}

fn power_of_ten(exponent: u32) -> Result<i128, MoneyColumnError> {
    if exponent > EXPONENT_MAX {
        return Err(MoneyColumnError::Exponent);
    }
    Ok(10_i128.pow(exponent))
}

fn divided(amount: i128, by: i128) -> Result<i128, MoneyColumnError> {
    if amount % by == 0 {
        Ok(amount / by)
    } else {
        Err(MoneyColumnError::Inexact)
    }
}

impl fmt::Display for MoneyColumn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.is_negative() { "-" } else { "" };
        let amount = self.hundredths.unsigned_abs();
        write!(f, "{sign}{}.{:02}", amount / 100, amount % 100)
    }
}

impl FromStr for MoneyColumn {
    type Err = MoneyColumnError;

    /// A decimal number as databases write it: `1000`, `-12.5`, `0.1000`. Zeros at the end may go on.
    fn from_str(text: &str) -> Result<Self, MoneyColumnError> {
        let (negative, digits) = match text.strip_prefix('-') {
            Some(digits) => (true, digits),
            None => (false, text),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || !all_digits(whole) || !all_digits(fraction) {
            return Err(MoneyColumnError::NotANumber);
        }
        let fraction = fraction.trim_end_matches('0');
        if fraction.len() > SCALE as usize {
            return Err(MoneyColumnError::Inexact);
        }
        let hundredths: i128 = format!("{whole}{fraction:0<2}")
            .parse()
            .map_err(|_| MoneyColumnError::TooLarge)?;
        Self::from_hundredths(if negative { -hundredths } else { hundredths })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn column(text: &str) -> Result<MoneyColumn, MoneyColumnError> {
        text.parse()
    }

    #[test]
    fn won_have_no_minor_unit_and_dollars_have_cents() {
        let won = MoneyColumn::from_minor(12_900, 0);
        assert_eq!(won.map(|won| won.to_string()).as_deref(), Ok("12900.00"));
        let cents = MoneyColumn::from_minor(12_905, 2);
        assert_eq!(cents.map(|c| c.to_string()).as_deref(), Ok("129.05"));
        assert_eq!(
            column("-0.50").map(|c| c.to_string()).as_deref(),
            Ok("-0.50")
        );
    }

    #[test]
    fn nothing_is_rounded() {
        let half_a_won = column("1000.50").and_then(|column| column.to_minor(0));
        assert_eq!(half_a_won, Err(MoneyColumnError::Inexact));
        assert_eq!(column("1.005"), Err(MoneyColumnError::Inexact));
        assert_eq!(column("1.0500"), column("1.05"));
        // A thousandth of a dinar has no place in two digits.
        assert_eq!(
            MoneyColumn::from_minor(1_001, 3),
            Err(MoneyColumnError::Inexact)
        );
    }

    #[test]
    fn the_column_has_thirteen_digits_before_the_point() {
        assert!(column("9999999999999.99").is_ok());
        assert_eq!(column("10000000000000.00"), Err(MoneyColumnError::TooLarge));
        assert_eq!(
            column(&"9".repeat(60)),
            Err(MoneyColumnError::TooLarge),
            "longer than any integer"
        );
        let most = MoneyColumn::from_minor(i64::MAX, 0);
        assert_eq!(most, Err(MoneyColumnError::TooLarge));
        assert_eq!(
            MoneyColumn::from_minor(1, 9),
            Err(MoneyColumnError::Exponent)
        );
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for text in ["", "-", ".5", "1e3", "12,5", " 1", "NaN", "١"] {
            assert_eq!(column(text), Err(MoneyColumnError::NotANumber), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn minor_units_come_back_as_they_were(
            minor in -HUNDREDTHS_MAX..=HUNDREDTHS_MAX,
            exponent in 0_u32..=EXPONENT_MAX,
        ) {
            if let Ok(column) = MoneyColumn::from_minor(minor, exponent) {
                prop_assert_eq!(column.to_minor(exponent), Ok(minor));
                prop_assert_eq!(column.to_string().parse(), Ok(column));
            } else {
                // Only what has more digits than the column is refused.
                let fits = exponent <= SCALE
                    && minor.abs() <= HUNDREDTHS_MAX / 10_i64.pow(SCALE - exponent);
                prop_assert!(!fits, "{} at exponent {}", minor, exponent);
            }
        }

        #[test]
        fn what_the_column_holds_comes_back_as_it_was(hundredths in -HUNDREDTHS_MAX..=HUNDREDTHS_MAX) {
            let column = MoneyColumn { hundredths };
            prop_assert_eq!(column.to_string().parse(), Ok(column));
            prop_assert_eq!(column.to_minor(2), Ok(hundredths));
            let whole = column.to_minor(0);
            prop_assert_eq!(whole.is_ok(), hundredths % 100 == 0);
        }
    }
}
