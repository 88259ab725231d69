//! Answers that contradict what is known of a charge: nothing is undone for them, and a person must look.

use super::settle_payment::SettlePayment;
use crate::money::Money;
use crate::payment::{
    InquiryCause, Payment, PaymentCommand, PaymentStatus, RequestedPayment, ReviewReason,
};
use crate::workspace::{Halt, Workspace};

impl SettlePayment {
    /// The gateway says that it charged: what is wrong with that, if a charge is known.
    pub(super) fn contradiction(
        &self,
        workspace: &mut Workspace<'_>,
        gateway_transaction_id: &str,
        charged: Money,
    ) -> Result<Option<ReviewReason>, Halt> {
        let payment = Payment::requested_in(workspace, self.payment_id)?;
        Ok(differs(payment, gateway_transaction_id, charged))
    }

    /// The gateway says that it gave the charge back, in whole or in part: by the shop's own refunds, also by those
    /// whose answer has not come, or by somebody else.
    pub(super) fn given_back(
        &self,
        workspace: &mut Workspace<'_>,
        gateway_transaction_id: &str,
        charged: Money,
        left: Money,
    ) -> Result<(), Halt> {
        let behind_our_back = ReviewReason::RefundedAtGateway;
        let payment = Payment::requested_in(workspace, self.payment_id)?;
        if payment.capture.is_none() {
            // It must not pay an order.
            self.review(workspace, behind_our_back, Some(left))?;
            return self.unknown(workspace, behind_our_back.as_str());
        }
        if let Some(reason) = differs(payment, gateway_transaction_id, charged) {
            return self.review(workspace, reason, Some(charged));
        }
        if left.amount() < payment.left().amount() {
            return self.review(workspace, behind_our_back, Some(left));
        }
        Ok(())
    }

    /// The gateway says that it charged: whether it may have given that back since, as it does with a deposit and as it
    /// said of a payment that a person must look at. Then it must not pay an order.
    pub(super) fn may_be_taken_back(&self, workspace: &mut Workspace<'_>) -> Result<bool, Halt> {
        let payment = Payment::requested_in(workspace, self.payment_id)?;
        let is_in_doubt = payment.deposit.is_some() || payment.review.is_some();
        Ok(is_in_doubt && payment.capture.is_none() && self.is_overtaken(payment))
    }

    /// Whether something happened since the gateway was asked.
    pub(super) fn is_overtaken(&self, payment: &RequestedPayment) -> bool {
        payment.revision > self.asked_at
    }

    /// The answer may be out of date.
    pub(super) fn ask_again(&self, workspace: &mut Workspace<'_>) -> Result<(), Halt> {
        let ask_again = PaymentCommand::RequestInquiry {
            cause: InquiryCause::Overtaken {},
            now: self.now,
        };
        workspace.execute::<Payment>(self.payment_id, ask_again)
    }

    /// The gateway says that it did not charge: whether it had said otherwise.
    pub(super) fn is_denied(&self, workspace: &mut Workspace<'_>) -> Result<bool, Halt> {
        let payment = Payment::requested_in(workspace, self.payment_id)?;
        Ok(match payment.status {
            PaymentStatus::Succeeded | PaymentStatus::PartiallyRefunded => true,
            PaymentStatus::Pending
            | PaymentStatus::Unknown
            | PaymentStatus::Failed
            | PaymentStatus::Cancelled
            | PaymentStatus::Refunded => false,
        })
    }

    pub(super) fn doubtful(
        &self,
        workspace: &mut Workspace<'_>,
        review: ReviewReason,
        reason: &str,
    ) -> Result<(), Halt> {
        self.review(workspace, review, None)?;
        self.unknown(workspace, reason)
    }

    pub(super) fn review(
        &self,
        workspace: &mut Workspace<'_>,
        reason: ReviewReason,
        amount: Option<Money>,
    ) -> Result<(), Halt> {
        let review = PaymentCommand::RequireReview { reason, amount };
        workspace.execute::<Payment>(self.payment_id, review)
    }
}

fn differs(
    payment: &RequestedPayment,
    gateway_transaction_id: &str,
    charged: Money,
) -> Option<ReviewReason> {
    let capture = payment.capture.as_ref()?;
    if capture.gateway_transaction_id != gateway_transaction_id {
        Some(ReviewReason::ChargedTwice)
    } else if capture.amount != charged {
        Some(ReviewReason::ChargeChanged)
    } else {
        None
    }
}
