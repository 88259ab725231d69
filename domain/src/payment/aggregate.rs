//! The rules of a payment.

use chrono::{DateTime, TimeDelta, Utc};

use super::commands::{PaymentCommand, RefundRequest};
use super::error::PaymentError;
use super::events::{ACCOUNT_GIVEN, PaymentEvent, RETRY_REQUESTED};
use super::state::{PaymentState, PaymentStatus, RequestedPayment};
use super::waiting;
use crate::decider::Decider;
use crate::ids::RefundId;
use crate::money::Money;

/// The most characters of a gateway's name.
const GATEWAY_MAX_CHARS: usize = 32;
/// The most characters of a token (Toss allows 200 for its `paymentKey`).
const TOKEN_MAX_CHARS: usize = 200;

/// The account is kept in a moment, beside the log: so long the refund waits for that.
const ACCOUNT_KEPT_WITHIN: TimeDelta = TimeDelta::seconds(2);
/// A try that comes within this time needs no other before it, however often an account is told again.
const TRY_IS_NEAR: TimeDelta = TimeDelta::seconds(60);

/// The payment's rules.
pub struct Payment;

impl Decider for Payment {
    const TYPE: &'static str = "payment";
    const STATE_VERSION: u32 = 6;
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
                method_id,
            } => {
                let request = PaymentEvent::PaymentRequested {
                    order_id,
                    user_id,
                    amount,
                    gateway,
                    token,
                    method_id,
                };
                request_payment(state, request)
            }
            PaymentCommand::Succeed {
                charged,
                gateway_transaction_id,
            } => succeed(state.requested()?, charged, gateway_transaction_id),
            PaymentCommand::Fail { code, message } => fail(state.requested()?, code, message),
            PaymentCommand::MarkUnknown {
                reason,
                next_inquiry_at,
            } => Ok(mark_unknown(state.requested()?, reason, next_inquiry_at)),
            PaymentCommand::RequestRefund(request) => request_refund(state.requested()?, &request),
            PaymentCommand::CompleteRefund { refund_id } => {
                complete_refund(state.requested()?, refund_id)
            }
            PaymentCommand::DelayRefund {
                refund_id,
                reason,
                refused,
                next_attempt_at,
            } => {
                let why = (reason, refused);
                delay_refund(state.requested()?, refund_id, why, next_attempt_at)
            }
            PaymentCommand::RetryRefund { refund_id, now } => {
                retry_refund(state.requested()?, refund_id, now)
            }
            PaymentCommand::NoteRefundAccount { refund_id, now } => {
                note_refund_account(state.requested()?, refund_id, now)
            }
            PaymentCommand::AwaitDeposit {
                amount,
                gateway_transaction_id,
                account,
                next_inquiry_at,
            } => Ok(waiting::await_deposit(
                state.requested()?,
                amount,
                gateway_transaction_id,
                account,
                next_inquiry_at,
            )),
            PaymentCommand::RequestInquiry { cause, now } => {
                Ok(waiting::request_inquiry(state.requested()?, cause, now))
            }
            PaymentCommand::RequireReview { reason, amount } => {
                Ok(waiting::require_review(state.requested()?, reason, amount))
            }
        }
    }

    fn evolve(state: &mut PaymentState, event: &PaymentEvent) {
        state.evolve(event);
    }
}

/// `requested` is what happens, unless it is forbidden or did.
fn request_payment(
    state: &PaymentState,
    requested: PaymentEvent,
) -> Result<Vec<PaymentEvent>, PaymentError> {
    let mut asked = PaymentState::default();
    asked.evolve(&requested);
    let asked = asked.requested()?;
    let invalid = |field, reason| Err(PaymentError::Invalid { field, reason });
    let fits = |text: &str, max| (1..=max).contains(&text.chars().count());
    if !fits(&asked.gateway, GATEWAY_MAX_CHARS) {
        return invalid("gateway", "1 to 32 characters");
    }
    // Where there is nothing to charge, or no browser, no gateway was asked for a token.
    let needs_none = asked.amount.is_zero() || asked.method_id.is_some();
    if !(needs_none && asked.token.is_empty() || fits(&asked.token, TOKEN_MAX_CHARS)) {
        return invalid("token", "1 to 200 characters");
    }
    if asked.method_id.is_some() && !asked.token.is_empty() {
        return invalid("paymentMethodId", "instead of a token, not beside it");
    }
    match state.requested().ok() {
        Some(payment)
            if payment.order_id == asked.order_id
                && payment.token == asked.token
                && payment.method_id == asked.method_id =>
        {
            Ok(vec![])
        }
        Some(_) => Err(PaymentError::AlreadyRequested),
        None => Ok(vec![requested]),
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
        PaymentStatus::Succeeded
        | PaymentStatus::Cancelled
        | PaymentStatus::PartiallyRefunded
        | PaymentStatus::Refunded => Err(payment.settled()),
    }
}

