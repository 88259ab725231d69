//! Actions that call a gateway: outside any transaction, and then what it said becomes a command.
//!
//! Every call may be a repeat of one that a crash interrupted. The gateway sees that by its idempotency
//! key, which is the payment's id, or one made of the refund's id and how often that was refused.
//!
//! A gateway that this program does not know (its name was checked when the payment was requested, so it
//! has been taken out of the configuration since): a charge that was certainly never sent counts as
//! declined, `UNKNOWN_GATEWAY`; anything else is unknown, and asked again on the schedule, until a person
//! puts the gateway back or settles it by hand.

use std::sync::Arc;
use std::time::Duration;

use domain::checkout::{GatewayAnswer, RefundAnswer, SettlePayment, SettleRefund};
use domain::order::{Order, OrderStatus};
use domain::payment::{Payment, PaymentStatus, RefundReason, RequestedPayment};
use domain::{GatewayRequest, PaymentId, RefundId};
use failpoints::failpoint;
use payment_gateways::{ConfirmRequest, GatewayReply, PaymentGateway, RefundReply, RefundRequest};
use uuid::Uuid;

use crate::execute::{Done, send};
use crate::fate::Trouble;
use crate::item::Item;
use crate::method_calls;
use crate::office::Office;
use crate::refund_accounts::{self, ACCOUNT_NEEDED, Destination};
use crate::replies::{UNSUPPORTED, not_attempted, payment_answer, unknown};

/// Longer than the longest deadline that an adapter can be given: it only catches one that never ends.
const CALL_MAX: Duration = Duration::from_secs(65);
/// So often is a gateway asked, once a minute in the end, that says nothing of a payment about which no schedule asks:
/// for a day.
const ASKED_AGAIN_MAX: u32 = 24 * 60;
pub(crate) const UNKNOWN_GATEWAY: &str = "UNKNOWN_GATEWAY";
pub(crate) const NO_ANSWER: &str = "NO_ANSWER";

/// Asks a gateway to charge.
pub(crate) async fn confirm(
    office: &impl Office,
    item: &Item,
    request: &GatewayRequest,
) -> Result<Done, Trouble> {
    let payment_id = request.payment_id;
    let Some(gateway) = office.gateway(&request.gateway) else {
        let answer = if item.is_first_try() {
            GatewayAnswer::Declined {
                code: UNKNOWN_GATEWAY.to_owned(),
                message: "the shop has no such gateway".to_owned(),
            }
        } else {
            unknown(UNKNOWN_GATEWAY)
        };
        return settle_payment(office, item, payment_id, (answer, Asked::FIRST)).await;
    };
    let is_still_wanted = if item.is_fresh(office.now()) {
        true
    } else {
        let payment = load_payment(office, payment_id).await?;
        if is_settled(&payment) {
            return Ok(Done::NotNeeded);
        }
        order_waits(office, &payment, payment_id).await?
    };
    let answer = if let Some(method_id) = request.method_id.filter(|_| is_still_wanted) {
        method_calls::charge(office, &gateway, item, (request, method_id)).await?
    } else if is_still_wanted {
        let request = ConfirmRequest {
            payment_id: payment_id.uuid(),
            order_id: request.order_id.uuid(),
            amount_minor: request.amount.amount(),
            currency: request.amount.currency().code().to_owned(),
            token: request.token.clone(),
        };
        ask(office, gateway.confirm(request)).await?
    } else {
        // Nobody waits for the charge any more. Whether it was sent before a crash, only the gateway
        // knows: if it was, the money goes back.
        ask(office, gateway.inquire(payment_id.uuid())).await?
    };
    settle_payment(office, item, payment_id, (answer, Asked::FIRST)).await
}

/// Asks a gateway what became of a payment, unless that is known by now.
pub(crate) async fn inquire(
    office: &impl Office,
    item: &Item,
    payment_id: PaymentId,
) -> Result<Done, Trouble> {
    let payment = load_payment(office, payment_id).await?;
    if is_settled(&payment) {
        return Ok(Done::NotNeeded);
    }
    // A later inquiry has its time already: this one's answer leaves that as it is.
    let is_overtaken = payment
        .next_inquiry_at
        .is_some_and(|next| next > item.due_at);
    inquire_about(office, item, payment_id, &payment, is_overtaken).await
}

/// Asks a gateway about a payment out of turn: a notice or an operator wants it, whatever is known.
pub(crate) async fn ask_about(
    office: &impl Office,
    item: &Item,
    payment_id: PaymentId,
) -> Result<Done, Trouble> {
    let payment = load_payment(office, payment_id).await?;
    inquire_about(office, item, payment_id, &payment, true).await
}

