//! The legacy words, and what they are called now. What is not here is not guessed.

use domain::Currency;
use platform::money_column::MoneyColumn;

use super::rejects::{Reason, Refusal};

/// `PAYMENT`, `REFUND` or `CANCEL`.
pub(crate) fn payment_type(legacy: &str) -> Option<&'static str> {
    match legacy {
        "PAYMENT" | "PAY" => Some("PAYMENT"),
        "REFUND" | "PARTIAL_REFUND" => Some("REFUND"),
        "CANCEL" => Some("CANCEL"),
        _ => None,
    }
}

/// `PENDING`, `SUCCESS` or `FAILED`.
pub(crate) fn payment_status(legacy: &str) -> Option<&'static str> {
    match legacy {
        "READY" | "PENDING" | "IN_PROGRESS" => Some("PENDING"),
        "PAID" | "DONE" | "SUCCESS" => Some("SUCCESS"),
        "FAILED" | "ABORTED" | "EXPIRED" => Some("FAILED"),
        _ => None,
    }
}

/// `CARD`, `ACCOUNT` or `MOBILE`.
pub(crate) fn method_type(legacy: &str) -> Option<&'static str> {
    match legacy {
        "CARD" | "CREDIT_CARD" | "CHECK_CARD" => Some("CARD"),
        "ACCOUNT" | "BANK" | "TRANSFER" => Some("ACCOUNT"),
        "MOBILE" | "PHONE" => Some("MOBILE"),
        _ => None,
    }
}

/// `ACTIVE`, `INACTIVE` or `DELETED`.
pub(crate) fn method_status(legacy: &str) -> Option<&'static str> {
    match legacy {
        "ACTIVE" | "Y" => Some("ACTIVE"),
        "INACTIVE" | "N" => Some("INACTIVE"),
        "DELETED" | "D" => Some("DELETED"),
        _ => None,
    }
}

/// A word that has to be known.
pub(crate) fn known(
    word: &str,
    translated: Option<&'static str>,
    reason: Reason,
) -> Result<&'static str, Refusal> {
    translated.ok_or_else(|| Refusal::new(reason, format!("nothing is known of {word:?}")))
}

/// The currency; won where the source says none.
pub(crate) fn currency(code: Option<&str>) -> Result<Currency, Refusal> {
    let code = code.unwrap_or("KRW");
    code.parse()
        .map_err(|_| Refusal::new(Reason::UnknownCurrency, format!("no currency is {code:?}")))
}

/// An amount that is exact in minor units of its currency, and not below zero.
pub(crate) fn amount(text: &str, currency: Currency) -> Result<MoneyColumn, Refusal> {
    let refused = |why: String| Refusal::new(Reason::AmountDoesNotFit, format!("{text}: {why}"));
    let amount: MoneyColumn = text
        .parse()
        .map_err(|error: platform::money_column::MoneyColumnError| refused(error.to_string()))?;
    if amount.is_negative() {
        return Err(refused("below zero".to_owned()));
    }
    amount
        .to_minor(currency.exponent())
        .map_err(|error| refused(error.to_string()))?;
    Ok(amount)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_has_to_be_exact_in_its_currency() {
        let shown = |text: &str, currency| amount(text, currency).map(|amount| amount.to_string());
        assert_eq!(
            shown("12900.0000", Currency::Krw).as_deref(),
            Ok("12900.00")
        );
        assert_eq!(shown("12.3400", Currency::Usd).as_deref(), Ok("12.34"));
        for (text, currency) in [
            ("12900.5000", Currency::Krw),
            ("12.3450", Currency::Usd),
            ("-1.0000", Currency::Krw),
            ("99999999999999.0000", Currency::Krw),
        ] {
            let reason = amount(text, currency).err().map(|refusal| refusal.reason);
            assert_eq!(reason, Some(Reason::AmountDoesNotFit), "{text}");
        }
    }

    #[test]
    fn what_is_not_known_is_not_guessed() {
        assert_eq!(payment_status("CANCELLED"), None);
        assert_eq!(payment_status("paid"), None);
        assert_eq!(payment_type(""), None);
        assert!(currency(Some("KRX")).is_err());
        assert_eq!(currency(None), Ok(Currency::Krw));
    }
}