fn mark_unknown(
    payment: &RequestedPayment,
    reason: String,
    next_inquiry_at: Option<DateTime<Utc>>,
) -> Vec<PaymentEvent> {
    // One given up because the gateway had no record of it was never refused by the gateway: asked once
    // more and unanswered, it is unknown again, or a charge that came late would never go back.
    match payment.status {
        PaymentStatus::Failed if !payment.was_given_up() => vec![],
        PaymentStatus::Pending | PaymentStatus::Unknown | PaymentStatus::Failed => {
            vec![PaymentEvent::PaymentOutcomeUnknown {
                order_id: payment.order_id,
                reason,
                inquiries: payment.next_inquiry(),
                next_inquiry_at,
            }]
        }
        // What is known stays known.
        PaymentStatus::Succeeded
        | PaymentStatus::Cancelled
        | PaymentStatus::PartiallyRefunded
        | PaymentStatus::Refunded => vec![],
    }
}

fn request_refund(
    payment: &RequestedPayment,
    request: &RefundRequest,
) -> Result<Vec<PaymentEvent>, PaymentError> {
    let (refund_id, reason) = (request.refund_id, request.reason);
    let nothing = PaymentError::NothingToRefund {
        status: payment.status,
    };
    let Some(capture) = &payment.capture else {
        return Err(nothing);
    };
    if payment.refund(refund_id).is_some() {
        return Ok(vec![]);
    }
    let left = payment.left();
    let all_is_going = left.is_zero() && !payment.refunds.is_empty();
    let amount = match request.amount {
        Some(amount) if left.minus(amount).is_err() => {
            return Err(PaymentError::RefundTooLarge { left });
        }
        Some(amount) => amount,
        None if all_is_going && payment.pending_refunds().next().is_some() => return Ok(vec![]),
        None if all_is_going => return Err(nothing),
        None => left,
    };
    let order_id = payment.order_id;
    let mut events = vec![PaymentEvent::PaymentRefundRequested {
        order_id,
        refund_id,
        amount,
        reason,
    }];
    if amount.is_zero() || capture.amount.is_zero() {
        // No gateway was involved, so none has to give anything back.
        events.push(PaymentEvent::PaymentRefunded {
            order_id,
            user_id: payment.user_id.clone(),
            refund_id,
            amount,
            reason,
            others_remain: request.others_remain,
        });
    }
    Ok(events)
}

fn complete_refund(
    payment: &RequestedPayment,
    refund_id: RefundId,
) -> Result<Vec<PaymentEvent>, PaymentError> {
    let refund = payment.refund(refund_id);
    let refund = refund.ok_or(PaymentError::NoSuchRefund)?;
    if refund.done {
        return Ok(vec![]);
    }
    Ok(vec![PaymentEvent::PaymentRefunded {
        order_id: payment.order_id,
        user_id: payment.user_id.clone(),
        refund_id,
        amount: refund.amount,
        reason: refund.reason,
        others_remain: false,
    }])
}

fn delay_refund(
    payment: &RequestedPayment,
    refund_id: RefundId,
    (reason, refused): (String, bool),
    next_attempt_at: Option<DateTime<Utc>>,
) -> Result<Vec<PaymentEvent>, PaymentError> {
    let refund = payment.refund(refund_id);
    let refund = refund.ok_or(PaymentError::NoSuchRefund)?;
    if refund.done {
        return Ok(vec![]);
    }
    Ok(vec![PaymentEvent::PaymentRefundDelayed {
        refund_id,
        reason,
        attempts: refund.attempts.saturating_add(1),
        next_attempt_at,
        refused,
    }])
}

/// A new round of the schedule for a refund that nobody tries any more.
fn retry_refund(
    payment: &RequestedPayment,
    refund_id: RefundId,
    now: DateTime<Utc>,
) -> Result<Vec<PaymentEvent>, PaymentError> {
    let refund = payment.refund(refund_id);
    let refund = refund.ok_or(PaymentError::NoSuchRefund)?;
    // Before its first attempt it has no next time either: that one is under way.
    if refund.done || refund.attempts == 0 || refund.next_attempt_at.is_some() {
        return Err(PaymentError::RefundNotRetryable);
    }
    Ok(vec![PaymentEvent::PaymentRefundDelayed {
        refund_id,
        reason: RETRY_REQUESTED.to_owned(),
        attempts: 0,
        next_attempt_at: Some(now),
        refused: false,
    }])
}

/// A new round of the schedule, from now on, for a refund whose account was told: nothing else kept it.
fn note_refund_account(
    payment: &RequestedPayment,
    refund_id: RefundId,
    now: DateTime<Utc>,
) -> Result<Vec<PaymentEvent>, PaymentError> {
    payment.check_account_wanted(refund_id)?;
    let refund = payment.refund(refund_id);
    // That one was told is noted in any case: a process that cannot see it must not take it for untold.
    let told = refund.filter(|refund| refund.account_told);
    let planned = told.and_then(|refund| refund.next_attempt_at);
    if planned.is_some_and(|at| at > now && at - now <= TRY_IS_NEAR) {
        return Ok(vec![]);
    }
    let next_attempt_at = now.checked_add_signed(ACCOUNT_KEPT_WITHIN);
    Ok(vec![PaymentEvent::PaymentRefundDelayed {
        refund_id,
        reason: ACCOUNT_GIVEN.to_owned(),
        attempts: 0,
        next_attempt_at,
        refused: false,
    }])
}
