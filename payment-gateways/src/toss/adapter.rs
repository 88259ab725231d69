//! Speaks to Toss over HTTP.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use data_encoding::BASE64;
use serde_json::json;
use uuid::Uuid;

use super::cancellation::{self, Cancelled};
use super::{billing, fields, outcome, transactions, webhook};
use crate::circuit::CircuitState;
use crate::client::{Answer, GatewayClient, Link, Outgoing, Trouble};
use crate::error::PaymentGatewaysError;
use crate::port::{
    BillingKeyReply, ChargeBillingKeyRequest, ConfirmRequest, DeleteBillingKeyRequest,
    DeletionReply, GatewayReply, IssueBillingKeyRequest, PaymentGateway, RefundReply,
    RefundRequest, TransactionsQuery, TransactionsReply, WebhookDelivery, WebhookNotice,
    WebhookRefusal,
};

pub(super) const COMPANY: &str = "toss";
/// Toss charges other currencies through foreign wallets only, under another contract.
pub(super) const CURRENCY: &str = "KRW";
const IDEMPOTENCY_KEY: &str = "Idempotency-Key";
/// The longest key of a payment, and of a registered card.
const KEY_MAX_CHARS: usize = 200;

/// Where Toss is, and by what it knows us.
#[derive(Clone)]
pub struct TossConfig {
    /// Its address: `https://api.tosspayments.com`, or the mock's `http://127.0.0.1:8090/toss` (`TOSS_URL`).
    pub base_url: String,
    /// The secret key (`TOSS_SECRET_KEY`).
    pub secret_key: String,
    /// The keys that notices about payouts and sellers are signed with: two while they are being changed. The
    /// notices about payments are not signed by any.
    pub security_keys: Vec<String>,
    /// How long a call may take, answer included: above 0, at most 60 s.
    pub deadline: Duration,
}

impl fmt::Debug for TossConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TossConfig")
            .field("base_url", &self.base_url)
            .field("secret_key", &"***")
            .field("security_keys", &self.security_keys.len())
            .field("deadline", &self.deadline)
            .finish()
    }
}

/// Toss Payments.
pub struct TossGateway {
    client: GatewayClient,
    authorization: String,
    security_keys: Vec<String>,
}

impl TossGateway {
    /// The gateway of this configuration. Nothing is sent yet.
    ///
    /// # Errors
    /// The address, the deadline or the key is not usable.
    pub fn new(config: TossConfig, link: Link) -> Result<Self, PaymentGatewaysError> {
        if config.secret_key.is_empty() || !config.secret_key.bytes().all(|b| b.is_ascii_graphic())
        {
            return Err(PaymentGatewaysError::InvalidSetting {
                setting: "Toss's secret key",
                bounds: "visible ASCII",
            });
        }
        // The key is the user's name, and there is no password: hence the colon.
        let user = BASE64.encode(format!("{}:", config.secret_key).as_bytes());
        Ok(Self {
            client: GatewayClient::new(COMPANY, &config.base_url, config.deadline, link)?,
            authorization: format!("Basic {user}"),
            security_keys: config.security_keys,
        })
    }

    async fn send(&self, outgoing: Outgoing) -> Result<Answer, Trouble> {
        // No `Accept-Language`: the buyer is told in Korean what Toss says.
        let outgoing = outgoing.with_header("Authorization", self.authorization.clone());
        self.client.send(&outgoing).await
    }

    /// Reads a payment back by Toss's own id.
    async fn look_up(&self, request: &RefundRequest) -> Result<Answer, Trouble> {
        let path = format!("/v1/payments/{}", request.transaction_id);
        let outgoing = Outgoing::get(path, &fields::INQUIRY)
            .hiding(&request.transaction_id)
            .about_refund(request);
        self.send(outgoing).await
    }
}

#[async_trait]
impl PaymentGateway for TossGateway {
    async fn confirm(&self, request: ConfirmRequest) -> GatewayReply {
        if request.currency != CURRENCY {
            return GatewayReply::Unsupported;
        }
        let body = json!({
            "paymentKey": request.token,
            "orderId": request.payment_id,
            "amount": request.amount_minor,
        });
        let outgoing = Outgoing::post("/v1/payments/confirm", &fields::CONFIRM, body)
            .with_header(IDEMPOTENCY_KEY, request.payment_id.to_string())
            .about(request.payment_id);
        match self.send(outgoing).await {
            Ok(answer) => outcome::of_confirm(request.payment_id, &answer),
            Err(trouble) => trouble.into(),
        }
    }

