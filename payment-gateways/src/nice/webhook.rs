//! What NICE tells by itself: a payment, with its signature.
//!
//! The signature covers the payment's id, its amount and the time, and not its status: whoever has seen one notice
//! can make another that claims something else. So a notice, signed or not, only names the payment to ask about.

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

use super::payment::{CURRENCY, Payment};
use super::signature::SecretKey;
use crate::port::{
    NoticeClaim, NoticeSubject, NoticeTrust, WebhookAcknowledgement, WebhookDelivery,
    WebhookNotice, WebhookRefusal,
};

/// A notice is some 3 KiB.
const BODY_MAX_BYTES: usize = 64 * 1024;

/// NICE takes nothing else for a yes.
pub(super) const ACKNOWLEDGEMENT: WebhookAcknowledgement = WebhookAcknowledgement {
    status: 200,
    content_type: "text/html",
    body: "OK",
};

pub(super) fn notice_of(
    key: &SecretKey,
    delivery: &WebhookDelivery<'_>,
) -> Result<WebhookNotice, WebhookRefusal> {
    if delivery.body.len() > BODY_MAX_BYTES {
        return Err(WebhookRefusal::TooLarge);
    }
    let payment = serde_json::from_slice::<Payment>(delivery.body);
    let payment = payment.map_err(|_| WebhookRefusal::Malformed)?;
    if payment.signature.is_none() {
        return Err(WebhookRefusal::SignatureMissing);
    }
    if !payment.is_signed(key) {
        return Err(WebhookRefusal::SignatureWrong);
    }
    let payment_id = payment.order_id.parse();
    let payment_id = payment_id.map_err(|_| WebhookRefusal::NotOurs)?;
    Ok(WebhookNotice {
        id: id_of(&payment),
        subject: NoticeSubject::Payments(vec![payment_id]),
        claim: NoticeClaim {
            status: word(&payment.status),
            amount_minor: Some(payment.amount),
            left_minor: left_of(&payment),
            currency: payment.is_in_won().then(|| CURRENCY.to_owned()),
        },
        trust: NoticeTrust::Signed,
    })
}

/// NICE gives its notices no id, and may sign each try anew: what it says makes the id.
fn id_of(payment: &Payment) -> String {
    let mut digest = Sha256::new();
    let balance = payment.balance_amt.to_string();
    for part in [
        payment.tid.as_str(),
        payment.status.as_str(),
        payment.cancelled_tid.as_deref().unwrap_or_default(),
        balance.as_str(),
    ] {
        digest.update(part.as_bytes());
        digest.update([0]);
    }
    HEXLOWER.encode(&digest.finalize())
}

/// What a notice says is left of the charge.
fn left_of(payment: &Payment) -> Option<i64> {
    match payment.status.as_str() {
        "paid" | "partialCancelled" => Some(payment.balance_amt),
        "ready" | "cancelled" | "failed" | "expired" => Some(0),
        _ => None,
    }
}

fn word(status: &str) -> Option<String> {
    let is_word =
        (1..=20).contains(&status.len()) && status.bytes().all(|b| b.is_ascii_alphabetic());
    is_word.then(|| status.to_owned())
}

#[cfg(test)]
#[path = "webhook_tests.rs"]
mod tests;
