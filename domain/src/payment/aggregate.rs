//! The rules of a payment.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::commands::PaymentCommand;
use super::error::PaymentError;
use super::events::{NO_RECORD, PaymentEvent, RefundReason};
use crate::decider::Decider;
use crate::ids::{OrderId, RefundId, UserId};
use crate::money::Money;

/// The most characters of a gateway's name.
const GATEWAY_MAX_CHARS: usize = 32;
/// The most characters of a token (Toss allows 200 for its `paymentKey`).
const TOKEN_MAX_CHARS: usize = 200;

/// The payment's rules.
pub struct Payment;

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
    /// Charged too late or wrongly, and given back.
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
pub struct PaymentState(Option<RequestedPayment>);

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
    /// A refund that is asked for and not done.
    pub refund: Option<PendingRefund>,
}

/// What a gateway charged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Capture {
    /// How much.
    pub amount: Money,
    /// The gateway's own id of the charge.
    pub gateway_transaction_id: String,
}

/// A refund under way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PendingRefund {
    /// Its id: the gateway's idempotency key.
    pub refund_id: RefundId,
    /// How much.
    pub amount: Money,
    /// Why.
    pub reason: RefundReason,
    /// How many attempts were made.
    pub attempts: u32,
    /// When it is tried next, after a failed attempt.
    pub next_attempt_at: Option<DateTime<Utc>>,
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

impl Decider for Payment {
    const TYPE: &'static str = "payment";
    const STATE_VERSION: u32 = 1;
    type State = PaymentState;
    type Command = PaymentCommand;
    type Event = PaymentEvent;
    type Error = PaymentError;

    fn decide(
        state: &PaymentState,
        command: PaymentCommand,
    ) -> Result<Vec<PaymentEvent>, PaymentError> {
        match command {
            PaymentCommand::Request {
                order_id,
                user_id,
                amount,
                gateway,
                token,
            } => request(state, order_id, user_id, amount, gateway, token),
            PaymentCommand::Succeed {
                charged,
                gateway_transaction_id,
            } => succeed(state.requested()?, charged, gateway_transaction_id),
            PaymentCommand::Fail { code, message } => fail(state.requested()?, code, message),
            PaymentCommand::MarkUnknown {
                reason,
                next_inquiry_at,
            } => Ok(mark_unknown(state.requested()?, reason, next_inquiry_at)),
            PaymentCommand::RequestRefund { refund_id, reason } => {
                request_refund(state.requested()?, refund_id, reason)
            }
            PaymentCommand::CompleteRefund { refund_id } => {
                complete_refund(state.requested()?, refund_id)
            }
            PaymentCommand::DelayRefund {
                refund_id,
                reason,
                next_attempt_at,
            } => delay_refund(state.requested()?, refund_id, reason, next_attempt_at),
        }
    }

    fn evolve(state: &mut PaymentState, event: &PaymentEvent) {
        if let PaymentEvent::PaymentRequested {
            order_id,
            user_id,
            amount,
            gateway,
            token,
        } = event
        {
            state.0 = Some(RequestedPayment {
                order_id: *order_id,
                user_id: user_id.clone(),
                amount: *amount,
                gateway: gateway.clone(),
                token: token.clone(),
                status: PaymentStatus::Pending,
                failure_code: None,
                inquiries: 0,
                no_record: false,
                next_inquiry_at: None,
                capture: None,
                refund: None,
            });
        }
        if let Some(payment) = state.0.as_mut() {
            payment.evolve(event);
        }
    }
}

impl RequestedPayment {
    fn evolve(&mut self, event: &PaymentEvent) {
        match event {
            PaymentEvent::PaymentRequested { .. } => {}
            PaymentEvent::PaymentOutcomeUnknown {
                reason,
                inquiries,
                next_inquiry_at,
                ..
            } => {
                self.status = PaymentStatus::Unknown;
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
                self.failure_code = Some("AMOUNT_MISMATCH".to_owned());
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
                self.refund = Some(PendingRefund {
                    refund_id: *refund_id,
                    amount: *amount,
                    reason: *reason,
                    attempts: 0,
                    next_attempt_at: None,
                });
            }
            PaymentEvent::PaymentRefundDelayed {
                attempts,
                next_attempt_at,
                ..
            } => {
                if let Some(refund) = self.refund.as_mut() {
                    refund.attempts = *attempts;
                    refund.next_attempt_at = *next_attempt_at;
                }
            }
            PaymentEvent::PaymentRefunded { reason, .. } => {
                self.refund = None;
                self.status = match reason {
                    RefundReason::OrderCancelled => PaymentStatus::Cancelled,
                    RefundReason::LateSuccess | RefundReason::AmountMismatch => {
                        PaymentStatus::Refunded
                    }
                };
            }
        }
    }

    fn settled(&self) -> PaymentError {
        PaymentError::AlreadySettled {
            status: self.status,
        }
    }
}

fn request(
    state: &PaymentState,
    order_id: OrderId,
    user_id: UserId,
    amount: Money,
    gateway: String,
    token: String,
) -> Result<Vec<PaymentEvent>, PaymentError> {
    let fits = |text: &str, max| (1..=max).contains(&text.chars().count());
    if !fits(&gateway, GATEWAY_MAX_CHARS) {
        return Err(PaymentError::Invalid {
            field: "gateway",
            reason: "1 to 32 characters",
        });
    }
    if !fits(&token, TOKEN_MAX_CHARS) {
        return Err(PaymentError::Invalid {
            field: "token",
            reason: "1 to 200 characters",
        });
    }
    match &state.0 {
        Some(payment) if payment.order_id == order_id && payment.token == token => Ok(vec![]),
        Some(_) => Err(PaymentError::AlreadyRequested),
        None => Ok(vec![PaymentEvent::PaymentRequested {
            order_id,
            user_id,
            amount,
            gateway,
            token,
        }]),
    }
}

