//! What can be asked of a payment.

use chrono::{DateTime, Utc};

use super::events::{DepositAccount, InquiryCause, RefundReason, ReviewReason};
use crate::ids::{OrderId, PaymentMethodId, RefundId, UserId};
use crate::money::Money;

/// A command to a payment.
#[derive(Clone, Debug)]
pub enum PaymentCommand {
    /// Ask for it (PAY-01).
    Request {
        /// For which order.
        order_id: OrderId,
        /// Who pays.
        user_id: UserId,
        /// How much.
        amount: Money,
        /// Through which gateway: 1 to 32 characters.
        gateway: String,
        /// What the gateway gave the buyer's browser: 1 to 200 characters.
        token: String,
        /// The saved payment method that is charged instead: then the token is empty.
        method_id: Option<PaymentMethodId>,
    },
    /// The gateway charged.
    Succeed {
        /// What it charged.
        charged: Money,
        /// Its own id of the charge.
        gateway_transaction_id: String,
    },
    /// The gateway did not charge, definitely.
    Fail {
        /// Its code.
        code: String,
        /// Its words.
        message: String,
    },
    /// The gateway's answer is missing or says nothing definite.
    MarkUnknown {
        /// Why.
        reason: String,
        /// When to ask next.
        next_inquiry_at: Option<DateTime<Utc>>,
    },
    /// Give it back, or a part of it.
    RequestRefund(RefundRequest),
    /// The gateway gave it back.
    CompleteRefund {
        /// Which refund.
        refund_id: RefundId,
    },
    /// The gateway's answer to the refund is missing or says nothing definite, or it refused.
    DelayRefund {
        /// Which refund.
        refund_id: RefundId,
        /// Why.
        reason: String,
        /// Whether it refused in so many words.
        refused: bool,
        /// When to try next.
        next_attempt_at: Option<DateTime<Utc>>,
    },
    /// Try a refund again whose schedule is over.
    RetryRefund {
        /// Which refund.
        refund_id: RefundId,
        /// When.
        now: DateTime<Utc>,
    },
    /// The account that a refund goes to is known now.
    NoteRefundAccount {
        /// Which refund.
        refund_id: RefundId,
        /// When.
        now: DateTime<Utc>,
    },
    /// The gateway gave the buyer an account to pay into.
    AwaitDeposit {
        /// How much is to be paid in.
        amount: Money,
        /// The gateway's own id of the payment.
        gateway_transaction_id: String,
        /// Where to.
        account: DepositAccount,
        /// When to ask next.
        next_inquiry_at: DateTime<Utc>,
    },
    /// Have the gateway asked now, or soon.
    RequestInquiry {
        /// Why.
        cause: InquiryCause,
        /// The moment.
        now: DateTime<Utc>,
    },
    /// Have a person look.
    RequireReview {
        /// Why.
        reason: ReviewReason,
        /// What the gateway says of the money.
        amount: Option<Money>,
    },
}

/// What is to go back.
#[derive(Clone, Debug)]
pub struct RefundRequest {
    /// Under which id.
    pub refund_id: RefundId,
    /// How much; `None`: all that is left.
    pub amount: Option<Money>,
    /// Why.
    pub reason: RefundReason,
    /// Whether something else still pays for a part of the order when this has gone back: points. It matters of
    /// a payment without money alone.
    pub others_remain: bool,
}

impl RefundRequest {
    /// All that is left of the money.
    #[must_use]
    pub fn of_all(refund_id: RefundId, reason: RefundReason) -> Self {
        Self {
            refund_id,
            amount: None,
            reason,
            others_remain: false,
        }
    }
}
