//! What the rules of a payment need to know of it.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::error::PaymentError;
use super::events::{DEPOSIT_EXPIRED, DepositAccount, NO_RECORD, RefundReason, ReviewReason};
use crate::ids::{OrderId, PaymentMethodId, RefundId, UserId};
use crate::money::Money;

/// Where a payment stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum PaymentStatus {
    /// Asked for, not answered.
    Pending,
    /// Nobody knows whether the gateway charged.
    Unknown,
    /// Charged.
    Succeeded,
    /// Not charged, or charged wrongly.
    Failed,
    /// Charged, and given back because the order was cancelled.
    Cancelled,
    /// Charged, and a part of it given back.
    PartiallyRefunded,
    /// Charged, and all of it given back: because it came too late or was wrong, or because somebody asked.
    Refunded,
}

impl PaymentStatus {
    /// As in the API.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "PENDING",
            Self::Unknown => "UNKNOWN",
            Self::Succeeded => "SUCCEEDED",
            Self::Failed => "FAILED",
            Self::Cancelled => "CANCELLED",
            Self::PartiallyRefunded => "PARTIALLY_REFUNDED",
            Self::Refunded => "REFUNDED",
        }
    }
}

impl fmt::Display for PaymentStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A payment as its events made it; empty before it was requested.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PaymentState(pub(super) Option<RequestedPayment>);

/// A payment that was asked for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RequestedPayment {
    /// For which order.
    pub order_id: OrderId,
    /// Who pays.
    pub user_id: UserId,
    /// How much was asked for.
    pub amount: Money,
    /// Through which gateway.
    pub gateway: String,
    /// What the gateway gave the buyer's browser.
    pub token: String,
    /// The saved payment method that is charged instead.
    pub method_id: Option<PaymentMethodId>,
    /// Where it stands.
    pub status: PaymentStatus,
    /// Why it failed.
    pub failure_code: Option<String>,
    /// How many times its outcome was found unknown.
    pub inquiries: u32,
    /// Whether the last inquiry found that the gateway has no record of it.
    pub no_record: bool,
    /// When it is asked next.
    pub next_inquiry_at: Option<DateTime<Utc>>,
    /// What the gateway charged.
    pub capture: Option<Capture>,
    /// What is to go back or has gone back, oldest first.
    pub refunds: Vec<Refund>,
    /// Where the buyer is to pay into, or did.
    pub deposit: Option<Deposit>,
    /// Why a person must look at it.
    pub review: Option<ReviewReason>,
    /// For how many notices it was asked about.
    pub notices: u32,
    /// The last of them.
    pub last_notice: Option<String>,
    /// When it is asked about for the last of them, if that was put off.
    pub follow_up_at: Option<DateTime<Utc>>,
    /// How many times something happened to it: an answer that was asked for before the last may be out of date.
    /// That an answer was, and is asked for again, does not count.
    pub revision: u32,
}

/// An account that the buyer is to pay into.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deposit {
    /// Where to, and until when.
    pub account: DepositAccount,
    /// How many times it was found empty.
    pub inquiries: u32,
}

/// What a gateway charged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Capture {
    /// How much.
    pub amount: Money,
    /// The gateway's own id of the charge.
    pub gateway_transaction_id: String,
}

/// A refund, done or under way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refund {
    /// Its id: the gateway's idempotency key, until it refuses.
    pub refund_id: RefundId,
    /// How much.
    pub amount: Money,
    /// Why.
    pub reason: RefundReason,
    /// How many attempts were made.
    pub attempts: u32,
    /// When it is tried next, after a failed attempt.
    pub next_attempt_at: Option<DateTime<Utc>>,
    /// The round of its key: another after each refusal, which is the gateway's last word on a key, and after each
    /// schedule, since companies forget keys.
    pub key_round: u32,
    /// Whether an account was told that it can go to.
    pub account_told: bool,
    /// Whether the money went back.
    pub done: bool,
}

