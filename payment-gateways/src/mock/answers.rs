//! What the mock company's answers mean. The whole of the outcome rule for this company is here.
//!
//! | answer | means |
//! | --- | --- |
//! | 200 with our payment in state `APPROVED` | approved |
//! | the same in state `PARTIALLY_REFUNDED` or `REFUNDED` | given back, with what is left |
//! | 402 with a code of [`DECLINE_CODES`]; on inquiry, 200 `DECLINED` with one | declined |
//! | on inquiry, 404 `PAYMENT_NOT_FOUND` | no record |
//! | refund: 200 `REFUNDED` with our refund | done |
//! | refund: status and code of [`REFUND_REFUSALS`] | refused |
//! | anything else | unknown |

use serde::Deserialize;
use uuid::Uuid;

use crate::client::Answer;
use crate::gateway_text::{is_currency, is_transaction_id, safe_code, safe_message};
use crate::port::{GatewayReply, RefundReply, RefundRequest};

/// The codes on which a payment is declined: it was not and will not be charged.
const DECLINE_CODES: [&str; 2] = ["CARD_DECLINED", "INVALID_TOKEN"];
/// The answers on which a refund is refused: nothing went back.
const REFUND_REFUSALS: [(u16, &str); 5] = [
    (404, "PAYMENT_NOT_FOUND"),
    (422, "PAYMENT_NOT_REFUNDABLE"),
    (422, "REFUND_EXCEEDS_BALANCE"),
    (422, "REFUND_REFUSED"),
    (422, "TRANSACTION_MISMATCH"),
];
const MALFORMED: &str = "MALFORMED_ANSWER";
const MISMATCHED: &str = crate::port::GatewayReply::MISMATCHED;

/// A payment, as far as it matters here. Fields that the company adds some day are not minded.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Payment {
    payment_id: Uuid,
    order_id: Uuid,
    status: String,
    transaction_id: Option<String>,
    amount: i64,
    refunded_amount: i64,
    currency: String,
    code: Option<String>,
    message: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Refund {
    refund_id: Uuid,
    payment_id: Uuid,
    status: String,
    transaction_id: String,
    amount: i64,
    currency: String,
}

#[derive(Deserialize)]
struct Failure {
    code: String,
    message: String,
}

pub(super) fn of_confirm(payment_id: Uuid, order_id: Uuid, answer: &Answer) -> GatewayReply {
    match answer.status {
        200 => match serde_json::from_slice::<Payment>(&answer.body) {
            Ok(payment) if payment.order_id == order_id => of_payment(payment_id, payment),
            Ok(_) => GatewayReply::unknown(MISMATCHED),
            Err(_) => GatewayReply::unknown(MALFORMED),
        },
        402 => match serde_json::from_slice::<Failure>(&answer.body) {
            Ok(failure) => declined(&failure.code, &failure.message),
            Err(_) => GatewayReply::unknown(MALFORMED),
        },
        _ => GatewayReply::unknown(unexpected(answer)),
    }
}

pub(super) fn of_inquiry(payment_id: Uuid, answer: &Answer) -> GatewayReply {
    match answer.status {
        200 => match serde_json::from_slice::<Payment>(&answer.body) {
            Ok(payment) => of_payment(payment_id, payment),
            Err(_) => GatewayReply::unknown(MALFORMED),
        },
        404 => match serde_json::from_slice::<Failure>(&answer.body) {
            Ok(failure) if failure.code == "PAYMENT_NOT_FOUND" => GatewayReply::NoRecord,
            // Anybody on the way can say 404, a proxy with a wrong route for instance.
            Ok(_) | Err(_) => GatewayReply::unknown(unexpected(answer)),
        },
        _ => GatewayReply::unknown(unexpected(answer)),
    }
}

pub(super) fn of_refund(request: &RefundRequest, answer: &Answer) -> RefundReply {
    if answer.status == 200 {
        return match serde_json::from_slice::<Refund>(&answer.body) {
            Ok(refund) => done(request, refund),
            Err(_) => RefundReply::unknown(MALFORMED),
        };
    }
    match serde_json::from_slice::<Failure>(&answer.body) {
        Ok(failure) if REFUND_REFUSALS.contains(&(answer.status, failure.code.as_str())) => {
            RefundReply::Refused {
                message: safe_message(&failure.message),
                code: failure.code,
            }
        }
        Ok(_) | Err(_) => RefundReply::unknown(unexpected(answer)),
    }
}

fn of_payment(payment_id: Uuid, payment: Payment) -> GatewayReply {
    if payment.payment_id != payment_id {
        return GatewayReply::unknown(MISMATCHED);
    }
    match payment.status.as_str() {
        "APPROVED" => approved(payment),
        "DECLINED" => declined(
            payment.code.as_deref().unwrap_or_default(),
            payment.message.as_deref().unwrap_or_default(),
        ),
        "PARTIALLY_REFUNDED" | "REFUNDED" => given_back(payment),
        _ => GatewayReply::unknown("UNLISTED_STATUS"),
    }
}

fn approved(payment: Payment) -> GatewayReply {
    let Some(transaction_id) = transaction_of(&payment) else {
        return GatewayReply::unknown(MALFORMED);
    };
    GatewayReply::Approved {
        transaction_id,
        amount_minor: payment.amount,
        currency: payment.currency,
    }
}

fn given_back(payment: Payment) -> GatewayReply {
    let Some(transaction_id) = transaction_of(&payment) else {
        return GatewayReply::unknown(MALFORMED);
    };
    GatewayReply::GivenBack {
        transaction_id,
        amount_minor: payment.amount,
        left_minor: payment.amount - payment.refunded_amount,
        currency: payment.currency,
    }
}

/// The charge's id, when all that is said of its money makes sense.
fn transaction_of(payment: &Payment) -> Option<String> {
    let is_sound = is_currency(&payment.currency)
        && payment.amount >= 0
        && (0..=payment.amount).contains(&payment.refunded_amount);
    let transaction_id = payment.transaction_id.clone();
    transaction_id.filter(|id| is_sound && is_transaction_id(id))
}

fn declined(code: &str, message: &str) -> GatewayReply {
    if DECLINE_CODES.contains(&code) {
        return GatewayReply::Declined {
            code: code.to_owned(),
            message: safe_message(message),
        };
    }
    let code = safe_code(code).unwrap_or("UNREADABLE");
    GatewayReply::unknown(format!("UNLISTED_CODE_{code}"))
}

fn done(request: &RefundRequest, refund: Refund) -> RefundReply {
    let ours = refund.refund_id == request.refund_id
        && refund.payment_id == request.payment_id
        && refund.amount == request.amount_minor
        && refund.currency == request.currency;
    if !ours {
        return RefundReply::unknown(MISMATCHED);
    }
    if refund.status != "REFUNDED" || !is_transaction_id(&refund.transaction_id) {
        return RefundReply::unknown(MALFORMED);
    }
    RefundReply::Done {
        refund_transaction_id: refund.transaction_id,
    }
}

/// The reason for an answer that was not expected: its status, and its code if it has one.
fn unexpected(answer: &Answer) -> String {
    let status = answer.status;
    let failure = serde_json::from_slice::<Failure>(&answer.body).ok();
    let code = failure
        .as_ref()
        .and_then(|failure| safe_code(&failure.code));
    match code {
        Some(code) => format!("HTTP_{status}_{code}"),
        None => format!("HTTP_{status}"),
    }
}

#[cfg(test)]
#[path = "answers_tests.rs"]
mod tests;
