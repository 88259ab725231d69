//! What NICE's answers about a cancel mean.
//!
//! | answer | means |
//! | --- | --- |
//! | 200 `0000`, `2001` or `2211`, our payment, NICE's signature, a cancel of our amount under its `cancelledTid`, and a balance that agrees | done |
//! | 200 with a code of [`super::codes::REFUSALS`] | refused |
//! | 200 `2013` or `2015`: cancelled already | the payment is read: done if our refund's id is on one of its cancels, else refused |
//! | anything else | unknown |

use serde_json::{Value, json};

use super::codes::{ALREADY, CANCELLED, REFUSALS};
use super::payment::{Cancel, FORGED, MALFORMED, MISMATCHED, Outcome, Payment, unexpected};
use super::signature::SecretKey;
use crate::client::Answer;
use crate::gateway_text::{is_transaction_id, safe_message};
use crate::port::{RefundReply, RefundRequest};

/// The most bytes of a reason, our mark included.
const REASON_MAX_BYTES: usize = 100;

/// What an answer to a cancel leads to.
pub(super) enum Cancelled {
    Reply(RefundReply),
    /// The payment has to be read to know by which refund.
    Already {
        code: String,
        message: String,
    },
}

pub(super) fn body_of(request: &RefundRequest, key: &SecretKey, edi_date: &str) -> Value {
    let mut body = json!({
        "reason": reason_of(request),
        // Another for each part: under the same one NICE gives nothing back a second time.
        "orderId": request.refund_id,
        "ediDate": edi_date,
        "signData": key.sign(&[&request.transaction_id, edi_date]),
    });
    if !request.is_all_left {
        body["cancelAmt"] = request.amount_minor.into();
    }
    if let Some(account) = &request.account {
        body["refundAccount"] = account.number.as_str().into();
        body["refundBankCode"] = account.bank.as_str().into();
        body["refundHolder"] = account.holder.as_str().into();
    }
    body
}

pub(super) fn of_cancel(key: &SecretKey, request: &RefundRequest, answer: &Answer) -> Cancelled {
    let outcome = serde_json::from_slice::<Outcome>(&answer.body).ok();
    let Some(outcome) = outcome.filter(|_| answer.status == 200) else {
        return Cancelled::Reply(RefundReply::unknown(unexpected(answer)));
    };
    let code = outcome.result_code;
    let message = safe_message(&outcome.result_msg);
    if CANCELLED.contains(&code.as_str()) {
        return Cancelled::Reply(of_this(key, request, answer));
    }
    if ALREADY.contains(&code.as_str()) {
        return Cancelled::Already { code, message };
    }
    if REFUSALS.contains(&code.as_str()) {
        return Cancelled::Reply(RefundReply::Refused { code, message });
    }
    Cancelled::Reply(RefundReply::unknown(unexpected(answer)))
}

/// What a payment that is cancelled already says about this refund.
pub(super) fn of_look(
    key: &SecretKey,
    request: &RefundRequest,
    answer: &Answer,
    code: String,
    message: String,
) -> RefundReply {
    let payment = match checked(key, request, answer) {
        Ok(payment) => payment,
        Err(reply) => return reply,
    };
    let mark = mark_of(request);
    let cancels = payment.cancels.as_deref().unwrap_or_default();
    let ours = cancels.iter().find(|cancel| {
        let reason = cancel.reason.as_deref();
        reason.is_some_and(|reason| reason.ends_with(&mark))
    });
    match ours {
        Some(cancel) => done(request, &payment, cancel),
        None => RefundReply::Refused { code, message },
    }
}

fn of_this(key: &SecretKey, request: &RefundRequest, answer: &Answer) -> RefundReply {
    let payment = match checked(key, request, answer) {
        Ok(payment) => payment,
        Err(reply) => return reply,
    };
    let cancels = payment.cancels.as_deref().unwrap_or_default();
    let own = payment.cancelled_tid.as_deref();
    let ours = cancels
        .iter()
        .find(|cancel| Some(cancel.tid.as_str()) == own);
    ours.map_or_else(
        || RefundReply::unknown(MALFORMED),
        |cancel| done(request, &payment, cancel),
    )
}

/// The answer's payment, if it is the one that was asked about.
fn checked(
    key: &SecretKey,
    request: &RefundRequest,
    answer: &Answer,
) -> Result<Payment, RefundReply> {
    if answer.status != 200 {
        return Err(RefundReply::unknown(unexpected(answer)));
    }
    let payment = serde_json::from_slice::<Payment>(&answer.body);
    let payment = payment.map_err(|_| RefundReply::unknown(MALFORMED))?;
    // The order number of an answer to a cancel is the payment's or the cancel's: the manual does not say.
    let order_id = payment.order_id.as_str();
    let is_ours =
        order_id == request.payment_id.to_string() || order_id == request.refund_id.to_string();
    if !is_ours || payment.tid != request.transaction_id || !payment.is_in_won() {
        return Err(RefundReply::unknown(MISMATCHED));
    }
    if !payment.is_signed(key) {
        return Err(RefundReply::unknown(FORGED));
    }
    Ok(payment)
}

fn done(request: &RefundRequest, payment: &Payment, cancel: &Cancel) -> RefundReply {
    let mut cancels = payment.cancels.iter().flatten();
    let back = cancels.try_fold(0_i64, |sum, one| sum.checked_add(one.amount));
    let left = back.and_then(|back| payment.amount.checked_sub(back));
    // Somebody may have given a part of it back before: then what was left is less than the whole.
    let is_rest = request.is_all_left && payment.balance_amt == 0 && cancel.amount > 0;
    let agrees = cancel.amount == request.amount_minor || is_rest;
    if !agrees || left != Some(payment.balance_amt) {
        return RefundReply::unknown(MISMATCHED);
    }
    if !is_transaction_id(&cancel.tid) {
        return RefundReply::unknown(MALFORMED);
    }
    RefundReply::Done {
        refund_transaction_id: cancel.tid.clone(),
    }
}

/// The reason with the refund's id behind it: by that it is found again.
fn reason_of(request: &RefundRequest) -> String {
    let mark = mark_of(request);
    let mut reason = String::new();
    for character in request.reason.chars() {
        if reason.len() + character.len_utf8() + mark.len() > REASON_MAX_BYTES {
            break;
        }
        reason.push(character);
    }
    reason + &mark
}

fn mark_of(request: &RefundRequest) -> String {
    format!(" #{}", request.refund_id)
}

#[cfg(test)]
#[path = "cancellation_tests.rs"]
mod tests;
