//! What NICE's answers about a charge mean. The whole of the outcome rule for this company is here.
//!
//! | answer | means |
//! | --- | --- |
//! | 200 `0000`, our order number, NICE's signature, `paid`, nothing taken back | approved, with what was charged |
//! | the same, something taken back; `cancelled`, `partialCancelled` | given back, with what is left |
//! | the same, `ready` with an account | waiting for a deposit |
//! | the same, `cancelled`, of an account that nothing was paid into | declined |
//! | 200 with a code of [`super::codes::DECLINES`] | declined |
//! | on inquiry, 200 with our order number and `failed` or `expired` | declined |
//! | on inquiry, 200 with a code of [`super::codes::NO_RECORD`] | no record |
//! | anything else: no signature or a wrong one, 401, 5xx, timeout, any other code | unknown |

use chrono::DateTime;
use uuid::Uuid;

use super::codes::{APPROVED, NO_RECORD, declines};
use super::payment::{
    Account, CURRENCY, FORGED, MALFORMED, MISMATCHED, Outcome, Payment, safe_code, unexpected,
};
use super::signature::SecretKey;
use crate::client::Answer;
use crate::gateway_text::{is_transaction_id, safe_message};
use crate::port::{DepositAccount, GatewayReply};

/// The most characters of an account's number.
const ACCOUNT_MAX_CHARS: usize = 20;

pub(super) fn of_approval(key: &SecretKey, payment_id: Uuid, answer: &Answer) -> GatewayReply {
    let outcome = match outcome_of(answer) {
        Ok(outcome) => outcome,
        Err(reason) => return GatewayReply::unknown(reason),
    };
    if outcome.result_code == APPROVED {
        return of_payment(key, payment_id, answer);
    }
    if declines(&outcome.result_code) {
        return declined(&outcome.result_code, &outcome.result_msg);
    }
    GatewayReply::unknown(unexpected(answer))
}

pub(super) fn of_inquiry(key: &SecretKey, payment_id: Uuid, answer: &Answer) -> GatewayReply {
    let outcome = match outcome_of(answer) {
        Ok(outcome) => outcome,
        Err(reason) => return GatewayReply::unknown(reason),
    };
    let code = outcome.result_code.as_str();
    if NO_RECORD.contains(&code) && outcome.status.is_none() {
        return GatewayReply::NoRecord;
    }
    match outcome.status.as_deref() {
        Some(status @ ("failed" | "expired")) => {
            let payment = serde_json::from_slice::<Payment>(&answer.body);
            let Ok(payment) = payment else {
                return GatewayReply::unknown(MALFORMED);
            };
            if payment.order_id != payment_id.to_string() {
                return GatewayReply::unknown(MISMATCHED);
            }
            // NICE signs only what is worth something; but what is signed must be signed well.
            if payment.signature.is_some() && !payment.is_signed(key) {
                return GatewayReply::unknown(FORGED);
            }
            let code = Some(code)
                .filter(|code| *code != APPROVED)
                .and_then(safe_code);
            let word = code.unwrap_or_else(|| status.to_ascii_uppercase());
            declined(&word, &outcome.result_msg)
        }
        Some(_) if code == APPROVED => of_payment(key, payment_id, answer),
        Some(_) | None => GatewayReply::unknown(unexpected(answer)),
    }
}

fn outcome_of(answer: &Answer) -> Result<Outcome, String> {
    if answer.status != 200 {
        return Err(unexpected(answer));
    }
    serde_json::from_slice(&answer.body).map_err(|_| MALFORMED.to_owned())
}

fn of_payment(key: &SecretKey, payment_id: Uuid, answer: &Answer) -> GatewayReply {
    let Ok(payment) = serde_json::from_slice::<Payment>(&answer.body) else {
        return GatewayReply::unknown(MALFORMED);
    };
    if payment.order_id != payment_id.to_string() || !payment.is_in_won() {
        return GatewayReply::unknown(MISMATCHED);
    }
    if !payment.is_signed(key) {
        return GatewayReply::unknown(FORGED);
    }
    let is_sound = is_transaction_id(&payment.tid)
        && payment.amount >= 0
        && (0..=payment.amount).contains(&payment.balance_amt);
    if !is_sound {
        return GatewayReply::unknown(MALFORMED);
    }
    match payment.status.as_str() {
        "paid" if payment.balance_amt == payment.amount => GatewayReply::Approved {
            transaction_id: payment.tid,
            amount_minor: payment.amount,
            currency: CURRENCY.to_owned(),
        },
        "ready" if payment.vbank.is_some() => waiting(payment),
        "cancelled" if payment.vbank.is_some() && !payment.was_paid() => {
            declined("CANCELLED", "입금 전에 취소되었습니다.")
        }
        "paid" | "cancelled" | "partialCancelled" => GatewayReply::GivenBack {
            transaction_id: payment.tid,
            amount_minor: payment.amount,
            left_minor: payment.balance_amt,
            currency: CURRENCY.to_owned(),
        },
        "ready" => GatewayReply::unknown("IN_PROGRESS"),
        _ => GatewayReply::unknown("UNLISTED_STATUS"),
    }
}

fn waiting(payment: Payment) -> GatewayReply {
    let until = |account: &Account| {
        DateTime::parse_from_str(&account.vbank_exp_date, "%+").or_else(
            // NICE leaves the colon out of the offset.
            |_| DateTime::parse_from_str(&account.vbank_exp_date, "%Y-%m-%dT%H:%M:%S%.f%z"),
        )
    };
    let Some(account) = payment.vbank.filter(is_account) else {
        return GatewayReply::unknown(MALFORMED);
    };
    let Ok(until) = until(&account) else {
        return GatewayReply::unknown(MALFORMED);
    };
    GatewayReply::WaitingForDeposit {
        transaction_id: payment.tid,
        amount_minor: payment.amount,
        currency: CURRENCY.to_owned(),
        until: until.to_utc(),
        account: DepositAccount {
            bank: account.vbank_code,
            number: account.vbank_number,
            holder: account.vbank_holder.map(|name| safe_message(&name)),
        },
    }
}

fn is_account(account: &Account) -> bool {
    let is_number = |text: &str| {
        (1..=ACCOUNT_MAX_CHARS).contains(&text.len())
            && text
                .bytes()
                .all(|byte| byte.is_ascii_digit() || byte == b'-')
    };
    is_number(&account.vbank_code) && is_number(&account.vbank_number)
}

fn declined(code: &str, message: &str) -> GatewayReply {
    GatewayReply::Declined {
        code: code.to_owned(),
        message: safe_message(message),
    }
}

#[cfg(test)]
#[path = "outcome_tests.rs"]
mod tests;
