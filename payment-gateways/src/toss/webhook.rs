//! What Toss tells by itself.
//!
//! | notice | about | signed |
//! | --- | --- | --- |
//! | `PAYMENT_STATUS_CHANGED` | the payment of `data.orderId` | no |
//! | flat, with `orderId` and `transactionKey` (`DEPOSIT_CALLBACK`) | the payment of `orderId` | no |
//! | `CANCEL_STATUS_CHANGED` | the payment of `data.orderId` | no |
//! | `BILLING_DELETED` | a billing key | no |
//! | `payout.changed`, `seller.changed` | a payout, a seller | HMAC-SHA256 over `{body}:{time}` |
//!
//! The `secret` of a deposit's notice is also in the payment that Toss answers, but a payment's answer says all that
//! the notice does: it is asked for, and the secret is not needed.

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use data_encoding::{BASE64, HEXLOWER};
use hmac::{Hmac, Mac};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::gateway_text::{is_currency, safe_code};
use crate::port::{
    NoticeClaim, NoticeSubject, NoticeTrust, WebhookDelivery, WebhookNotice, WebhookRefusal,
};

const TRANSMISSION_ID: &str = "tosspayments-webhook-transmission-id";
const TRANSMISSION_TIME: &str = "tosspayments-webhook-transmission-time";
const SIGNATURE: &str = "tosspayments-webhook-signature";
/// A notice holds a payment at most.
const BODY_MAX_BYTES: usize = 64 * 1024;
/// The longest id of a transmission that is kept as it is.
const ID_MAX_CHARS: usize = 100;
/// How far the time of a signature may be from ours.
const SIGNATURE_AGE_MAX_SECONDS: i64 = 300;
/// The most signatures of one delivery: two while keys are being changed.
const SIGNATURES_MAX: usize = 4;

/// Every notice of Toss, its fields all optional: which there are says what it is.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Notice {
    event_type: Option<String>,
    data: Option<Data>,
    // A deposit's.
    order_id: Option<String>,
    status: Option<String>,
    transaction_key: Option<String>,
    // A payout's or a seller's.
    event_id: Option<String>,
    entity_body: Option<Entity>,
    // A deleted billing key's, in either place.
    billing_key: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Data {
    order_id: Option<String>,
    status: Option<String>,
    total_amount: Option<i64>,
    balance_amount: Option<i64>,
    currency: Option<String>,
    billing_key: Option<String>,
}

#[derive(Deserialize)]
struct Entity {
    id: Option<String>,
}

pub(super) fn notice_of(
    delivery: &WebhookDelivery<'_>,
    security_keys: &[String],
) -> Result<WebhookNotice, WebhookRefusal> {
    if delivery.body.len() > BODY_MAX_BYTES {
        return Err(WebhookRefusal::TooLarge);
    }
    let notice = serde_json::from_slice::<Notice>(delivery.body);
    let notice = notice.map_err(|_| WebhookRefusal::Malformed)?;
    let id = id_of(delivery);
    match notice.event_type.as_deref() {
        Some("PAYMENT_STATUS_CHANGED" | "CANCEL_STATUS_CHANGED") => {
            let data = notice.data.ok_or(WebhookRefusal::Malformed)?;
            let claim = NoticeClaim {
                status: word(data.status.as_deref()),
                left_minor: left_of(data.status.as_deref(), data.balance_amount),
                amount_minor: data.total_amount,
                currency: data.currency.filter(|currency| is_currency(currency)),
            };
            about_payment(id, data.order_id, claim)
        }
        None | Some("DEPOSIT_CALLBACK") if notice.transaction_key.is_some() => {
            let claim = NoticeClaim {
                status: word(notice.status.as_deref()),
                left_minor: left_of(notice.status.as_deref(), None),
                ..NoticeClaim::default()
            };
            about_payment(id, notice.order_id, claim)
        }
        Some("BILLING_DELETED") => {
            let nested = notice.data.and_then(|data| data.billing_key);
            let key = notice.billing_key.or(nested);
            let key = key.filter(|key| (1..=200).contains(&key.len()));
            Ok(WebhookNotice {
                id,
                subject: NoticeSubject::BillingKey(key.ok_or(WebhookRefusal::Malformed)?),
                claim: NoticeClaim::default(),
                trust: NoticeTrust::Unsigned,
            })
        }
        Some(kind @ ("payout.changed" | "seller.changed")) => {
            check_signature(delivery, security_keys)?;
            let entity = notice.entity_body.and_then(|entity| entity.id);
            Ok(WebhookNotice {
                id: notice.event_id.filter(|id| is_id(id)).unwrap_or(id),
                subject: NoticeSubject::Settlement {
                    kind: kind.to_owned(),
                    id: entity
                        .filter(|id| is_id(id))
                        .ok_or(WebhookRefusal::Malformed)?,
                },
                claim: NoticeClaim::default(),
                trust: NoticeTrust::Signed,
            })
        }
        None | Some(_) => Err(WebhookRefusal::Malformed),
    }
}

