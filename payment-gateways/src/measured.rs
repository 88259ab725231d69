//! Measures and logs every call, whatever the company, so that no adapter has to.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use metrics::{counter, describe_counter, describe_histogram, histogram};
use tokio::time::Instant;
use uuid::Uuid;

use crate::circuit::CircuitState;
use crate::port::{
    BillingKeyReply, ChargeBillingKeyRequest, ConfirmRequest, DeleteBillingKeyRequest,
    DeletionReply, GatewayReply, IssueBillingKeyRequest, PaymentGateway, RefundReply,
    RefundRequest, TransactionsQuery, TransactionsReply, WebhookAcknowledgement, WebhookDelivery,
    WebhookNotice, WebhookRefusal,
};

const CALLS: &str = "gateway_calls_total";
const DURATION: &str = "gateway_call_duration_seconds";

pub(crate) fn describe_metrics() {
    describe_counter!(CALLS, "Calls of payment gateways, by their outcome");
    describe_histogram!(DURATION, "How long calls of payment gateways took");
}

/// A gateway whose calls are measured and logged.
pub(crate) struct Measured {
    name: String,
    inner: Arc<dyn PaymentGateway>,
}

impl Measured {
    pub(crate) fn new(name: String, inner: Arc<dyn PaymentGateway>) -> Self {
        Self { name, inner }
    }

    fn note(&self, call: &'static str, payment_id: Uuid, heard: &Heard<'_>, took: Duration) {
        let gateway = self.name.as_str();
        let outcome = heard.outcome;
        counter!(CALLS, "gateway" => self.name.clone(), "call" => call, "outcome" => outcome)
            .increment(1);
        histogram!(DURATION, "gateway" => self.name.clone(), "call" => call)
            .record(took.as_secs_f64());
        let duration_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        if let Some(reason) = heard.unknown_because {
            tracing::warn!(
                payment.id = %payment_id, gateway.name = gateway, gateway.call = call,
                gateway.outcome = outcome, gateway.reason = reason, duration_ms,
                "gateway {gateway}: outcome of {call} of payment {payment_id} is unknown: {reason}"
            );
        } else {
            tracing::debug!(
                payment.id = %payment_id, gateway.name = gateway, gateway.call = call,
                gateway.outcome = outcome, duration_ms,
                "gateway {gateway}: {call} of payment {payment_id}: {outcome}"
            );
        }
    }
}

/// The part of a reply that is counted and logged.
struct Heard<'a> {
    outcome: &'static str,
    unknown_because: Option<&'a str>,
}

/// What every kind of reply says of itself: its kind, and why it is unknown when it is.
macro_rules! can_be_heard {
    ($($reply:ident),+) => {$(
        impl<'a> From<&'a $reply> for Heard<'a> {
            fn from(reply: &'a $reply) -> Self {
                Self {
                    outcome: reply.outcome(),
                    unknown_because: reply.unknown_because(),
                }
            }
        }
    )+};
}

can_be_heard!(
    GatewayReply,
    RefundReply,
    BillingKeyReply,
    DeletionReply,
    TransactionsReply
);

#[async_trait]
impl PaymentGateway for Measured {
    async fn confirm(&self, request: ConfirmRequest) -> GatewayReply {
        let (started, payment_id) = (Instant::now(), request.payment_id);
        let reply = self.inner.confirm(request).await;
        self.note("confirm", payment_id, &(&reply).into(), started.elapsed());
        reply
    }

    async fn inquire(&self, payment_id: Uuid) -> GatewayReply {
        let started = Instant::now();
        let reply = self.inner.inquire(payment_id).await;
        self.note("inquire", payment_id, &(&reply).into(), started.elapsed());
        reply
    }

    async fn refund(&self, request: RefundRequest) -> RefundReply {
        let (started, payment_id) = (Instant::now(), request.payment_id);
        let reply = self.inner.refund(request).await;
        self.note("refund", payment_id, &(&reply).into(), started.elapsed());
        reply
    }

    async fn issue_billing_key(&self, request: IssueBillingKeyRequest) -> BillingKeyReply {
        let (started, request_id) = (Instant::now(), request.request_id);
        let reply = self.inner.issue_billing_key(request).await;
        let took = started.elapsed();
        self.note("issue-billing-key", request_id, &(&reply).into(), took);
        reply
    }

    async fn charge_billing_key(&self, request: ChargeBillingKeyRequest) -> GatewayReply {
        let (started, payment_id) = (Instant::now(), request.payment_id);
        let reply = self.inner.charge_billing_key(request).await;
        let took = started.elapsed();
        self.note("charge-billing-key", payment_id, &(&reply).into(), took);
        reply
    }

    async fn delete_billing_key(&self, request: DeleteBillingKeyRequest) -> DeletionReply {
        let started = Instant::now();
        let reply = self.inner.delete_billing_key(request).await;
        let took = started.elapsed();
        self.note("delete-billing-key", Uuid::nil(), &(&reply).into(), took);
        reply
    }

    fn webhook(&self, delivery: &WebhookDelivery<'_>) -> Result<WebhookNotice, WebhookRefusal> {
        self.inner.webhook(delivery)
    }

    fn acknowledgement(&self) -> WebhookAcknowledgement {
        self.inner.acknowledgement()
    }

    async fn transactions(&self, query: TransactionsQuery) -> TransactionsReply {
        let started = Instant::now();
        let reply = self.inner.transactions(query).await;
        let took = started.elapsed();
        self.note("transactions", Uuid::nil(), &(&reply).into(), took);
        reply
    }

    fn circuit(&self) -> Option<CircuitState> {
        self.inner.circuit()
    }
}
