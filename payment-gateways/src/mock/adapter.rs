//! Speaks to the mock company over HTTP, as one would to a real one.

use std::time::Duration;

use async_trait::async_trait;
use serde_json::json;
use uuid::Uuid;

use super::{answers, webhook};
use crate::circuit::CircuitState;
use crate::client::{GatewayClient, Link, Outgoing};
use crate::error::PaymentGatewaysError;
use crate::exchange::CallFields;
use crate::port::{
    ConfirmRequest, GatewayReply, PaymentGateway, RefundReply, RefundRequest, WebhookDelivery,
    WebhookNotice, WebhookRefusal,
};

/// How long a call may take when nothing else is configured: what Toss grants a webhook, and longer than any
/// healthy gateway needs.
const DEADLINE_DEFAULT_SECONDS: u64 = 10;
const IDEMPOTENCY_KEY: &str = "Idempotency-Key";

/// Where the mock is and how long it is waited for.
#[derive(Clone, Debug)]
pub struct MockGatewayConfig {
    /// Its address, such as `http://127.0.0.1:8090` (`MOCK_GATEWAY_URL`).
    pub base_url: String,
    /// How long a call may take, answer included: above 0, at most 60 s.
    pub deadline: Duration,
}

impl MockGatewayConfig {
    /// The mock at this address, with the usual deadline of 10 s.
    #[must_use]
    pub fn new(base_url: impl Into<String>) -> Self {
        Self {
            base_url: base_url.into(),
            deadline: Duration::from_secs(DEADLINE_DEFAULT_SECONDS),
        }
    }
}

/// The mock company's gateway.
#[derive(Clone)]
pub struct MockGateway {
    client: GatewayClient,
}

impl MockGateway {
    /// The gateway of this configuration, watched by nobody. Nothing is sent yet.
    ///
    /// # Errors
    /// The address or the deadline is not usable.
    pub fn new(config: &MockGatewayConfig) -> Result<Self, PaymentGatewaysError> {
        Self::linked(config, Link::bare())
    }

    /// The gateway of this configuration, with what watches over its calls.
    ///
    /// # Errors
    /// The address or the deadline is not usable.
    pub fn linked(config: &MockGatewayConfig, link: Link) -> Result<Self, PaymentGatewaysError> {
        let client = GatewayClient::new("mock", &config.base_url, config.deadline, link)?;
        Ok(Self { client })
    }
}

/// What of a charge may be known: not its token.
const CONFIRM: CallFields = CallFields {
    request: &["orderId", "amount", "currency"],
    response: &[&PAYMENT_FIELDS, &FAILURE_FIELDS],
};
const INQUIRY: CallFields = CallFields {
    request: &[],
    response: &[&PAYMENT_FIELDS, &FAILURE_FIELDS],
};
const REFUND: CallFields = CallFields {
    request: &["transactionId", "amount", "currency", "reason"],
    response: &[&REFUND_FIELDS, &FAILURE_FIELDS],
};
const PAYMENT_FIELDS: [&str; 9] = [
    "paymentId",
    "orderId",
    "status",
    "transactionId",
    "amount",
    "refundedAmount",
    "currency",
    "createdAt",
    "updatedAt",
];
const REFUND_FIELDS: [&str; 2] = ["refundId", "transactionId"];
const FAILURE_FIELDS: [&str; 2] = ["code", "message"];

#[async_trait]
impl PaymentGateway for MockGateway {
    async fn confirm(&self, request: ConfirmRequest) -> GatewayReply {
        let body = json!({
            "orderId": request.order_id,
            "amount": request.amount_minor,
            "currency": request.currency,
            "token": request.token,
        });
        let outgoing = Outgoing::post("/v1/payments/confirm", &CONFIRM, body)
            .with_header(IDEMPOTENCY_KEY, request.payment_id.to_string())
            .about(request.payment_id);
        match self.client.send(&outgoing).await {
            Ok(answer) => answers::of_confirm(request.payment_id, request.order_id, &answer),
            Err(trouble) => trouble.into(),
        }
    }

    async fn inquire(&self, payment_id: Uuid) -> GatewayReply {
        let path = format!("/v1/payments/{payment_id}");
        let outgoing = Outgoing::get(path, &INQUIRY).about(payment_id);
        match self.client.send(&outgoing).await {
            Ok(answer) => answers::of_inquiry(payment_id, &answer),
            Err(trouble) => trouble.into(),
        }
    }

    async fn refund(&self, request: RefundRequest) -> RefundReply {
        let body = json!({
            "transactionId": request.transaction_id,
            "amount": request.amount_minor,
            "currency": request.currency,
            "reason": request.reason,
        });
        let path = format!("/v1/payments/{}/refunds", request.payment_id);
        let outgoing = Outgoing::post(path, &REFUND, body)
            .with_header(IDEMPOTENCY_KEY, request.refund_id.to_string())
            .about_refund(&request);
        match self.client.send(&outgoing).await {
            Ok(answer) => answers::of_refund(&request, &answer),
            Err(trouble) => trouble.into(),
        }
    }

    fn webhook(&self, delivery: &WebhookDelivery<'_>) -> Result<WebhookNotice, WebhookRefusal> {
        webhook::notice_of(delivery)
    }

    fn circuit(&self) -> Option<CircuitState> {
        self.client.circuit()
    }
}
