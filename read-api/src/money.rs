//! Money as the API writes it.

use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// An amount in minor units of its currency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) struct Money {
    /// In minor units: won, cents.
    #[schema(example = 12_900)]
    pub(crate) amount: i64,
    /// ISO 4217.
    #[schema(example = "KRW")]
    pub(crate) currency: String,
}

impl Money {
    pub(crate) fn new(amount: i64, currency: &str) -> Self {
        Self {
            amount,
            currency: currency.to_owned(),
        }
    }
}

/// For people: `12,900 KRW`, `10.99 USD`.
impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = minor_digits(&self.currency);
        let unit = 10_u64.pow(digits);
        let amount = self.amount.unsigned_abs();
        if self.amount < 0 {
            f.write_str("-")?;
        }
        write_grouped(f, amount / unit)?;
        if digits > 0 {
            write!(f, ".{:0width$}", amount % unit, width = digits as usize)?;
        }
        write!(f, " {}", self.currency)
    }
}

/// Digits after the point (ISO 4217). The list of those without any is the standard's; there are none
/// with three among the currencies that shops sell in here.
fn minor_digits(currency: &str) -> u32 {
    match currency {
        "KRW" | "JPY" | "VND" | "CLP" | "ISK" | "PYG" | "UGX" | "XAF" | "XOF" | "XPF" => 0,
        _ => 2,
    }
}

/// Digits are written in groups of three.
const GROUP: u64 = 1_000;

fn write_grouped(f: &mut fmt::Formatter<'_>, number: u64) -> fmt::Result {
    if number < GROUP {
        return write!(f, "{number}");
    }
    write_grouped(f, number / GROUP)?;
    write!(f, ",{:03}", number % GROUP)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_read_major_units_in_groups_of_three() {
        let text = |amount, currency| Money::new(amount, currency).to_string();
        assert_eq!(text(0, "KRW"), "0 KRW");
        assert_eq!(text(12_900, "KRW"), "12,900 KRW");
        assert_eq!(text(1_000_007, "JPY"), "1,000,007 JPY");
        assert_eq!(text(1_099, "USD"), "10.99 USD");
        assert_eq!(text(-105, "EUR"), "-1.05 EUR");
        assert_eq!(text(100_000_000, "USD"), "1,000,000.00 USD");
    }
}
