//! Speaks to NICE over HTTP.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use data_encoding::BASE64;
use serde_json::json;
use uuid::Uuid;

use super::cancellation::{self, Cancelled};
use super::payment::CURRENCY;
use super::signature::SecretKey;
use super::{fields, outcome, webhook};
use crate::circuit::CircuitState;
use crate::client::{Answer, GatewayClient, Link, Outgoing, Trouble};
use crate::error::PaymentGatewaysError;
use crate::port::{
    ConfirmRequest, GatewayReply, PaymentGateway, RefundReply, RefundRequest,
    WebhookAcknowledgement, WebhookDelivery, WebhookNotice, WebhookRefusal,
};

const COMPANY: &str = "nice";
/// The longest `tid`; NICE's own have thirty characters.
const TID_MAX_CHARS: usize = 64;
/// NICE's days are Korea's.
const KOREA_HOURS: i64 = 9;

/// Where NICE is, and by what it knows us.
#[derive(Clone)]
pub struct NiceConfig {
    /// Its address: `https://api.nicepay.co.kr`, or the mock's `http://127.0.0.1:8090/nice` (`NICE_URL`).
    pub base_url: String,
    /// The client key (`NICE_CLIENT_ID`).
    pub client_id: String,
    /// The secret key (`NICE_SECRET_KEY`): it opens the door, and signs.
    pub secret_key: String,
    /// How long a call may take, answer included: above 0, at most 60 s.
    pub deadline: Duration,
}

impl fmt::Debug for NiceConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NiceConfig")
            .field("base_url", &self.base_url)
            .field("client_id", &self.client_id)
            .field("secret_key", &"***")
            .field("deadline", &self.deadline)
            .finish()
    }
}

/// NICE Payments.
pub struct NiceGateway {
    client: GatewayClient,
    authorization: String,
    key: SecretKey,
}

impl NiceGateway {
    /// The gateway of this configuration. Nothing is sent yet.
    ///
    /// # Errors
    /// The address, the deadline or a key is not usable.
    pub fn new(config: NiceConfig, link: Link) -> Result<Self, PaymentGatewaysError> {
        let is_key =
            |key: &str| !key.is_empty() && key.bytes().all(|b| b.is_ascii_graphic() && b != b':');
        if !is_key(&config.client_id) || !is_key(&config.secret_key) {
            return Err(PaymentGatewaysError::InvalidSetting {
                setting: "NICE's client and secret keys",
                bounds: "visible ASCII without a colon",
            });
        }
        let user = format!("{}:{}", config.client_id, config.secret_key);
        Ok(Self {
            client: GatewayClient::new(COMPANY, &config.base_url, config.deadline, link)?,
            authorization: format!("Basic {}", BASE64.encode(user.as_bytes())),
            key: SecretKey(config.secret_key),
        })
    }

    async fn send(&self, outgoing: Outgoing) -> Result<Answer, Trouble> {
        let outgoing = outgoing.with_header("Authorization", self.authorization.clone());
        self.client.send(&outgoing).await
    }

    /// Asks for the payment of an order number that was made on this day.
    async fn find(&self, payment_id: Uuid, day: NaiveDate) -> GatewayReply {
        let day = day.format("%Y%m%d");
        let path = format!("/v1/payments/find/{payment_id}?orderDate={day}");
        let outgoing = Outgoing::get(path, &fields::INQUIRY).about(payment_id);
        match self.send(outgoing).await {
            Ok(answer) => outcome::of_inquiry(&self.key, payment_id, &answer),
            Err(trouble) => trouble.into(),
        }
    }
}

#[async_trait]
impl PaymentGateway for NiceGateway {
    async fn confirm(&self, request: ConfirmRequest) -> GatewayReply {
        if request.currency != CURRENCY {
            return GatewayReply::Unsupported;
        }
        if !is_path_segment(&request.token) {
            // It would lead to another address, and cannot be NICE's.
            return GatewayReply::Declined {
                code: "A115".to_owned(),
                message: "TID가 유효하지 않습니다".to_owned(),
            };
        }
        let (edi_date, amount) = (edi_date(), request.amount_minor.to_string());
        let sign_data = self.key.sign(&[&request.token, &amount, &edi_date]);
        let body = json!({
            "amount": request.amount_minor, "ediDate": edi_date, "signData": sign_data,
        });
        let outgoing = Outgoing::post(
            format!("/v1/payments/{}", request.token),
            &fields::APPROVE,
            body,
        )
        .hiding(&request.token)
        .with_header("X-Request-Id", request.payment_id.to_string())
        .about(request.payment_id);
        match self.send(outgoing).await {
            Ok(answer) => outcome::of_approval(&self.key, request.payment_id, &answer),
            Err(trouble) => trouble.into(),
        }
    }

