//! Speaks to the mock company over HTTP, as one would to a real one.

use std::time::Duration;

use async_trait::async_trait;
use serde::Serialize;
use uuid::Uuid;

use super::answers;
use crate::client::{Answer, GatewayClient, Trouble};
use crate::error::PaymentGatewaysError;
use crate::port::{ConfirmRequest, GatewayReply, PaymentGateway, RefundReply, RefundRequest};

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
#[derive(Clone, Debug)]
pub struct MockGateway {
    client: GatewayClient,
}

impl MockGateway {
    /// The gateway of this configuration. Nothing is sent yet.
    ///
    /// # Errors
    /// The address or the deadline is not usable.
    pub fn new(config: &MockGatewayConfig) -> Result<Self, PaymentGatewaysError> {
        let client = GatewayClient::new(&config.base_url, config.deadline)?;
        Ok(Self { client })
    }

    async fn post<B: Serialize>(&self, path: &str, key: Uuid, body: &B) -> Result<Answer, Trouble> {
        let request = self.client.post(path);
        let request = request.header(IDEMPOTENCY_KEY, key.to_string()).json(body);
        self.client.send(request).await
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ConfirmBody<'a> {
    order_id: Uuid,
    amount: i64,
    currency: &'a str,
    token: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RefundBody<'a> {
    transaction_id: &'a str,
    amount: i64,
    currency: &'a str,
    reason: &'a str,
}

#[async_trait]
impl PaymentGateway for MockGateway {
    async fn confirm(&self, request: ConfirmRequest) -> GatewayReply {
        let body = ConfirmBody {
            order_id: request.order_id,
            amount: request.amount_minor,
            currency: &request.currency,
            token: &request.token,
        };
        let path = "/v1/payments/confirm";
        match self.post(path, request.payment_id, &body).await {
            Ok(answer) => answers::of_confirm(request.payment_id, request.order_id, &answer),
            Err(trouble) => GatewayReply::unknown(trouble.reason()),
        }
    }

    async fn inquire(&self, payment_id: Uuid) -> GatewayReply {
        let request = self.client.get(&format!("/v1/payments/{payment_id}"));
        match self.client.send(request).await {
            Ok(answer) => answers::of_inquiry(payment_id, &answer),
            Err(trouble) => GatewayReply::unknown(trouble.reason()),
        }
    }

    async fn refund(&self, request: RefundRequest) -> RefundReply {
        let body = RefundBody {
            transaction_id: &request.transaction_id,
            amount: request.amount_minor,
            currency: &request.currency,
            reason: &request.reason,
        };
        let path = format!("/v1/payments/{}/refunds", request.payment_id);
        match self.post(&path, request.refund_id, &body).await {
            Ok(answer) => answers::of_refund(&request, &answer),
            Err(trouble) => RefundReply::unknown(trouble.reason()),
        }
    }
}
