//! What notices and operators ask of a payment.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::{InquiryCause, Payment, PaymentCommand};
use crate::ids::{PaymentId, RefundId};
use crate::rejection::Rejection;
use crate::streams::StreamId;
use crate::workspace::{Halt, Operation, Workspace};

/// Have the gateway asked about a payment now.
#[derive(Clone, Debug)]
pub struct RequestInquiry {
    /// Which payment.
    pub payment_id: PaymentId,
    /// Why.
    pub cause: InquiryCause,
}

/// Have a refund tried again whose schedule is over.
#[derive(Clone, Debug)]
pub struct RetryRefund {
    /// Of which payment.
    pub payment_id: PaymentId,
    /// Which refund.
    pub refund_id: RefundId,
    /// When.
    pub now: DateTime<Utc>,
}

impl Operation for RequestInquiry {
    fn name(&self) -> &'static str {
        "request-inquiry"
    }

    fn streams(&self) -> Vec<StreamId> {
        vec![StreamId::of::<Payment>(self.payment_id)]
    }

    fn decide(&self, workspace: &mut Workspace<'_>) -> Result<Value, Halt> {
        let cause = self.cause.clone();
        workspace.execute::<Payment>(self.payment_id, PaymentCommand::RequestInquiry { cause })?;
        let payment = workspace.read::<Payment>(self.payment_id)?;
        let payment = payment.requested().map_err(Rejection::from)?;
        Ok(json!({ "id": self.payment_id, "status": payment.status }))
    }
}

impl Operation for RetryRefund {
    fn name(&self) -> &'static str {
        "retry-refund"
    }

    fn streams(&self) -> Vec<StreamId> {
        vec![StreamId::of::<Payment>(self.payment_id)]
    }

    fn decide(&self, workspace: &mut Workspace<'_>) -> Result<Value, Halt> {
        let (refund_id, now) = (self.refund_id, self.now);
        let retry = PaymentCommand::RetryRefund { refund_id, now };
        workspace.execute::<Payment>(self.payment_id, retry)?;
        Ok(json!({ "id": refund_id, "paymentId": self.payment_id, "status": "PENDING" }))
    }
}