fn about_payment(
    id: String,
    order_id: Option<String>,
    claim: NoticeClaim,
) -> Result<WebhookNotice, WebhookRefusal> {
    let order_id = order_id.ok_or(WebhookRefusal::Malformed)?;
    let payment_id = order_id.parse().map_err(|_| WebhookRefusal::NotOurs)?;
    Ok(WebhookNotice {
        id,
        subject: NoticeSubject::Payments(vec![payment_id]),
        claim,
        trust: NoticeTrust::Unsigned,
    })
}

/// A digest of the transmission's id, which all tries of a delivery share; without one, of the body. Nobody signs
/// the id, so whoever sends it may write a card's number there: it is never kept as it came.
fn id_of(delivery: &WebhookDelivery<'_>) -> String {
    let id = delivery.header(TRANSMISSION_ID).map(str::as_bytes);
    HEXLOWER.encode(&Sha256::digest(id.unwrap_or(delivery.body)))
}

/// Looks whether Toss signed this: `v1:<base64>,v1:<base64>` over the raw body, a colon and the time.
fn check_signature(
    delivery: &WebhookDelivery<'_>,
    security_keys: &[String],
) -> Result<(), WebhookRefusal> {
    let missing = WebhookRefusal::SignatureMissing;
    let time = delivery.header(TRANSMISSION_TIME).ok_or(missing)?;
    let signatures = delivery.header(SIGNATURE).ok_or(missing)?;
    if security_keys.is_empty() {
        return Err(missing);
    }
    let signatures = signatures.split(',').take(SIGNATURES_MAX);
    let signatures: Vec<Vec<u8>> = signatures
        .filter_map(|one| one.trim().strip_prefix("v1:"))
        .filter_map(|one| BASE64.decode(one.as_bytes()).ok())
        .collect();
    let is_signed = security_keys.iter().any(|key| {
        // Any length of key will do for HMAC, so this has no error to hide.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key.as_bytes()) else {
            return false;
        };
        mac.update(delivery.body);
        mac.update(b":");
        mac.update(time.as_bytes());
        let verifies = |signature: &Vec<u8>| mac.clone().verify_slice(signature).is_ok();
        signatures.iter().any(verifies)
    });
    if !is_signed {
        return Err(WebhookRefusal::SignatureWrong);
    }
    let signed_at = time_of(time).ok_or(WebhookRefusal::Malformed)?;
    let age = (delivery.received_at - signed_at).abs();
    if age > TimeDelta::seconds(SIGNATURE_AGE_MAX_SECONDS) {
        return Err(WebhookRefusal::SignatureStale);
    }
    Ok(())
}

/// With an offset, or without one: then it is Korea's, as in Toss's other times.
fn time_of(time: &str) -> Option<DateTime<Utc>> {
    if let Ok(time) = DateTime::parse_from_rfc3339(time) {
        return Some(time.to_utc());
    }
    let local = time.parse::<NaiveDateTime>().ok()?;
    local
        .checked_sub_signed(TimeDelta::hours(9))
        .map(|utc| utc.and_utc())
}

/// What a notice says is left of the charge: the balance where it has one, and nothing in a state in which there is
/// none.
fn left_of(status: Option<&str>, balance: Option<i64>) -> Option<i64> {
    match status? {
        "DONE" | "PARTIAL_CANCELED" => balance,
        "READY" | "IN_PROGRESS" | "WAITING_FOR_DEPOSIT" | "CANCELED" | "ABORTED" | "EXPIRED" => {
            Some(0)
        }
        _ => None,
    }
}

fn word(raw: Option<&str>) -> Option<String> {
    raw.and_then(safe_code).map(str::to_owned)
}

fn is_id(id: &str) -> bool {
    (1..=ID_MAX_CHARS).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic())
}

#[cfg(test)]
#[path = "webhook_tests.rs"]
mod tests;
