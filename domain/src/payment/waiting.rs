//! What a payment waits for beside its gateway's first word: a deposit, an answer out of turn, a person.

use chrono::{DateTime, Duration, Utc};

use super::events::{DepositAccount, GatewayNotice, InquiryCause, PaymentEvent, ReviewReason};
use super::state::{PaymentStatus, RequestedPayment};
use crate::money::Money;

/// So many notices of one payment are followed up at once: a gateway tells of each change and repeats itself some
/// ten times. Where it signs nothing anybody can send one, so what comes beyond is followed up together.
const PROMPT_NOTICES_MAX: u32 = 32;
/// So many wait for [`FOLLOW_UP_AFTER`], and those beyond for [`LATE_FOLLOW_UP_AFTER`].
const PUT_OFF_NOTICES_MAX: u32 = 64;
const FOLLOW_UP_AFTER: Duration = Duration::minutes(10);
const LATE_FOLLOW_UP_AFTER: Duration = Duration::hours(1);
/// How far the clocks of two processes may be apart: an inquiry that is due sooner may have been made already.
const CLOCKS_APART_MAX: Duration = Duration::minutes(1);

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
    now: DateTime<Utc>,
) -> Vec<PaymentEvent> {
    let (is_wanted, due_at) = match &cause {
        InquiryCause::Notice(notice) => (
            payment.wants_inquiry(notice, now),
            payment.put_off_until(now),
        ),
        // One that cost nothing never went to a gateway.
        InquiryCause::Operator {} | InquiryCause::Overtaken {} => (!payment.amount.is_zero(), None),
    };
    if !is_wanted {
        return vec![];
    }
    vec![PaymentEvent::PaymentInquiryRequested {
        order_id: payment.order_id,
        cause,
        due_at,
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
    /// Whether a notice makes the gateway be asked: a new one, of a payment whose state it may change, unless an
    /// inquiry is still to come that will see what this one tells of. A payment by card that is charged as the
    /// notice says is not asked about again, or every charge would cost an inquiry; one by bank transfer is, since
    /// a deposit can be taken back.
    ///
    /// New is one that is not the last again. Of a deposit that has come every one counts: a company whose notices have
    /// no ids says the same of an account that is empty and of one that is empty once more, and the first of these may
    /// come behind the one of the deposit.
    #[must_use]
    pub fn wants_inquiry(&self, notice: &GatewayNotice, now: DateTime<Utc>) -> bool {
        let is_to_come = self
            .follow_up_at
            .is_some_and(|at| at - now > CLOCKS_APART_MAX);
        if self.amount.is_zero() || is_to_come {
            return false;
        }
        let is_new = self.last_notice.as_ref() != Some(&notice.notice_id);
        match self.status {
            PaymentStatus::Pending | PaymentStatus::Unknown | PaymentStatus::Failed => is_new,
            PaymentStatus::Succeeded if self.deposit.is_some() => true,
            PaymentStatus::Succeeded => is_new && self.differs_from(notice),
            // The money is going back or is back: each such step has a notice of its own.
            PaymentStatus::Cancelled
            | PaymentStatus::PartiallyRefunded
            | PaymentStatus::Refunded => is_new && self.differs_from(notice),
        }
    }

    /// When the gateway is asked for a notice that comes now, if not at once.
    fn put_off_until(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let wait = match self.notices {
            0..PROMPT_NOTICES_MAX => return None,
            PROMPT_NOTICES_MAX..PUT_OFF_NOTICES_MAX => FOLLOW_UP_AFTER,
            PUT_OFF_NOTICES_MAX.. => LATE_FOLLOW_UP_AFTER,
        };
        now.checked_add_signed(wait)
    }

    /// Whether a notice says something of the charge that is not known: another amount, another currency, or less
    /// left of it than the shop's own refunds leave, done or under way.
    fn differs_from(&self, notice: &GatewayNotice) -> bool {
        let charged = self
            .capture
            .as_ref()
            .map_or(self.amount, |capture| capture.amount);
        let is_other_amount = notice
            .amount
            .is_some_and(|amount| amount != charged.amount());
        let is_other_currency = notice
            .currency
            .as_deref()
            .is_some_and(|currency| currency != charged.currency().code());
        let is_less_left = notice.left.is_some_and(|left| left < self.left().amount());
        is_other_amount || is_other_currency || is_less_left
    }
}
