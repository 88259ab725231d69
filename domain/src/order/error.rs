//! Why an order refuses.

use super::aggregate::OrderStatus;
use crate::money::{Money, MoneyError};

/// A refusal of an order.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OrderError {
    /// There is none with this id, or it is another's.
    #[error("there is no such order")]
    NotFound,
    /// It was placed already.
    #[error("the order exists already")]
    AlreadyPlaced,
    /// No lines, too many, or two lines of one product.
    #[error("an order has 1 to {max} lines, one a product")]
    BadLines {
        /// The most lines.
        max: usize,
    },
    /// The sum is too large, mixes currencies, or the discount exceeds it.
    #[error("the order's total: {0}")]
    BadTotal(#[from] MoneyError),
    /// It cannot be paid: paid already, cancelled, or another payment is under way.
    #[error("the order cannot be paid: it is {status}")]
    NotPayable {
        /// Where it stands.
        status: OrderStatus,
    },
    /// A coupon was applied already, or the order is past being discounted.
    #[error("the order has a coupon already")]
    AlreadyDiscounted,
    /// It is cancelled already.
    #[error("the order is cancelled already")]
    AlreadyCancelled,
    /// It is too far along to be cancelled.
    #[error("the order cannot be cancelled: it is {status}")]
    NotCancellable {
        /// Where it stands.
        status: OrderStatus,
    },
    /// Nothing of it can go back: it is not paid, or cancelled.
    #[error("the order cannot be refunded: it is {status}")]
    NotRefundable {
        /// Where it stands.
        status: OrderStatus,
    },
    /// All of it has gone back already, or is about to.
    #[error("nothing is left to refund")]
    NothingLeft,
    /// More money than is left.
    #[error("only {left} is left to refund")]
    RefundTooLarge {
        /// What is left.
        left: Money,
    },
    /// More pieces than are left.
    #[error("items[{index}].quantity: only {left} are left to refund")]
    TooManyPieces {
        /// Which of the items asked for, from 0.
        index: usize,
        /// What is left.
        left: u32,
    },
    /// A field of the refund is out of its bounds.
    #[error("{field}: {reason}")]
    BadRefund {
        /// The field, as in the API.
        field: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// It was refunded in more steps than one order may be.
    #[error("an order has at most {max} refunds")]
    TooManyRefunds {
        /// The most refunds.
        max: usize,
    },
    /// No such refund was asked for.
    #[error("there is no such refund")]
    NoSuchRefund,
    /// More points than are to be paid.
    #[error("points: at most {payable}")]
    TooManyPoints {
        /// What is to be paid.
        payable: Money,
    },
    /// The step does not follow from where the order stands.
    #[error("the order is {status}")]
    WrongStatus {
        /// Where it stands.
        status: OrderStatus,
    },
}

impl OrderError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "ORDER_NOT_FOUND",
            Self::AlreadyPlaced => "ORDER_ALREADY_EXISTS",
            Self::BadLines { .. }
            | Self::BadTotal(_)
            | Self::BadRefund { .. }
            | Self::TooManyPoints { .. } => "VALIDATION_FAILED",
            Self::NotPayable { .. } => "ORDER_NOT_PAYABLE",
            Self::AlreadyDiscounted => "COUPON_ALREADY_APPLIED",
            Self::AlreadyCancelled => "ORDER_ALREADY_CANCELLED",
            Self::NotCancellable { .. } => "ORDER_NOT_CANCELLABLE",
            Self::WrongStatus { .. } => "ORDER_STATUS_CONFLICT",
            Self::NotRefundable { .. } => "ORDER_NOT_REFUNDABLE",
            Self::NothingLeft => "NOTHING_TO_REFUND",
            Self::RefundTooLarge { .. } | Self::TooManyPieces { .. } => "REFUND_EXCEEDS_BALANCE",
            Self::TooManyRefunds { .. } => "TOO_MANY_REFUNDS",
            Self::NoSuchRefund => "REFUND_NOT_FOUND",
        }
    }
}