impl PaymentState {
    /// The payment, if it was requested.
    ///
    /// # Errors
    /// There is no such payment.
    pub fn requested(&self) -> Result<&RequestedPayment, PaymentError> {
        self.0.as_ref().ok_or(PaymentError::NotFound)
    }
}

impl RequestedPayment {
    /// Whether it failed only because the gateway had no record of it, or no deposit. It never said that none
    /// will come: it is asked once more, later.
    #[must_use]
    pub fn was_given_up(&self) -> bool {
        self.status == PaymentStatus::Failed
            && matches!(
                self.failure_code.as_deref(),
                Some(NO_RECORD | DEPOSIT_EXPIRED)
            )
    }

    /// Whether it will be asked about by itself: a call is under way, or has its time.
    #[must_use]
    pub fn is_being_asked(&self) -> bool {
        match self.status {
            // A confirmation is under way, or the account is looked at again.
            PaymentStatus::Pending => true,
            PaymentStatus::Unknown => self.next_inquiry_at.is_some(),
            PaymentStatus::Succeeded
            | PaymentStatus::Failed
            | PaymentStatus::Cancelled
            | PaymentStatus::PartiallyRefunded
            | PaymentStatus::Refunded => false,
        }
    }

    /// The number of the inquiry that an outcome still unknown leads to. It counts from the start again
    /// once the payment was given up, or nobody would ask any more.
    #[must_use]
    pub fn next_inquiry(&self) -> u32 {
        let asked = if self.was_given_up() {
            0
        } else {
            self.inquiries
        };
        asked.saturating_add(1)
    }

    /// A refund, done or not.
    #[must_use]
    pub fn refund(&self, refund_id: RefundId) -> Option<&Refund> {
        let mut refunds = self.refunds.iter();
        refunds.find(|refund| refund.refund_id == refund_id)
    }

    /// Whether it is this user's; everyone's business when nobody is named.
    ///
    /// # Errors
    /// It is another's: to them it does not exist.
    pub fn check_user(&self, user_id: Option<&UserId>) -> Result<(), PaymentError> {
        match user_id {
            Some(user_id) if *user_id != self.user_id => Err(PaymentError::NotFound),
            Some(_) | None => Ok(()),
        }
    }

    /// Whether a refund may go to an account that is told: what was paid into one does not go back where it came
    /// from. The shop need not know that it was: then the gateway has refused the refund.
    #[must_use]
    pub fn may_need_account(&self, refund: &Refund) -> bool {
        self.deposit.is_some() || refund.key_round > 0
    }

    /// Whether a refund waits for an account that the money can go to.
    ///
    /// # Errors
    /// There is no such refund, or it is done, or goes back where the money came from.
    pub fn check_account_wanted(&self, refund_id: RefundId) -> Result<(), PaymentError> {
        let refund = self.refund(refund_id).ok_or(PaymentError::NoSuchRefund)?;
        if refund.done || !self.may_need_account(refund) {
            return Err(PaymentError::RefundNeedsNoAccount);
        }
        Ok(())
    }

    /// Refunds that are not known to be done.
    pub fn pending_refunds(&self) -> impl Iterator<Item = &Refund> {
        self.refunds.iter().filter(|refund| !refund.done)
    }

    /// What was captured and is not to go back: nothing when nothing was captured.
    #[must_use]
    pub fn left(&self) -> Money {
        self.less_refunds(|_| true)
    }

    pub(super) fn less_refunds(&self, counts: impl Fn(&Refund) -> bool) -> Money {
        let Some(capture) = &self.capture else {
            return Money::zero(self.amount.currency());
        };
        // No refund exceeds what is left, so this never goes below zero.
        let refunds = self.refunds.iter().filter(|refund| counts(refund));
        refunds.fold(capture.amount, |left, refund| {
            left.minus(refund.amount)
                .unwrap_or_else(|_| Money::zero(left.currency()))
        })
    }

    pub(super) fn settled(&self) -> PaymentError {
        PaymentError::AlreadySettled {
            status: self.status,
        }
    }
}
