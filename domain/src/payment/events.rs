//! What can have happened to a payment. This is a storage format: see `golden/payment/`.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::state::PaymentStatus;
use crate::ids::{OrderId, PaymentMethodId, RefundId, UserId};
use crate::money::Money;

/// The failure code of a payment that the gateway never heard of.
pub const NO_RECORD: &str = "GATEWAY_NO_RECORD";
/// The failure code of a payment whose account nobody paid into in time.
pub const DEPOSIT_EXPIRED: &str = "DEPOSIT_EXPIRED";
/// The failure code of a payment of which the gateway charged another amount than was asked for; its order is
/// cancelled with the same one.
pub const AMOUNT_MISMATCH: &str = "AMOUNT_MISMATCH";
/// Why a refund waits that an operator has tried again.
pub(super) const RETRY_REQUESTED: &str = "RETRY_REQUESTED";
/// Why one waits whose account was told.
pub(super) const ACCOUNT_GIVEN: &str = "ACCOUNT_GIVEN";

/// Why captured money goes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RefundReason {
    /// The paid order was cancelled.
    OrderCancelled,
    /// The success came after the order was cancelled.
    LateSuccess,
    /// The gateway charged another amount than was asked for.
    AmountMismatch,
    /// The buyer or an operator asked for it: the order says what for.
    Requested,
}

impl RefundReason {
    /// Where a payment stands of whose charge something went back for this reason.
    #[must_use]
    pub fn status_after(self, all_is_back: bool) -> PaymentStatus {
        match self {
            _ if !all_is_back => PaymentStatus::PartiallyRefunded,
            Self::OrderCancelled => PaymentStatus::Cancelled,
            Self::LateSuccess | Self::AmountMismatch | Self::Requested => PaymentStatus::Refunded,
        }
    }
}

/// The account that the buyer is to pay into. It is the gateway's, made for this one payment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DepositAccount {
    /// The bank, by the gateway's code for it.
    pub bank: String,
    /// The account's number.
    pub number: String,
    /// In whose name it is, where the gateway says so.
    pub holder: Option<String>,
    /// Until when the order waits for it.
    pub until: DateTime<Utc>,
    /// Until when the gateway takes money into it, where that is later: what comes then goes back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub open_until: Option<DateTime<Utc>>,
}

/// Why the gateway is to be asked about a payment now, and not on its schedule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum InquiryCause {
    /// The gateway told of something. Nothing that it claims is believed before it was asked.
    Notice(GatewayNotice),
    /// An operator wants to know.
    Operator {},
    /// Two answers contradict each other, and which of them is the newer one nobody can tell.
    Overtaken {},
}

/// What a gateway's notice claims.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GatewayNotice {
    /// The same for every delivery of this notice.
    pub notice_id: String,
    /// The gateway's word for the state.
    pub status: Option<String>,
    /// In minor units.
    pub amount: Option<i64>,
    /// ISO 4217, as it stands in the notice.
    pub currency: Option<String>,
    /// What it says is left of the charge, in minor units: nothing of one that did not happen. `None` where it
    /// does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left: Option<i64>,
    /// Whether its signature is the gateway's.
    pub signed: bool,
}

/// Why a person must look at a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ReviewReason {
    /// The gateway answers with an order or a currency that is not the payment's.
    AnswerMismatched,
    /// It charged an amount, or in a currency, that the shop cannot write down.
    ChargeUnreadable,
    /// The charge was given back at the gateway, and not by the shop.
    RefundedAtGateway,
    /// The gateway wants another amount to be paid in than was asked for.
    DepositMismatched,
    /// The bank took a deposit back that had paid the order.
    DepositTakenBack,
    /// The gateway says another amount of a charge that is known.
    ChargeChanged,
    /// The gateway charged a second time for one payment.
    ChargedTwice,
    /// The gateway denies a charge that it had told of.
    ChargeDenied,
}

impl ReviewReason {
    /// As in the API.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AnswerMismatched => "ANSWER_MISMATCHED",
            Self::ChargeUnreadable => "CHARGE_UNREADABLE",
            Self::RefundedAtGateway => "REFUNDED_AT_GATEWAY",
            Self::DepositMismatched => "DEPOSIT_MISMATCHED",
            Self::DepositTakenBack => "DEPOSIT_TAKEN_BACK",
            Self::ChargeChanged => "CHARGE_CHANGED",
            Self::ChargedTwice => "CHARGED_TWICE",
            Self::ChargeDenied => "CHARGE_DENIED",
        }
    }
}

