//! What a payment waits for beside its gateway's first word: a deposit, an answer out of turn, a person.

use chrono::{DateTime, Utc};

use super::events::{DepositAccount, GatewayNotice, InquiryCause, PaymentEvent, ReviewReason};
use super::state::{PaymentStatus, RequestedPayment};
use crate::money::Money;

/// The most notices that one payment is asked about for: a gateway tells of each change and repeats itself
/// some ten times; what comes beyond is asked about on the schedule alone.
const NOTICES_MAX: u32 = 32;

pub(super) fn await_deposit(
    payment: &RequestedPayment,
    amount: Money,
    gateway_transaction_id: String,
    account: DepositAccount,
    next_inquiry_at: DateTime<Utc>,
) -> Vec<PaymentEvent> {
    match payment.status {
        PaymentStatus::Pending | PaymentStatus::Unknown => {}
        PaymentStatus::Failed if payment.was_given_up() => {}
        // What is known stays known.
        PaymentStatus::Failed
        | PaymentStatus::Succeeded
        | PaymentStatus::Cancelled
        | PaymentStatus::PartiallyRefunded
        | PaymentStatus::Refunded => return vec![],
    }
    let before = payment.deposit.as_ref();
    let inquiries = before.map_or(0, |deposit| deposit.inquiries.saturating_add(1));
    vec![PaymentEvent::PaymentDepositAwaited {
        order_id: payment.order_id,
        user_id: payment.user_id.clone(),
        amount,
        gateway_transaction_id,
        account,
        inquiries,
        next_inquiry_at,
    }]
}

pub(super) fn request_inquiry(
    payment: &RequestedPayment,
    cause: InquiryCause,
) -> Vec<PaymentEvent> {
    let is_wanted = match &cause {
        InquiryCause::Notice(notice) => payment.wants_inquiry(notice),
        // One that cost nothing never went to a gateway.
        InquiryCause::Operator {} => !payment.amount.is_zero(),
    };
    if !is_wanted {
        return vec![];
    }
    vec![PaymentEvent::PaymentInquiryRequested {
        order_id: payment.order_id,
        cause,
    }]
}

pub(super) fn require_review(
    payment: &RequestedPayment,
    reason: ReviewReason,
    amount: Option<Money>,
) -> Vec<PaymentEvent> {
    if payment.review == Some(reason) {
        return vec![];
    }
    vec![PaymentEvent::PaymentReviewRequired {
        order_id: payment.order_id,
        reason,
        amount,
    }]
}

impl RequestedPayment {
    /// Whether a notice makes the gateway be asked: a new one, while there are not too many, of a payment whose
    /// state it may change. A payment by card that is charged as the notice says is not asked about again, or
    /// every charge would cost an inquiry; one by bank transfer is, since a deposit can be taken back.
    ///
    /// New is one that is not the last again: a company whose notices have no ids says the same of an account
    /// that is empty and of one that is empty once more.
    #[must_use]
    pub fn wants_inquiry(&self, notice: &GatewayNotice) -> bool {
        if self.amount.is_zero()
            || self.notices >= NOTICES_MAX
            || self.last_notice.as_ref() == Some(&notice.notice_id)
        {
            return false;
        }
        match self.status {
            PaymentStatus::Pending | PaymentStatus::Unknown | PaymentStatus::Failed => true,
            PaymentStatus::Succeeded => self.deposit.is_some() || self.differs_from(notice),
            // The money is going back or is back: each such step has a notice of its own.
            PaymentStatus::Cancelled
            | PaymentStatus::PartiallyRefunded
            | PaymentStatus::Refunded => false,
        }
    }

    fn differs_from(&self, notice: &GatewayNotice) -> bool {
        let charged = self
            .capture
            .as_ref()
            .map_or(self.amount, |capture| capture.amount);
        let other_amount = notice
            .amount
            .is_some_and(|amount| amount != charged.amount());
        let currency = notice.currency.as_deref();
        other_amount || currency.is_some_and(|currency| currency != charged.currency().code())
    }
}
