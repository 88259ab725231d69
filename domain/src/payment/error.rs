//! Why a payment refuses.

use super::state::PaymentStatus;
use crate::money::Money;

/// A refusal of a payment.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PaymentError {
    /// There is none with this id, or it is another's.
    #[error("there is no such payment")]
    NotFound,
    /// It was requested already, for something else.
    #[error("the payment exists already")]
    AlreadyRequested,
    /// A field is out of its bounds.
    #[error("{field}: {reason}")]
    Invalid {
        /// The field, as in the API.
        field: &'static str,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// What the gateway says now contradicts what it said before.
    #[error("the payment is {status} already")]
    AlreadySettled {
        /// Where it stands.
        status: PaymentStatus,
    },
    /// Nothing was captured, or it went back already.
    #[error("there is nothing to refund: the payment is {status}")]
    NothingToRefund {
        /// Where it stands.
        status: PaymentStatus,
    },
    /// More than is left of the charge.
    #[error("only {left} is left to refund")]
    RefundTooLarge {
        /// What is left.
        left: Money,
    },
    /// It goes back where it came from, or has gone back.
    #[error("the refund is done, or goes back where the money came from")]
    RefundNeedsNoAccount,
    /// The refund is done, or is tried again by itself.
    #[error("the refund is done, or is tried again by itself")]
    RefundNotRetryable,
    /// No such refund was asked for.
    #[error("there is no such refund")]
    NoSuchRefund,
}

impl PaymentError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "PAYMENT_NOT_FOUND",
            Self::AlreadyRequested => "PAYMENT_ALREADY_EXISTS",
            Self::Invalid { .. } => "VALIDATION_FAILED",
            Self::AlreadySettled { .. } => "PAYMENT_ALREADY_SETTLED",
            Self::NothingToRefund { .. } => "NOTHING_TO_REFUND",
            Self::RefundTooLarge { .. } => "REFUND_EXCEEDS_BALANCE",
            Self::RefundNeedsNoAccount => "REFUND_NEEDS_NO_ACCOUNT",
            Self::RefundNotRetryable => "REFUND_NOT_RETRYABLE",
            Self::NoSuchRefund => "REFUND_NOT_FOUND",
        }
    }
}