async fn inquire_about(
    office: &impl Office,
    item: &Item,
    payment_id: PaymentId,
    payment: &RequestedPayment,
    out_of_turn: bool,
) -> Result<Done, Trouble> {
    let answer = match office.gateway(&payment.gateway) {
        Some(gateway) => ask(office, gateway.inquire(payment_id.uuid())).await?,
        None => unknown(UNKNOWN_GATEWAY),
    };
    let asked = Asked {
        out_of_turn,
        at: payment.revision,
    };
    if let GatewayAnswer::Unknown { reason } = &answer
        && !payment.is_being_asked()
        && !payment.was_given_up()
    {
        // No schedule asks about it: whoever wanted to know would never hear.
        if item.attempts < ASKED_AGAIN_MAX {
            return Err(Trouble::Later(format!("the gateway answers {reason}")));
        }
        tracing::error!(
            payment.id = %payment_id, gateway.name = payment.gateway, reason,
            "nobody has learned what a notice of payment {payment_id} meant: ask its company"
        );
    }
    settle_payment(office, item, payment_id, (answer, asked)).await
}

/// Asks a gateway to give a charge back, unless that is done by now.
pub(crate) async fn refund(
    office: &impl Office,
    item: &Item,
    payment_id: PaymentId,
    refund_id: RefundId,
) -> Result<Done, Trouble> {
    let payment = load_payment(office, payment_id).await?;
    let Some(refund) = payment.refund(refund_id) else {
        return Ok(Done::NotNeeded);
    };
    if refund.done {
        // By a try that ended before this.
        refund_accounts::wipe(office, refund).await?;
        return Ok(Done::NotNeeded);
    }
    if refund
        .next_attempt_at
        .is_some_and(|next| next > item.due_at)
    {
        // A later try has its time already.
        return Ok(Done::NotNeeded);
    }
    let Some(capture) = &payment.capture else {
        return Err(Trouble::Defect("a refund without a charge".to_owned()));
    };
    let destination = refund_accounts::destination(office, &payment, refund).await?;
    let request = |account| RefundRequest {
        payment_id: payment_id.uuid(),
        refund_id: refund_id.uuid(),
        key_round: refund.key_round,
        may_be_done: !item.is_first_try() || refund.next_attempt_at.is_some(),
        transaction_id: capture.gateway_transaction_id.clone(),
        amount_minor: refund.amount.amount(),
        // The same at every attempt: beside a refund of the whole charge there is no other.
        is_all_left: refund.amount == capture.amount,
        currency: refund.amount.currency().code().to_owned(),
        reason: reason_text(refund.reason).to_owned(),
        account,
    };
    let answer = match (office.gateway(&payment.gateway), destination) {
        (None, _) => not_done(UNKNOWN_GATEWAY.to_owned()),
        (Some(_), Destination::Untold) => not_done(ACCOUNT_NEEDED.to_owned()),
        (Some(gateway), Destination::Origin) => ask_refund(office, &gateway, request(None)).await?,
        (Some(gateway), Destination::Account(account)) => {
            ask_refund(office, &gateway, request(Some(account))).await?
        }
    };
    let is_done = answer == RefundAnswer::Done;
    let settle = SettleRefund {
        payment_id,
        refund_id,
        answer,
        now: office.now(),
        attempts: office.config().refund_schedule.to_retry_schedule(),
    };
    let settled = send(office, item, settle).await?;
    if is_done {
        refund_accounts::wipe(office, refund).await?;
    }
    Ok(settled)
}

/// How a gateway was asked about a payment.
#[derive(Clone, Copy)]
struct Asked {
    /// Beside the schedule.
    out_of_turn: bool,
    /// At this revision of the payment.
    at: u32,
}

impl Asked {
    /// To charge, or what became of that.
    const FIRST: Self = Self {
        out_of_turn: false,
        at: 0,
    };
}

/// Takes in what the gateway said about a payment.
async fn settle_payment(
    office: &impl Office,
    item: &Item,
    payment_id: PaymentId,
    (answer, asked): (GatewayAnswer, Asked),
) -> Result<Done, Trouble> {
    let now = office.now();
    let charged = matches!(answer, GatewayAnswer::Approved { .. });
    let settle = SettlePayment {
        payment_id,
        answer,
        refund_id: refund_id_of(payment_id),
        now,
        confirmation_due_at: office.config().confirmation_due_at(now),
        inquiries: office.config().inquiry_schedule.to_retry_schedule(),
        out_of_turn: asked.out_of_turn,
        asked_at: asked.at,
        deposit_window: office.config().deposit_window(),
    };
    match send(office, item, settle).await? {
        // Money was taken that no rule has a place for: a person must see it.
        Done::Refused if charged => Err(Trouble::Defect(format!(
            "the gateway charged for payment {payment_id}, and the charge was refused by a rule"
        ))),
        done => Ok(done),
    }
}