    async fn inquire(&self, payment_id: Uuid) -> GatewayReply {
        let path = format!("/v1/payments/orders/{payment_id}");
        let outgoing = Outgoing::get(path, &fields::INQUIRY).about(payment_id);
        match self.send(outgoing).await {
            Ok(answer) => outcome::of_inquiry(payment_id, &answer),
            Err(trouble) => trouble.into(),
        }
    }

    async fn refund(&self, request: RefundRequest) -> RefundReply {
        if request.currency != CURRENCY || !is_path_segment(&request.transaction_id) {
            return RefundReply::Unsupported;
        }
        // A key is good for fifteen days, and another may have gone before it: nothing may go back once more.
        if request.may_be_done {
            let looked = match self.look_up(&request).await {
                Ok(answer) => cancellation::of_first_look(&request, &answer),
                Err(trouble) => Some(trouble.into()),
            };
            if let Some(reply) = looked {
                return reply;
            }
        }
        let path = format!("/v1/payments/{}/cancel", request.transaction_id);
        let body = cancellation::body_of(&request);
        let outgoing = Outgoing::post(path, &fields::CANCEL, body)
            .hiding(&request.transaction_id)
            .with_header(IDEMPOTENCY_KEY, request.key().to_string())
            .about_refund(&request);
        let cancelled = match self.send(outgoing).await {
            Ok(answer) => cancellation::of_cancel(&request, &answer),
            Err(trouble) => return trouble.into(),
        };
        match cancelled {
            Cancelled::Reply(reply) => reply,
            // Perhaps by this very refund, longer ago than Toss remembers its key: only the payment tells.
            Cancelled::Already { code, message } => match self.look_up(&request).await {
                Ok(answer) => cancellation::of_look(&request, &answer, code, message),
                Err(trouble) => RefundReply::unknown(trouble.reason()),
            },
        }
    }

    async fn issue_billing_key(&self, request: IssueBillingKeyRequest) -> BillingKeyReply {
        let path = "/v1/billing/authorizations/issue";
        let body = json!({ "authKey": request.auth_key, "customerKey": request.customer_key });
        let outgoing = Outgoing::post(path, &fields::ISSUE_BILLING_KEY, body)
            .with_header(IDEMPOTENCY_KEY, request.request_id.to_string());
        match self.send(outgoing).await {
            Ok(answer) => billing::of_issue(&request.customer_key, &answer),
            Err(trouble) => trouble.into(),
        }
    }

    async fn charge_billing_key(&self, request: ChargeBillingKeyRequest) -> GatewayReply {
        if request.currency != CURRENCY || !is_path_segment(&request.billing_key) {
            return GatewayReply::Unsupported;
        }
        let body = json!({
            "customerKey": request.customer_key,
            "orderId": request.payment_id,
            "orderName": request.order_name,
            "amount": request.amount_minor,
        });
        let path = format!("/v1/billing/{}", request.billing_key);
        let outgoing = Outgoing::post(path, &fields::CONFIRM, body)
            .hiding(&request.billing_key)
            .with_header(IDEMPOTENCY_KEY, request.payment_id.to_string())
            .about(request.payment_id);
        match self.send(outgoing).await {
            Ok(answer) => outcome::of_confirm(request.payment_id, &answer),
            Err(trouble) => trouble.into(),
        }
    }

    async fn delete_billing_key(&self, request: DeleteBillingKeyRequest) -> DeletionReply {
        if !is_path_segment(&request.billing_key) {
            return DeletionReply::Unsupported;
        }
        let path = format!("/v1/billing/{}", request.billing_key);
        let outgoing =
            Outgoing::delete(path, &fields::DELETE_BILLING_KEY).hiding(&request.billing_key);
        match self.send(outgoing).await {
            Ok(answer) => billing::of_deletion(&answer),
            Err(trouble) => trouble.into(),
        }
    }

    fn webhook(&self, delivery: &WebhookDelivery<'_>) -> Result<WebhookNotice, WebhookRefusal> {
        webhook::notice_of(delivery, &self.security_keys)
    }

    async fn transactions(&self, query: TransactionsQuery) -> TransactionsReply {
        let Some(path) = transactions::path_of(&query) else {
            return TransactionsReply::Unsupported;
        };
        let outgoing = Outgoing::get(path, &fields::TRANSACTIONS);
        match self.send(outgoing).await {
            Ok(answer) => transactions::of_list(&query, &answer),
            Err(trouble) => trouble.into(),
        }
    }

    fn circuit(&self) -> Option<CircuitState> {
        self.client.circuit()
    }
}

/// A key becomes part of a path, so it may not lead elsewhere: Toss's keys are letters, digits, `-`, `_`, `=`.
pub(super) fn is_path_segment(key: &str) -> bool {
    (1..=KEY_MAX_CHARS).contains(&key.len())
        && key
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'='))
}
