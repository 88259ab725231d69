//! How events change a payment.

use super::events::{
    ACCOUNT_GIVEN, AMOUNT_MISMATCH, InquiryCause, NO_RECORD, PaymentEvent, RETRY_REQUESTED,
};
use super::state::{Capture, Deposit, PaymentState, PaymentStatus, Refund, RequestedPayment};
use crate::ids::RefundId;

impl PaymentState {
    /// Folds one event in.
    pub(super) fn evolve(&mut self, event: &PaymentEvent) {
        if let PaymentEvent::PaymentRequested {
            order_id,
            user_id,
            amount,
            gateway,
            token,
            method_id,
        } = event
        {
            self.0 = Some(RequestedPayment {
                order_id: *order_id,
                user_id: user_id.clone(),
                amount: *amount,
                gateway: gateway.clone(),
                token: token.clone(),
                method_id: *method_id,
                status: PaymentStatus::Pending,
                failure_code: None,
                inquiries: 0,
                no_record: false,
                next_inquiry_at: None,
                capture: None,
                refunds: Vec::new(),
                deposit: None,
                review: None,
                notices: 0,
                last_notice: None,
                follow_up_at: None,
                revision: 0,
            });
        }
        if let Some(payment) = self.0.as_mut() {
            payment.evolve(event);
        }
    }
}

impl RequestedPayment {
    fn evolve(&mut self, event: &PaymentEvent) {
        let is_asked_again = matches!(
            event,
            PaymentEvent::PaymentInquiryRequested {
                cause: InquiryCause::Overtaken {},
                ..
            }
        );
        self.revision = self.revision.saturating_add(u32::from(!is_asked_again));
        match event {
            PaymentEvent::PaymentRequested { .. } => {}
            PaymentEvent::PaymentOutcomeUnknown {
                reason,
                inquiries,
                next_inquiry_at,
                ..
            } => {
                self.status = PaymentStatus::Unknown;
                self.failure_code = None;
                self.inquiries = *inquiries;
                self.no_record = reason == NO_RECORD;
                self.next_inquiry_at = *next_inquiry_at;
            }
            PaymentEvent::PaymentSucceeded {
                amount,
                gateway_transaction_id,
                ..
            } => {
                self.status = PaymentStatus::Succeeded;
                self.failure_code = None;
                self.next_inquiry_at = None;
                self.capture = Some(Capture {
                    amount: *amount,
                    gateway_transaction_id: gateway_transaction_id.clone(),
                });
            }
            PaymentEvent::PaymentFailed { code, .. } => {
                self.status = PaymentStatus::Failed;
                self.failure_code = Some(code.clone());
                self.next_inquiry_at = None;
            }
            PaymentEvent::PaymentMismatched {
                charged,
                gateway_transaction_id,
                ..
            } => {
                self.status = PaymentStatus::Failed;
                self.failure_code = Some(AMOUNT_MISMATCH.to_owned());
                self.next_inquiry_at = None;
                self.capture = Some(Capture {
                    amount: *charged,
                    gateway_transaction_id: gateway_transaction_id.clone(),
                });
            }
            PaymentEvent::PaymentRefundRequested {
                refund_id,
                amount,
                reason,
                ..
            } => {
                self.refunds.push(Refund {
                    refund_id: *refund_id,
                    amount: *amount,
                    reason: *reason,
                    attempts: 0,
                    next_attempt_at: None,
                    key_round: 0,
                    account_told: false,
                    done: false,
                });
            }
            PaymentEvent::PaymentRefundDelayed {
                refund_id,
                reason,
                attempts,
                next_attempt_at,
                refused,
            } => {
                if let Some(refund) = self.refund_mut(*refund_id) {
                    refund.attempts = *attempts;
                    refund.next_attempt_at = *next_attempt_at;
                    let is_new_round = *refused || reason == RETRY_REQUESTED;
                    refund.key_round = refund.key_round.saturating_add(u32::from(is_new_round));
                    refund.account_told |= reason == ACCOUNT_GIVEN;
                }
            }
            PaymentEvent::PaymentRefunded {
                refund_id,
                reason,
                others_remain,
                ..
            } => {
                if let Some(refund) = self.refund_mut(*refund_id) {
                    refund.done = true;
                }
                let money_is_back = self.less_refunds(|refund| refund.done).is_zero();
                self.status = reason.status_after(money_is_back && !others_remain);
            }
            PaymentEvent::PaymentDepositAwaited {
                account,
                inquiries,
                next_inquiry_at,
                ..
            } => {
                self.status = PaymentStatus::Pending;
                self.failure_code = None;
                // An answer at last: what is unanswered from now on is counted anew.
                self.inquiries = 0;
                self.no_record = false;
                self.next_inquiry_at = Some(*next_inquiry_at);
                self.deposit = Some(Deposit {
                    account: account.clone(),
                    inquiries: *inquiries,
                });
            }
            PaymentEvent::PaymentInquiryRequested { cause, due_at, .. } => match cause {
                InquiryCause::Notice(notice) => {
                    self.notices = self.notices.saturating_add(1);
                    self.last_notice = Some(notice.notice_id.clone());
                    self.follow_up_at = *due_at;
                }
                InquiryCause::Operator {} | InquiryCause::Overtaken {} => {}
            },
            PaymentEvent::PaymentReviewRequired { reason, .. } => self.review = Some(*reason),
        }
    }

    fn refund_mut(&mut self, refund_id: RefundId) -> Option<&mut Refund> {
        let mut refunds = self.refunds.iter_mut();
        refunds.find(|refund| refund.refund_id == refund_id)
    }
}