/// An event of a payment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum PaymentEvent {
    /// It was asked for.
    PaymentRequested {
        /// For which order.
        order_id: OrderId,
        /// Who pays.
        user_id: UserId,
        /// How much.
        amount: Money,
        /// Through which gateway.
        gateway: String,
        /// What the gateway gave the buyer's browser; empty without a browser. Never a card number.
        token: String,
        /// The saved payment method that is charged without a browser.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        method_id: Option<PaymentMethodId>,
    },
    /// Nobody knows yet whether the gateway charged.
    PaymentOutcomeUnknown {
        /// For which order.
        order_id: OrderId,
        /// Why: a timeout, a server error, no record of it yet.
        reason: String,
        /// How many inquiries were made so far.
        inquiries: u32,
        /// When it is asked next; never again when the schedule is over: a person must look.
        next_inquiry_at: Option<DateTime<Utc>>,
    },
    /// The gateway charged what was asked for.
    PaymentSucceeded {
        /// For which order.
        order_id: OrderId,
        /// Who paid.
        user_id: UserId,
        /// How much.
        amount: Money,
        /// The gateway's own id of the charge.
        gateway_transaction_id: String,
    },
    /// The gateway did not charge.
    PaymentFailed {
        /// For which order.
        order_id: OrderId,
        /// Who would have paid.
        user_id: UserId,
        /// How much was asked for.
        amount: Money,
        /// The gateway's code, or [`NO_RECORD`].
        code: String,
        /// The gateway's words.
        message: String,
    },
    /// The gateway charged another amount: the payment failed, and the charge goes back.
    PaymentMismatched {
        /// For which order.
        order_id: OrderId,
        /// Who was charged.
        user_id: UserId,
        /// What was asked for.
        expected: Money,
        /// What was charged.
        charged: Money,
        /// The gateway's own id of the charge.
        gateway_transaction_id: String,
    },
    /// Captured money is to go back.
    PaymentRefundRequested {
        /// For which order.
        order_id: OrderId,
        /// Under which id: the gateway's idempotency key of the refund, until it refuses.
        refund_id: RefundId,
        /// How much.
        amount: Money,
        /// Why.
        reason: RefundReason,
    },
    /// The refund is not known to be done.
    PaymentRefundDelayed {
        /// Which refund.
        refund_id: RefundId,
        /// Why.
        reason: String,
        /// How many attempts were made so far.
        attempts: u32,
        /// When it is tried next; never again when the schedule is over: a person must look.
        next_attempt_at: Option<DateTime<Utc>>,
        /// Whether the gateway refused it in so many words, and did not merely leave it open.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        refused: bool,
    },
    /// The money went back.
    PaymentRefunded {
        /// For which order.
        order_id: OrderId,
        /// Who got it.
        user_id: UserId,
        /// Which refund.
        refund_id: RefundId,
        /// How much.
        amount: Money,
        /// Why.
        reason: RefundReason,
        /// Whether no money is left and something else still pays for a part of the order: points.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        others_remain: bool,
    },
    /// The buyer has an account to pay into, and nothing is in it yet.
    PaymentDepositAwaited {
        /// For which order.
        order_id: OrderId,
        /// Who is to pay.
        user_id: UserId,
        /// How much.
        amount: Money,
        /// The gateway's own id of the payment.
        gateway_transaction_id: String,
        /// Where to.
        account: DepositAccount,
        /// How many times the account was found empty.
        inquiries: u32,
        /// When the gateway is asked next, whether or not it tells of the deposit.
        next_inquiry_at: DateTime<Utc>,
    },
    /// The gateway is to be asked beside the schedule.
    PaymentInquiryRequested {
        /// For which order.
        order_id: OrderId,
        /// Why.
        cause: InquiryCause,
        /// When; at once where nothing stands here.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        due_at: Option<DateTime<Utc>>,
    },
    /// A person must look: the gateway contradicts itself or the shop.
    PaymentReviewRequired {
        /// For which order.
        order_id: OrderId,
        /// Why.
        reason: ReviewReason,
        /// What the gateway says of the money, where it says so.
        amount: Option<Money>,
    },
}

impl cqrs_es::DomainEvent for PaymentEvent {
    fn event_type(&self) -> String {
        match self {
            Self::PaymentRequested { .. } => "PaymentRequested",
            Self::PaymentOutcomeUnknown { .. } => "PaymentOutcomeUnknown",
            Self::PaymentSucceeded { .. } => "PaymentSucceeded",
            Self::PaymentFailed { .. } => "PaymentFailed",
            Self::PaymentMismatched { .. } => "PaymentMismatched",
            Self::PaymentRefundRequested { .. } => "PaymentRefundRequested",
            Self::PaymentRefundDelayed { .. } => "PaymentRefundDelayed",
            Self::PaymentRefunded { .. } => "PaymentRefunded",
            Self::PaymentDepositAwaited { .. } => "PaymentDepositAwaited",
            Self::PaymentInquiryRequested { .. } => "PaymentInquiryRequested",
            Self::PaymentReviewRequired { .. } => "PaymentReviewRequired",
        }
        .to_owned()
    }

    fn event_version(&self) -> String {
        "1".to_owned()
    }
}
