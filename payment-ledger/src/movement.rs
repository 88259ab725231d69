//! What a payment's event says of a transaction with the gateway: of the charge, which has the payment's id, or of
//! one that gives money back, which has the refund's.

use domain::payment::{AMOUNT_MISMATCH, PaymentEvent, RefundReason};
use domain::{Currency, Money};
use platform::money_column::MoneyColumn;
use uuid::Uuid;

use crate::error::LedgerError;

/// Why a charge is not settled: the buyer has an account to pay into.
const DEPOSIT_AWAITED: &str = "DEPOSIT_AWAITED";

/// What kind of transaction it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A charge.
    Payment,
    /// Money that goes back.
    Refund,
    /// Money that goes back because its order was cancelled.
    Cancel,
}

impl Kind {
    /// As in `transaction_type`.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Payment => "PAYMENT",
            Self::Refund => "REFUND",
            Self::Cancel => "CANCEL",
        }
    }
}

/// Where a transaction stands: the three values that were asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    /// Not known to be done or not done.
    Pending,
    /// The money moved.
    Success,
    /// It did not, and will not.
    Failed,
}

impl Status {
    /// As in `status`.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "PENDING",
            Self::Success => "SUCCESS",
            Self::Failed => "FAILED",
        }
    }
}

/// What happened to one transaction.
#[derive(Debug)]
pub(crate) struct Movement<'e> {
    /// Which transaction.
    pub(crate) id: Uuid,
    /// Of which order, where the event says it.
    pub(crate) order_id: Option<Uuid>,
    pub(crate) step: Step<'e>,
}

/// What happened.
#[derive(Debug)]
pub(crate) enum Step<'e> {
    /// A charge was asked for.
    ChargeBegun { gateway: &'e str, amount: Money },
    /// Money is to go back.
    ReturnBegun {
        payment_id: Uuid,
        kind: Kind,
        amount: Money,
    },
    /// It is not known to be done.
    Unsettled { reason: &'e str },
    /// The gateway charged: perhaps another amount than was asked for, which is then the reason why it goes back.
    Charged {
        amount: Money,
        gateway_transaction_id: &'e str,
        reason: Option<&'static str>,
    },
    /// The gateway did not charge.
    Failed { code: &'e str },
    /// The money went back.
    Returned { amount: Money },
}

impl Step<'_> {
    /// Where the transaction stands after it.
    pub(crate) fn status(&self) -> Status {
        match self {
            Self::ChargeBegun { .. } | Self::ReturnBegun { .. } | Self::Unsettled { .. } => {
                Status::Pending
            }
            Self::Charged { .. } | Self::Returned { .. } => Status::Success,
            Self::Failed { .. } => Status::Failed,
        }
    }

    /// Why, in a stable word.
    pub(crate) fn reason(&self) -> Option<&str> {
        match self {
            Self::Unsettled { reason } => Some(reason),
            Self::Failed { code } => Some(code),
            Self::Charged { reason, .. } => *reason,
            Self::ChargeBegun { .. } | Self::ReturnBegun { .. } | Self::Returned { .. } => None,
        }
    }
}

/// What an event says of a transaction; `None` when it moves nothing.
pub(crate) fn movement(payment_id: Uuid, event: &PaymentEvent) -> Option<Movement<'_>> {
    let (id, order_id, step) = match event {
        PaymentEvent::PaymentRequested {
            order_id,
            gateway,
            amount,
            user_id: _,
            token: _,
            method_id: _,
        } => {
            let amount = *amount;
            let begun = Step::ChargeBegun { gateway, amount };
            (payment_id, Some(order_id), begun)
        }
        PaymentEvent::PaymentOutcomeUnknown {
            order_id, reason, ..
        } => (payment_id, Some(order_id), Step::Unsettled { reason }),
        PaymentEvent::PaymentSucceeded {
            order_id,
            amount,
            gateway_transaction_id,
            user_id: _,
        } => {
            let charged = Step::Charged {
                amount: *amount,
                gateway_transaction_id,
                reason: None,
            };
            (payment_id, Some(order_id), charged)
        }
        PaymentEvent::PaymentFailed { order_id, code, .. } => {
            (payment_id, Some(order_id), Step::Failed { code })
        }
        PaymentEvent::PaymentMismatched {
            order_id,
            charged,
            gateway_transaction_id,
            ..
        } => {
            let charged = Step::Charged {
                amount: *charged,
                gateway_transaction_id,
                reason: Some(AMOUNT_MISMATCH),
            };
            (payment_id, Some(order_id), charged)
        }
        PaymentEvent::PaymentRefundRequested {
            order_id,
            refund_id,
            amount,
            reason,
        } => {
            let begun = Step::ReturnBegun {
                payment_id,
                kind: kind(*reason),
                amount: *amount,
            };
            (refund_id.uuid(), Some(order_id), begun)
        }
        PaymentEvent::PaymentRefundDelayed {
            refund_id, reason, ..
        } => (refund_id.uuid(), None, Step::Unsettled { reason }),
        PaymentEvent::PaymentRefunded {
            order_id,
            refund_id,
            amount,
            ..
        } => {
            let returned = Step::Returned { amount: *amount };
            (refund_id.uuid(), Some(order_id), returned)
        }
        PaymentEvent::PaymentDepositAwaited { order_id, .. } => {
            let reason = DEPOSIT_AWAITED;
            (payment_id, Some(order_id), Step::Unsettled { reason })
        }
        PaymentEvent::PaymentInquiryRequested { .. }
        | PaymentEvent::PaymentReviewRequired { .. } => {
            return None;
        }
    };
    let order_id = order_id.map(|order_id| order_id.uuid());
    Some(Movement { id, order_id, step })
}

fn kind(reason: RefundReason) -> Kind {
    match reason {
        RefundReason::OrderCancelled => Kind::Cancel,
        RefundReason::LateSuccess | RefundReason::AmountMismatch | RefundReason::Requested => {
            Kind::Refund
        }
    }
}

/// An amount as a `numeric(15,2)`, in a text.
pub(crate) fn column(id: Uuid, amount: Money) -> Result<String, LedgerError> {
    minor_column(id, amount.amount(), amount.currency())
}

/// An amount in minor units as a `numeric(15,2)`, in a text.
pub(crate) fn minor_column(
    id: Uuid,
    minor: i64,
    currency: Currency,
) -> Result<String, LedgerError> {
    let column = MoneyColumn::from_minor(minor, currency.exponent());
    let column = column.map_err(|source| LedgerError::Amount { id, source })?;
    Ok(column.to_string())
}
