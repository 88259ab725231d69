//! Money: integer minor units and a currency, with checked arithmetic only.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The largest amount that one `Money` may hold, in minor units: the user's `numeric(15,2)` columns
/// have thirteen digits before the point.
const AMOUNT_MAX_MINOR: i64 = 9_999_999_999_999;

/// An ISO 4217 currency that the shop sells in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Currency {
    /// South Korean won: no minor unit.
    Krw,
    /// US dollar: cents.
    Usd,
    /// Euro: cents.
    Eur,
    /// Japanese yen: no minor unit.
    Jpy,
}

impl Currency {
    /// The three-letter code.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Krw => "KRW",
            Self::Usd => "USD",
            Self::Eur => "EUR",
            Self::Jpy => "JPY",
        }
    }

    /// How many decimal digits the minor unit has (ISO 4217 "exponent").
    #[must_use]
    pub fn exponent(self) -> u32 {
        match self {
            Self::Krw | Self::Jpy => 0,
            Self::Usd | Self::Eur => 2,
        }
    }
}

impl std::str::FromStr for Currency {
    type Err = MoneyError;

    fn from_str(code: &str) -> Result<Self, MoneyError> {
        match code {
            "KRW" => Ok(Self::Krw),
            "USD" => Ok(Self::Usd),
            "EUR" => Ok(Self::Eur),
            "JPY" => Ok(Self::Jpy),
            _ => Err(MoneyError::UnknownCurrency),
        }
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// A non-negative amount in minor units of its currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "MoneyFields", into = "MoneyFields")]
pub struct Money {
    amount: i64,
    currency: Currency,
}

/// The JSON shape of [`Money`].
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct MoneyFields {
    amount: i64,
    currency: Currency,
}

impl TryFrom<MoneyFields> for Money {
    type Error = MoneyError;
    fn try_from(fields: MoneyFields) -> Result<Self, MoneyError> {
        Self::new(fields.amount, fields.currency)
    }
}

impl From<Money> for MoneyFields {
    fn from(money: Money) -> Self {
        Self {
            amount: money.amount,
            currency: money.currency,
        }
    }
}

/// Why an amount of money cannot exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// Below zero.
    #[error("an amount of money cannot be negative")]
    Negative,
    /// Above the largest amount that the shop keeps.
    #[error("the amount is larger than {AMOUNT_MAX_MINOR} minor units")]
    TooLarge,
    /// Two currencies in one sum.
    #[error("amounts of two currencies cannot be combined")]
    CurrencyMismatch,
    /// A currency that the shop does not sell in.
    #[error("the currency is not one of KRW, USD, EUR, JPY")]
    UnknownCurrency,
}

impl Money {
    /// An amount in minor units.
    ///
    /// # Errors
    /// A negative amount, or one that is too large.
    pub fn new(amount: i64, currency: Currency) -> Result<Self, MoneyError> {
        if amount < 0 {
            return Err(MoneyError::Negative);
        }
        if amount > AMOUNT_MAX_MINOR {
            return Err(MoneyError::TooLarge);
        }
        Ok(Self { amount, currency })
    }

    /// Nothing, in a currency.
    #[must_use]
    pub fn zero(currency: Currency) -> Self {
        Self {
            amount: 0,
            currency,
        }
    }

    /// Minor units.
    #[must_use]
    pub fn amount(self) -> i64 {
        self.amount
    }

    /// The currency.
    #[must_use]
    pub fn currency(self) -> Currency {
        self.currency
    }

    /// Whether it is nothing.
    #[must_use]
    pub fn is_zero(self) -> bool {
        self.amount == 0
    }

    /// The sum.
    ///
    /// # Errors
    /// Two currencies, or a sum that is too large.
    pub fn plus(self, other: Self) -> Result<Self, MoneyError> {
        self.same_currency(other)?;
        let sum = self
            .amount
            .checked_add(other.amount)
            .ok_or(MoneyError::TooLarge)?;
        Self::new(sum, self.currency)
    }

    /// The difference.
    ///
    /// # Errors
    /// Two currencies, or a result below zero.
    pub fn minus(self, other: Self) -> Result<Self, MoneyError> {
        self.same_currency(other)?;
        let difference = self
            .amount
            .checked_sub(other.amount)
            .ok_or(MoneyError::Negative)?;
        Self::new(difference, self.currency)
    }

    /// `factor` times the amount.
    ///
    /// # Errors
    /// A product that is too large.
    pub fn times(self, factor: u32) -> Result<Self, MoneyError> {
        let product = self
            .amount
            .checked_mul(i64::from(factor))
            .ok_or(MoneyError::TooLarge)?;
        Self::new(product, self.currency)
    }

    /// `percent` hundredths of the amount, rounded down to a whole minor unit (in the shop's favour: a
    /// discount never exceeds its rate). Percent is at most 100, so the result never exceeds the amount.
    ///
    /// # Errors
    /// A rate above 100.
    pub fn percent(self, percent: u8) -> Result<Self, MoneyError> {
        if percent > 100 {
            return Err(MoneyError::TooLarge);
        }
        let share = i128::from(self.amount) * i128::from(percent) / 100;
        let share = i64::try_from(share).map_err(|_| MoneyError::TooLarge)?;
        Self::new(share, self.currency)
    }

    /// The smaller of two amounts of one currency.
    ///
    /// # Errors
    /// Two currencies.
    pub fn min(self, other: Self) -> Result<Self, MoneyError> {
        self.same_currency(other)?;
        Ok(Self {
            amount: self.amount.min(other.amount),
            ..self
        })
    }

    fn same_currency(self, other: Self) -> Result<(), MoneyError> {
        if self.currency == other.currency {
            Ok(())
        } else {
            Err(MoneyError::CurrencyMismatch)
        }
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.amount, self.currency)
    }
}

#[cfg(test)]
mod tests;
