//! The mock company's notices: unsigned, so they only say which payment to ask about.

use serde::Deserialize;
use uuid::Uuid;

use crate::gateway_text::{is_currency, safe_code};
use crate::port::{
    NoticeClaim, NoticeSubject, NoticeTrust, WebhookDelivery, WebhookNotice, WebhookRefusal,
};

const ID: &str = "X-Mock-Webhook-Id";
/// A notice is some 400 bytes.
const BODY_MAX_BYTES: usize = 16 * 1024;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Notice {
    event_type: String,
    data: Payment,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Payment {
    payment_id: Uuid,
    status: String,
    amount: i64,
    refunded_amount: i64,
    currency: String,
}

/// What a notice says is left of the charge.
fn left_of(payment: &Payment) -> Option<i64> {
    match payment.status.as_str() {
        "APPROVED" | "PARTIALLY_REFUNDED" | "REFUNDED" => {
            payment.amount.checked_sub(payment.refunded_amount)
        }
        "DECLINED" => Some(0),
        _ => None,
    }
}

pub(super) fn notice_of(delivery: &WebhookDelivery<'_>) -> Result<WebhookNotice, WebhookRefusal> {
    if delivery.body.len() > BODY_MAX_BYTES {
        return Err(WebhookRefusal::TooLarge);
    }
    let id = delivery.header(ID).and_then(|id| id.parse::<Uuid>().ok());
    let id = id.ok_or(WebhookRefusal::Malformed)?;
    let notice = serde_json::from_slice::<Notice>(delivery.body);
    let notice = notice.map_err(|_| WebhookRefusal::Malformed)?;
    if notice.event_type != "PAYMENT_STATUS_CHANGED" {
        return Err(WebhookRefusal::Malformed);
    }
    let data = notice.data;
    Ok(WebhookNotice {
        id: id.to_string(),
        subject: NoticeSubject::Payments(vec![data.payment_id]),
        claim: NoticeClaim {
            status: safe_code(&data.status).map(str::to_owned),
            left_minor: left_of(&data),
            amount_minor: Some(data.amount),
            currency: is_currency(&data.currency).then_some(data.currency),
        },
        trust: NoticeTrust::Unsigned,
    })
}
