//! What the gateway said about a refund, taken into payment, order, stock, coupon and points at once.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::policy::RetrySchedule;
use super::refund_payment::give_back;
use crate::ids::{PaymentId, RefundId};
use crate::payment::{Payment, PaymentCommand};
use crate::streams::StreamId;
use crate::workspace::{Halt, Operation, Workspace};

/// What a gateway said about a refund.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RefundAnswer {
    /// The money went back.
    Done,
    /// It did not answer, or said nothing definite: it is asked again under the same key.
    NotDone {
        /// Why.
        reason: String,
    },
    /// It refused: it is asked again, since the money is owed whatever it says, under another key.
    Refused {
        /// Its code.
        code: String,
        /// The round of the key that it refused. Asked twice under one key it says the same twice, and that is one
        /// refusal.
        round: u32,
    },
}

/// Take the gateway's answer to a refund in.
#[derive(Clone, Debug)]
pub struct SettleRefund {
    /// Of which payment.
    pub payment_id: PaymentId,
    /// Which refund.
    pub refund_id: RefundId,
    /// What the gateway said.
    pub answer: RefundAnswer,
    /// When.
    pub now: DateTime<Utc>,
    /// When it is tried again.
    pub attempts: RetrySchedule,
}

impl Operation for SettleRefund {
    fn name(&self) -> &'static str {
        "settle-refund"
    }

    fn streams(&self) -> Vec<StreamId> {
        vec![StreamId::of::<Payment>(self.payment_id)]
    }

    fn decide(&self, workspace: &mut Workspace<'_>) -> Result<Value, Halt> {
        let refund_id = self.refund_id;
        let command = match &self.answer {
            RefundAnswer::Done => PaymentCommand::CompleteRefund { refund_id },
            RefundAnswer::NotDone { reason } => self.delay(workspace, reason.clone(), None)?,
            RefundAnswer::Refused { code, round } => {
                self.delay(workspace, format!("REFUSED_{code}"), Some(*round))?
            }
        };
        workspace.execute::<Payment>(self.payment_id, command)?;
        if self.answer == RefundAnswer::Done {
            let order_id = Payment::requested_in(workspace, self.payment_id)?.order_id;
            // One that the order never asked for (it was cancelled, or the charge was late or wrong) is
            // unknown to it.
            give_back(workspace, order_id, refund_id)?;
        }
        Ok(json!({ "id": self.payment_id, "refundId": refund_id }))
    }
}

impl SettleRefund {
    fn delay(
        &self,
        workspace: &mut Workspace<'_>,
        reason: String,
        refused_round: Option<u32>,
    ) -> Result<PaymentCommand, Halt> {
        let payment = Payment::requested_in(workspace, self.payment_id)?;
        let refund = payment.refund(self.refund_id);
        let made = refund.map_or(0, |refund| refund.attempts);
        let refused = refund.is_some_and(|refund| refused_round == Some(refund.key_round));
        Ok(PaymentCommand::DelayRefund {
            refund_id: self.refund_id,
            reason,
            refused,
            next_attempt_at: self.attempts.next(made.saturating_add(1), self.now),
        })
    }
}