    async fn inquire(&self, payment_id: Uuid) -> GatewayReply {
        let mut reply = GatewayReply::NoRecord;
        for day in days_of(payment_id, Utc::now()) {
            reply = self.find(payment_id, day).await;
            if reply != GatewayReply::NoRecord {
                break;
            }
        }
        reply
    }

    async fn refund(&self, request: RefundRequest) -> RefundReply {
        if request.currency != CURRENCY || !is_path_segment(&request.transaction_id) {
            return RefundReply::Unsupported;
        }
        let tid = request.transaction_id.as_str();
        let body = cancellation::body_of(&request, &self.key, &edi_date());
        let outgoing = Outgoing::post(format!("/v1/payments/{tid}/cancel"), &fields::CANCEL, body)
            .hiding(tid)
            .about_refund(&request);
        let cancelled = match self.send(outgoing).await {
            Ok(answer) => cancellation::of_cancel(&self.key, &request, &answer),
            Err(trouble) => return trouble.into(),
        };
        let (code, message) = match cancelled {
            Cancelled::Reply(reply) => return reply,
            Cancelled::Already { code, message } => (code, message),
        };
        let outgoing = Outgoing::get(format!("/v1/payments/{tid}"), &fields::INQUIRY)
            .hiding(tid)
            .about_refund(&request);
        match self.send(outgoing).await {
            Ok(answer) => cancellation::of_look(&self.key, &request, &answer, code, message),
            // The cancel itself was sent, and said something else than no.
            Err(trouble) => RefundReply::unknown(trouble.reason()),
        }
    }

    fn webhook(&self, delivery: &WebhookDelivery<'_>) -> Result<WebhookNotice, WebhookRefusal> {
        webhook::notice_of(&self.key, delivery)
    }

    fn acknowledgement(&self) -> WebhookAcknowledgement {
        webhook::ACKNOWLEDGEMENT
    }

    fn circuit(&self) -> Option<CircuitState> {
        self.client.circuit()
    }
}

/// The days on which NICE may have a payment: an order number is found only under the day that it was used on.
/// A payment's id says when it was made; the buyer may have been slow about midnight. Of another kind of id,
/// today and yesterday.
fn days_of(payment_id: Uuid, now: DateTime<Utc>) -> Vec<NaiveDate> {
    let in_korea = |at: DateTime<Utc>| (at + TimeDelta::hours(KOREA_HOURS)).date_naive();
    let made_at = payment_id.get_timestamp().and_then(|timestamp| {
        let (seconds, _) = timestamp.to_unix();
        DateTime::from_timestamp(i64::try_from(seconds).ok()?, 0)
    });
    let today = in_korea(now);
    match made_at {
        Some(made_at) => {
            let day = in_korea(made_at);
            let next = day.succ_opt().filter(|next| *next <= today);
            [Some(day), next].into_iter().flatten().collect()
        }
        None => [Some(today), today.pred_opt()]
            .into_iter()
            .flatten()
            .collect(),
    }
}

/// The time of a request, ISO 8601.
fn edi_date() -> String {
    Utc::now().format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

fn is_path_segment(tid: &str) -> bool {
    (1..=TID_MAX_CHARS).contains(&tid.len())
        && tid
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payment_is_looked_for_on_the_day_that_its_id_says_and_on_the_next() {
        // 2026-11-21 23:30 in Korea.
        let seconds = 1_795_271_400;
        let made = uuid::Timestamp::from_unix(uuid::NoContext, seconds, 0);
        let id = Uuid::new_v7(made);
        let at = |minutes| {
            DateTime::from_timestamp(1_795_271_400, 0).unwrap() + TimeDelta::minutes(minutes)
        };
        let day = |d| NaiveDate::from_ymd_opt(2026, 11, d).unwrap();
        assert_eq!(days_of(id, at(1)), [day(21)]);
        assert_eq!(days_of(id, at(60)), [day(21), day(22)]);
        assert_eq!(days_of(id, at(60 * 72)), [day(21), day(22)]);
        assert_eq!(days_of(Uuid::from_u128(4), at(60)), [day(22), day(21)]);
    }

    #[test]
    fn a_tid_leads_nowhere_else() {
        assert!(is_path_segment("nicuntct1m0101210727200125A056"));
        for bad in ["", "a/b", "../x", "a?b", "a b", &"x".repeat(65)] {
            assert!(!is_path_segment(bad), "{bad}");
        }
    }
}
