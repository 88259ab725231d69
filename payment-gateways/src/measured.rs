//! Measures and logs every call, whatever the company, so that no adapter has to.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use metrics::{counter, describe_counter, describe_histogram, histogram};
use tokio::time::Instant;
use uuid::Uuid;

use crate::port::{ConfirmRequest, GatewayReply, PaymentGateway, RefundReply, RefundRequest};

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

impl<'a> From<&'a GatewayReply> for Heard<'a> {
    fn from(reply: &'a GatewayReply) -> Self {
        let unknown_because = match reply {
            GatewayReply::Unknown { reason } => Some(reason.as_str()),
            GatewayReply::Approved { .. }
            | GatewayReply::Declined { .. }
            | GatewayReply::NoRecord => None,
        };
        Self {
            outcome: reply.outcome(),
            unknown_because,
        }
    }
}

impl<'a> From<&'a RefundReply> for Heard<'a> {
    fn from(reply: &'a RefundReply) -> Self {
        let unknown_because = match reply {
            RefundReply::Unknown { reason } => Some(reason.as_str()),
            RefundReply::Done { .. } | RefundReply::Refused { .. } => None,
        };
        Self {
            outcome: reply.outcome(),
            unknown_because,
        }
    }
}

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
}