/// A payment that comes too late or wrong is given back once: the refund has one id, whichever answer
/// led to it.
fn refund_id_of(payment_id: PaymentId) -> RefundId {
    RefundId::new(Uuid::new_v5(&payment_id.uuid(), b"refund"))
}

pub(crate) async fn load_payment(
    office: &impl Office,
    payment_id: PaymentId,
) -> Result<RequestedPayment, Trouble> {
    let payment = office.load::<Payment>(payment_id).await?;
    let payment = payment.requested().cloned();
    payment.map_err(|error| Trouble::Defect(format!("payment {payment_id}: {error}")))
}

/// Whether all is known about a payment. One that was given up for lack of a record or a deposit is asked for
/// once more, later.
fn is_settled(payment: &RequestedPayment) -> bool {
    match payment.status {
        PaymentStatus::Pending | PaymentStatus::Unknown => false,
        PaymentStatus::Failed => !payment.was_given_up(),
        PaymentStatus::Succeeded
        | PaymentStatus::Cancelled
        | PaymentStatus::PartiallyRefunded
        | PaymentStatus::Refunded => true,
    }
}

/// Whether the order is unpaid, still in time, and waits for just this payment.
async fn order_waits(
    office: &impl Office,
    payment: &RequestedPayment,
    payment_id: PaymentId,
) -> Result<bool, Trouble> {
    let order = office.load::<Order>(payment.order_id).await?;
    Ok(order.placed().is_ok_and(|order| {
        order.status == OrderStatus::Pending
            && order.payment_id == Some(payment_id)
            && office.now() < order.payment_due_at
    }))
}

/// Waits for a gateway's answer about a payment.
pub(crate) async fn ask(
    office: &impl Office,
    question: impl Future<Output = GatewayReply> + Send,
) -> Result<GatewayAnswer, Trouble> {
    let reply = call(office, question).await?;
    reply.map_or_else(|| Ok(unknown(NO_ANSWER)), payment_answer)
}

async fn ask_refund(
    office: &impl Office,
    gateway: &Arc<dyn PaymentGateway>,
    request: RefundRequest,
) -> Result<RefundAnswer, Trouble> {
    let round = request.key_round;
    let reply = call(office, gateway.refund(request)).await?;
    Ok(match reply {
        Some(RefundReply::Done { .. }) => RefundAnswer::Done,
        Some(RefundReply::Refused { code, .. }) => RefundAnswer::Refused { code, round },
        Some(RefundReply::NotAttempted { reason }) => return Err(not_attempted(&reason)),
        Some(RefundReply::Unknown { reason }) => not_done(reason),
        Some(RefundReply::Unsupported) => not_done(UNSUPPORTED.to_owned()),
        None => not_done(NO_ANSWER.to_owned()),
    })
}

/// Calls a gateway, and waits for it, not for ever.
pub(crate) async fn call<T: Send>(
    office: &impl Office,
    question: impl Future<Output = T> + Send,
) -> Result<Option<T>, Trouble> {
    if !office.is_live() {
        return Err(Trouble::LeaseLost);
    }
    failpoint!("processes.gateway.before");
    let reply = office.within(CALL_MAX, question).await;
    failpoint!("processes.gateway.after");
    Ok(reply)
}

fn not_done(reason: String) -> RefundAnswer {
    RefundAnswer::NotDone { reason }
}

/// For the gateway's records.
fn reason_text(reason: RefundReason) -> &'static str {
    match reason {
        RefundReason::OrderCancelled => "order cancelled",
        RefundReason::LateSuccess => "charged after the order was cancelled",
        RefundReason::AmountMismatch => "another amount was charged than asked for",
        RefundReason::Requested => "refund requested",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payment_has_one_refund_whichever_answer_leads_to_it() {
        let payment_id = PaymentId::new(Uuid::now_v7());
        assert_eq!(refund_id_of(payment_id), refund_id_of(payment_id));
        let other = PaymentId::new(Uuid::now_v7());
        assert_ne!(refund_id_of(payment_id), refund_id_of(other));
    }
}