fn succeed(
    payment: &RequestedPayment,
    charged: Money,
    gateway_transaction_id: String,
) -> Result<Vec<PaymentEvent>, PaymentError> {
    if let Some(capture) = &payment.capture {
        // Told twice of one charge; a second charge of one payment contradicts the gateway's promise.
        let same = capture.gateway_transaction_id == gateway_transaction_id;
        return if same {
            Ok(vec![])
        } else {
            Err(payment.settled())
        };
    }
    let (order_id, user_id) = (payment.order_id, payment.user_id.clone());
    let event = if charged == payment.amount {
        PaymentEvent::PaymentSucceeded {
            order_id,
            user_id,
            amount: charged,
            gateway_transaction_id,
        }
    } else {
        PaymentEvent::PaymentMismatched {
            order_id,
            user_id,
            expected: payment.amount,
            charged,
            gateway_transaction_id,
        }
    };
    Ok(vec![event])
}

fn fail(
    payment: &RequestedPayment,
    code: String,
    message: String,
) -> Result<Vec<PaymentEvent>, PaymentError> {
    match payment.status {
        PaymentStatus::Pending | PaymentStatus::Unknown => Ok(vec![PaymentEvent::PaymentFailed {
            order_id: payment.order_id,
            user_id: payment.user_id.clone(),
            amount: payment.amount,
            code,
            message,
        }]),
        PaymentStatus::Failed => Ok(vec![]),
        PaymentStatus::Succeeded | PaymentStatus::Cancelled | PaymentStatus::Refunded => {
            Err(payment.settled())
        }
    }
}

fn mark_unknown(
    payment: &RequestedPayment,
    reason: String,
    next_inquiry_at: Option<DateTime<Utc>>,
) -> Vec<PaymentEvent> {
    match payment.status {
        PaymentStatus::Pending | PaymentStatus::Unknown => {
            vec![PaymentEvent::PaymentOutcomeUnknown {
                order_id: payment.order_id,
                reason,
                inquiries: payment.inquiries.saturating_add(1),
                next_inquiry_at,
            }]
        }
        // What is known stays known.
        PaymentStatus::Succeeded
        | PaymentStatus::Failed
        | PaymentStatus::Cancelled
        | PaymentStatus::Refunded => vec![],
    }
}

fn request_refund(
    payment: &RequestedPayment,
    refund_id: RefundId,
    reason: RefundReason,
) -> Result<Vec<PaymentEvent>, PaymentError> {
    let nothing = PaymentError::NothingToRefund {
        status: payment.status,
    };
    match payment.status {
        PaymentStatus::Cancelled | PaymentStatus::Refunded => return Err(nothing),
        PaymentStatus::Pending
        | PaymentStatus::Unknown
        | PaymentStatus::Succeeded
        | PaymentStatus::Failed => {}
    }
    let Some(capture) = &payment.capture else {
        return Err(nothing);
    };
    if payment.refund.is_some() {
        return Ok(vec![]);
    }
    let (order_id, amount) = (payment.order_id, capture.amount);
    let mut events = vec![PaymentEvent::PaymentRefundRequested {
        order_id,
        refund_id,
        amount,
        reason,
    }];
    if amount.is_zero() {
        // No gateway was involved, so none has to give anything back.
        events.push(PaymentEvent::PaymentRefunded {
            order_id,
            user_id: payment.user_id.clone(),
            refund_id,
            amount,
            reason,
        });
    }
    Ok(events)
}

fn complete_refund(
    payment: &RequestedPayment,
    refund_id: RefundId,
) -> Result<Vec<PaymentEvent>, PaymentError> {
    match &payment.refund {
        Some(refund) if refund.refund_id == refund_id => Ok(vec![PaymentEvent::PaymentRefunded {
            order_id: payment.order_id,
            user_id: payment.user_id.clone(),
            refund_id,
            amount: refund.amount,
            reason: refund.reason,
        }]),
        Some(_) | None => match payment.status {
            PaymentStatus::Cancelled | PaymentStatus::Refunded => Ok(vec![]),
            PaymentStatus::Pending
            | PaymentStatus::Unknown
            | PaymentStatus::Succeeded
            | PaymentStatus::Failed => Err(PaymentError::NoSuchRefund),
        },
    }
}

fn delay_refund(
    payment: &RequestedPayment,
    refund_id: RefundId,
    reason: String,
    next_attempt_at: Option<DateTime<Utc>>,
) -> Result<Vec<PaymentEvent>, PaymentError> {
    match &payment.refund {
        Some(refund) if refund.refund_id == refund_id => {
            Ok(vec![PaymentEvent::PaymentRefundDelayed {
                refund_id,
                reason,
                attempts: refund.attempts.saturating_add(1),
                next_attempt_at,
            }])
        }
        Some(_) | None => match payment.status {
            PaymentStatus::Cancelled | PaymentStatus::Refunded => Ok(vec![]),
            PaymentStatus::Pending
            | PaymentStatus::Unknown
            | PaymentStatus::Succeeded
            | PaymentStatus::Failed => Err(PaymentError::NoSuchRefund),
        },
    }
}
