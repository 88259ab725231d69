//! What Toss's answers about a cancel mean.
//!
//! | answer | means |
//! | --- | --- |
//! | 200 with our payment, a cancel with our refund's id in its reason and our amount, and a balance that agrees | done |
//! | a code of [`super::declines::REFUSALS`] | refused |
//! | `ALREADY_CANCELED_PAYMENT`, `ALREADY_REFUND_PAYMENT` | the payment is read: done if our refund is on it, else refused |
//! | the same, of a deposit whose `refundStatus` says that the transfer failed | unknown |
//! | anything else | unknown |
//! | a payment that is read before another try under another key | done if our refund is on it; if not, the try is made |
//!
//! The status word counts for nothing: Toss has said `PARTIAL_CANCELED` of a payment cancelled in full. What is
//! left is `balanceAmount`. Toss compares no bodies of repeats, so the answer is looked at for our own refund.

use serde_json::{Value, json};

use super::adapter::CURRENCY;
use super::declines::{ALREADY, REFUSALS};
use super::payment::{Cancel, MALFORMED, MISMATCHED, Payment, failure_of, unexpected};
use crate::client::Answer;
use crate::gateway_text::{is_transaction_id, safe_code, safe_message};
use crate::port::{RefundReply, RefundRequest};

/// The most characters of a reason, our mark included.
const REASON_MAX_CHARS: usize = 200;

/// Toss took a deposit's refund, and its bank did not: a person has to ask the company.
const TRANSFER_FAILED: &str = "REFUND_TRANSFER_FAILED";

/// What an answer to a cancel leads to.
pub(super) enum Cancelled {
    Reply(RefundReply),
    /// The payment has to be read to know by which refund.
    Already {
        code: String,
        message: String,
    },
}

pub(super) fn body_of(request: &RefundRequest) -> Value {
    let mut body = json!({ "cancelReason": reason_of(request) });
    if !request.is_all_left {
        body["cancelAmount"] = request.amount_minor.into();
    }
    if let Some(account) = &request.account {
        body["refundReceiveAccount"] = json!({
            "bank": account.bank,
            "accountNumber": account.number,
            "holderName": account.holder,
        });
    }
    body
}

pub(super) fn of_cancel(request: &RefundRequest, answer: &Answer) -> Cancelled {
    if answer.status == 200 {
        let reply = found_on(request, answer);
        return Cancelled::Reply(reply.unwrap_or_else(|| RefundReply::unknown(MISMATCHED)));
    }
    let client_error = (400..500).contains(&answer.status) && answer.status != 409;
    match failure_of(answer) {
        Some(failure) if client_error && REFUSALS.contains(&failure.code.as_str()) => {
            Cancelled::Reply(RefundReply::Refused {
                message: safe_message(&failure.message),
                code: failure.code,
            })
        }
        Some(failure) if client_error && ALREADY.contains(&failure.code.as_str()) => {
            Cancelled::Already {
                message: safe_message(&failure.message),
                code: failure.code,
            }
        }
        Some(_) | None => Cancelled::Reply(RefundReply::unknown(unexpected(answer))),
    }
}

/// What a payment that is cancelled already says about this refund.
pub(super) fn of_look(
    request: &RefundRequest,
    answer: &Answer,
    code: String,
    message: String,
) -> RefundReply {
    of_first_look(request, answer).unwrap_or_else(|| {
        let code = safe_code(&code).unwrap_or(MALFORMED).to_owned();
        RefundReply::Refused { code, message }
    })
}

/// What a payment says about this refund; none when the refund is certainly not on it.
pub(super) fn of_first_look(request: &RefundRequest, answer: &Answer) -> Option<RefundReply> {
    if answer.status != 200 {
        return Some(RefundReply::unknown(unexpected(answer)));
    }
    found_on(request, answer)
}

/// This refund on the payment of the answer; none when the payment is ours and the refund is not on it.
fn found_on(request: &RefundRequest, answer: &Answer) -> Option<RefundReply> {
    let Ok(payment) = serde_json::from_slice::<Payment>(&answer.body) else {
        return Some(RefundReply::unknown(MALFORMED));
    };
    let is_ours = payment.order_id == request.payment_id.to_string()
        && payment.payment_key == request.transaction_id
        && payment.currency == CURRENCY;
    if !is_ours {
        return Some(RefundReply::unknown(MISMATCHED));
    }
    let cancels = payment.cancels.as_deref().unwrap_or_default();
    let mark = mark_of(request);
    let ours = cancels
        .iter()
        .find(|cancel| cancel.cancel_reason.ends_with(&mark))?;
    let back: Option<i64> = cancels
        .iter()
        .try_fold(0_i64, |sum, cancel| sum.checked_add(cancel.cancel_amount));
    let balance_agrees = back.and_then(|back| payment.total_amount.checked_sub(back))
        == Some(payment.balance_amount);
    // Somebody may have given a part of it back before: then what was left is less than the whole.
    let is_rest = request.is_all_left && payment.balance_amount == 0 && ours.cancel_amount > 0;
    let agrees = ours.cancel_amount == request.amount_minor || is_rest;
    if !agrees || !is_done(ours) || !balance_agrees {
        return Some(RefundReply::unknown(MISMATCHED));
    }
    let account = payment.virtual_account.as_ref();
    let transfer = account.and_then(|account| account.refund_status.as_deref());
    if matches!(transfer, Some("FAILED" | "PARTIAL_FAILED")) {
        return Some(RefundReply::unknown(TRANSFER_FAILED));
    }
    if !is_transaction_id(&ours.transaction_key) {
        return Some(RefundReply::unknown(MALFORMED));
    }
    Some(RefundReply::Done {
        refund_transaction_id: ours.transaction_key.clone(),
    })
}

fn is_done(cancel: &Cancel) -> bool {
    // Toss leaves the status out where a cancel is done at once.
    let status = cancel.cancel_status.as_deref();
    status.is_none_or(|status| status == "DONE")
}

/// The reason with the refund's id behind it: by that it is found again.
fn reason_of(request: &RefundRequest) -> String {
    let mark = mark_of(request);
    let room = REASON_MAX_CHARS - mark.chars().count();
    let reason: String = request.reason.chars().take(room).collect();
    format!("{reason}{mark}")
}

fn mark_of(request: &RefundRequest) -> String {
    format!(" #{}", request.refund_id)
}

#[cfg(test)]
#[path = "cancellation_tests.rs"]
mod tests;
