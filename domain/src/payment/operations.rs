//! What notices and operators ask of a payment.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::{InquiryCause, Payment, PaymentCommand, RequestedPayment};
use crate::ids::{PaymentId, RefundId, UserId};
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
    /// The moment.
    pub now: DateTime<Utc>,
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

/// The account that a refund goes to is known now: kept elsewhere, since it is nobody's to read in a log.
#[derive(Clone, Debug)]
pub struct NoteRefundAccount {
    /// Of which payment.
    pub payment_id: PaymentId,
    /// Which refund.
    pub refund_id: RefundId,
    /// Who tells it, if not an operator: only of their own payment.
    pub user_id: Option<UserId>,
    /// When.
    pub now: DateTime<Utc>,
}

impl Payment {
    /// A payment as it stands at this point of an operation.
    ///
    /// # Errors
    /// It was never asked for, or is not in memory.
    pub(crate) fn requested_in<'w>(
        workspace: &'w mut Workspace<'_>,
        payment_id: PaymentId,
    ) -> Result<&'w RequestedPayment, Halt> {
        let payment = workspace.read::<Self>(payment_id)?;
        Ok(payment.requested().map_err(Rejection::from)?)
    }
}

impl Operation for RequestInquiry {
    fn name(&self) -> &'static str {
        "request-inquiry"
    }

    fn streams(&self) -> Vec<StreamId> {
        vec![StreamId::of::<Payment>(self.payment_id)]
    }

    fn decide(&self, workspace: &mut Workspace<'_>) -> Result<Value, Halt> {
        let (cause, now) = (self.cause.clone(), self.now);
        let inquire = PaymentCommand::RequestInquiry { cause, now };
        workspace.execute::<Payment>(self.payment_id, inquire)?;
        let payment = Payment::requested_in(workspace, self.payment_id)?;
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

impl Operation for NoteRefundAccount {
    fn name(&self) -> &'static str {
        "note-refund-account"
    }

    fn streams(&self) -> Vec<StreamId> {
        vec![StreamId::of::<Payment>(self.payment_id)]
    }

    fn decide(&self, workspace: &mut Workspace<'_>) -> Result<Value, Halt> {
        let payment = Payment::requested_in(workspace, self.payment_id)?;
        payment
            .check_user(self.user_id.as_ref())
            .map_err(Rejection::from)?;
        let (refund_id, now) = (self.refund_id, self.now);
        let note = PaymentCommand::NoteRefundAccount { refund_id, now };
        workspace.execute::<Payment>(self.payment_id, note)?;
        Ok(json!({ "id": refund_id, "paymentId": self.payment_id, "status": "PENDING" }))
    }
}
