//! What Toss's answers about a charge mean. The whole of the outcome rule for this company is here.
//!
//! | answer | means |
//! | --- | --- |
//! | 200 with our order number, `DONE`, nothing taken back | approved, with what was charged |
//! | the same, something taken back; `PARTIAL_CANCELED`, `CANCELED` | given back, with what is left |
//! | 200 `WAITING_FOR_DEPOSIT` with its account | waiting for a deposit |
//! | 400 or 403 with a code of [`super::declines`] | declined |
//! | on inquiry, 200 `ABORTED` | declined: the company's final word, with its code if it says one |
//! | on inquiry, 200 `EXPIRED` | declined: the buyer did not finish in time, and cannot any more |
//! | on inquiry, 200 `CANCELED` of an account that nothing was paid into | declined |
//! | on inquiry, 404 `NOT_FOUND_PAYMENT` | no record |
//! | anything else: `READY`, `IN_PROGRESS`, timeout, 5xx, 409, any other code | unknown |

use uuid::Uuid;

use super::adapter::CURRENCY;
use super::declines::declines;
use super::payment::{
    Failure, MALFORMED, MISMATCHED, Payment, VirtualAccount, failure_of, unexpected,
};
use crate::client::Answer;
use crate::gateway_text::{is_transaction_id, safe_code, safe_message};
use crate::port::{DepositAccount, GatewayReply};

/// The most characters of a bank's code, an account's number, a holder's name.
const ACCOUNT_MAX_CHARS: usize = 60;

pub(super) fn of_confirm(payment_id: Uuid, answer: &Answer) -> GatewayReply {
    if answer.status == 200 {
        return of_payment(payment_id, answer);
    }
    match failure_of(answer) {
        Some(failure) if declines(answer.status, &failure.code) => GatewayReply::Declined {
            message: safe_message(&failure.message),
            code: failure.code,
        },
        Some(_) | None => GatewayReply::unknown(unexpected(answer)),
    }
}

pub(super) fn of_inquiry(payment_id: Uuid, answer: &Answer) -> GatewayReply {
    match answer.status {
        200 => of_payment(payment_id, answer),
        404 => match failure_of(answer) {
            Some(failure) if failure.code == "NOT_FOUND_PAYMENT" => GatewayReply::NoRecord,
            // Anybody on the way can say 404, a proxy with a wrong route for instance.
            Some(_) | None => GatewayReply::unknown(unexpected(answer)),
        },
        _ => GatewayReply::unknown(unexpected(answer)),
    }
}

fn of_payment(payment_id: Uuid, answer: &Answer) -> GatewayReply {
    let Ok(payment) = serde_json::from_slice::<Payment>(&answer.body) else {
        return GatewayReply::unknown(MALFORMED);
    };
    if payment.order_id != payment_id.to_string() {
        return GatewayReply::unknown(MISMATCHED);
    }
    let is_sound = is_transaction_id(&payment.payment_key)
        && payment.total_amount >= 0
        && (0..=payment.total_amount).contains(&payment.balance_amount);
    if !is_sound {
        return GatewayReply::unknown(MALFORMED);
    }
    if payment.currency != CURRENCY {
        // Its amount may be in another unit: nobody may take it for won.
        return GatewayReply::unknown(MISMATCHED);
    }
    match payment.status.as_str() {
        "DONE" if payment.balance_amount == payment.total_amount => GatewayReply::Approved {
            transaction_id: payment.payment_key,
            amount_minor: payment.total_amount,
            currency: payment.currency,
        },
        "WAITING_FOR_DEPOSIT" => waiting(payment),
        "ABORTED" => not_charged("ABORTED", "결제 승인이 실패했습니다.", payment.failure),
        "EXPIRED" => not_charged("EXPIRED", "결제 시간이 만료되었습니다.", payment.failure),
        "CANCELED" if was_never_paid(&payment) => {
            not_charged("CANCELED", "입금 전에 취소되었습니다.", payment.failure)
        }
        "DONE" | "PARTIAL_CANCELED" | "CANCELED" => GatewayReply::GivenBack {
            transaction_id: payment.payment_key,
            amount_minor: payment.total_amount,
            left_minor: payment.balance_amount,
            currency: payment.currency,
        },
        "READY" | "IN_PROGRESS" => GatewayReply::unknown("IN_PROGRESS"),
        _ => GatewayReply::unknown("UNLISTED_STATUS"),
    }
}

/// An account that nothing was paid into is cancelled without an approval before.
fn was_never_paid(payment: &Payment) -> bool {
    payment.virtual_account.is_some() && payment.approved_at.is_none()
}

fn waiting(payment: Payment) -> GatewayReply {
    let Some(account) = payment.virtual_account.filter(is_account) else {
        return GatewayReply::unknown(MALFORMED);
    };
    GatewayReply::WaitingForDeposit {
        transaction_id: payment.payment_key,
        amount_minor: payment.total_amount,
        currency: payment.currency,
        until: account.due_date.to_utc(),
        account: DepositAccount {
            bank: account.bank_code,
            number: account.account_number,
            holder: account.customer_name.map(|name| safe_message(&name)),
        },
    }
}

fn is_account(account: &VirtualAccount) -> bool {
    let is_short = |text: &str| (1..=ACCOUNT_MAX_CHARS).contains(&text.chars().count());
    let is_number = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'-' | b'X' | b'*');
    is_short(&account.bank_code)
        && account
            .bank_code
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric())
        && is_short(&account.account_number)
        && account.account_number.bytes().all(is_number)
}

fn not_charged(status: &str, message: &str, failure: Option<Failure>) -> GatewayReply {
    let said = failure.as_ref();
    let code = said.and_then(|failure| safe_code(&failure.code));
    GatewayReply::Declined {
        code: code.unwrap_or(status).to_owned(),
        message: said.map_or_else(
            || message.to_owned(),
            |failure| safe_message(&failure.message),
        ),
    }
}

#[cfg(test)]
#[path = "outcome_tests.rs"]
mod tests;
