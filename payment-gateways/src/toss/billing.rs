//! What Toss's answers about billing keys mean.

use serde::Deserialize;

use super::declines::declines;
use super::payment::{MALFORMED, MISMATCHED, failure_of, unexpected};
use crate::client::Answer;
use crate::gateway_text::safe_message;
use crate::port::{BillingKeyReply, DeletionReply, IssuedBillingKey};

/// The longest billing key.
const KEY_MAX_CHARS: usize = 200;
/// The codes on which no key is issued, beside those on which a card is declined.
const REFUSALS: [&str; 4] = [
    "INVALID_AUTH_KEY",
    "NOT_MATCHES_CUSTOMER_KEY",
    "NOT_SUPPORTED_CARD_TYPE",
    "INVALID_BILL_KEY_REQUEST",
];

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Billing {
    customer_key: String,
    billing_key: String,
    #[serde(default)]
    card: Option<Card>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Card {
    #[serde(default)]
    issuer_code: Option<String>,
    #[serde(default)]
    number: Option<String>,
}

pub(super) fn of_issue(customer_key: &str, answer: &Answer) -> BillingKeyReply {
    if answer.status == 200 {
        return match serde_json::from_slice::<Billing>(&answer.body) {
            Ok(billing) if billing.customer_key != customer_key => {
                BillingKeyReply::unknown(MISMATCHED)
            }
            Ok(billing) if (1..=KEY_MAX_CHARS).contains(&billing.billing_key.len()) => {
                BillingKeyReply::Issued(issued(billing))
            }
            Ok(_) | Err(_) => BillingKeyReply::unknown(MALFORMED),
        };
    }
    match failure_of(answer) {
        Some(failure)
            if declines(answer.status, &failure.code)
                || (matches!(answer.status, 400 | 403 | 404)
                    && REFUSALS.contains(&failure.code.as_str())) =>
        {
            BillingKeyReply::Refused {
                message: safe_message(&failure.message),
                code: failure.code,
            }
        }
        Some(_) | None => BillingKeyReply::unknown(unexpected(answer)),
    }
}

pub(super) fn of_deletion(answer: &Answer) -> DeletionReply {
    let failure = failure_of(answer);
    let is_gone = failure.is_some_and(|failure| failure.code == "NOT_FOUND_BILLING_KEY");
    match answer.status {
        200 | 204 => DeletionReply::Deleted,
        404 if is_gone => DeletionReply::Deleted,
        _ => DeletionReply::unknown(unexpected(answer)),
    }
}

fn issued(billing: Billing) -> IssuedBillingKey {
    let card = billing.card;
    let number = card.as_ref().and_then(|card| card.number.as_deref());
    let last4 = number.and_then(|number| number.get(number.len().saturating_sub(4)..));
    // A number masked to its end has no last four digits to tell.
    let card_last4 =
        last4.filter(|last| last.len() == 4 && last.bytes().all(|b| b.is_ascii_digit()));
    IssuedBillingKey {
        card_last4: card_last4.map(str::to_owned),
        card_company: card
            .and_then(|card| card.issuer_code)
            .map(|code| safe_message(&code)),
        billing_key: billing.billing_key,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn answer(status: u16, body: &Value) -> Answer {
        Answer {
            status,
            body: body.to_string().into_bytes(),
            ..Answer::default()
        }
    }

    #[test]
    fn a_key_is_issued_to_the_customer_who_asked_only() {
        let body = json!({
            "customerKey": "c-1", "billingKey": "bk_1",
            "card": { "issuerCode": "61", "number": "43301234****123*" },
        });
        let BillingKeyReply::Issued(key) = of_issue("c-1", &answer(200, &body)) else {
            panic!("not issued");
        };
        assert_eq!((key.billing_key.as_str(), key.card_last4), ("bk_1", None));
        let other = of_issue("c-2", &answer(200, &body));
        assert_eq!(other, BillingKeyReply::unknown(MISMATCHED));
        let empty = json!({ "customerKey": "c-1", "billingKey": "" });
        let empty = of_issue("c-1", &answer(200, &empty));
        assert_eq!(empty, BillingKeyReply::unknown(MALFORMED));
    }

    #[test]
    fn only_listed_codes_refuse_a_key() {
        let failure = |code: &str| json!({ "code": code, "message": "m" });
        let outcome = |status, code| of_issue("c", &answer(status, &failure(code))).outcome();
        assert_eq!(outcome(400, "INVALID_AUTH_KEY"), "refused");
        assert_eq!(outcome(400, "INVALID_CARD_NUMBER"), "refused");
        assert_eq!(outcome(500, "INVALID_AUTH_KEY"), "unknown");
        assert_eq!(outcome(400, "PROVIDER_ERROR"), "unknown");
    }

    #[test]
    fn a_key_is_deleted_once_and_stays_deleted() {
        let gone = json!({ "code": "NOT_FOUND_BILLING_KEY", "message": "m" });
        assert_eq!(
            of_deletion(&answer(200, &json!({}))),
            DeletionReply::Deleted
        );
        assert_eq!(of_deletion(&answer(404, &gone)), DeletionReply::Deleted);
        assert_eq!(of_deletion(&answer(404, &json!({}))).outcome(), "unknown");
        assert_eq!(of_deletion(&answer(500, &gone)).outcome(), "unknown");
    }
}
