//! What each action does: a command, sometimes after a question to a gateway.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use domain::checkout::{ConfirmOrder, ExpireOrder};
use domain::coupon_pool::CloseCouponPool;
use domain::order::{Order, OrderStatus};
use domain::points::ExpirePoints;
use domain::{Action, LotId, Operation, OrderId};
use event_store::{Command, CommandId, Context, ExecuteError, Fingerprint};
use failpoints::failpoint;
use uuid::Uuid;

use crate::fate::Trouble;
use crate::gateway_calls;
use crate::item::Item;
use crate::method_calls;
use crate::office::Office;

/// Who the events of a saga's step say has asked.
const PRINCIPAL: &str = "processes";
/// A command is sent so often before its row waits for another turn: what a gateway said need not be
/// asked for again only because the store was busy for a moment.
const SENDS_MAX: u32 = 3;
/// The first wait between two sends; it doubles.
const SEND_WAIT_MS: u64 = 100;

/// How an action ended well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Done {
    /// Its command was carried out, now or before.
    Accepted,
    /// A rule of the business refused its command: the world has gone on, and that is an end too.
    Refused,
    /// Nothing was left to do.
    NotNeeded,
}

/// Does an action. Repeated after a crash it has no further effect.
///
/// # Errors
/// It is not done: see [`Trouble`].
pub async fn execute(office: &impl Office, item: &Item) -> Result<Done, Trouble> {
    match &item.action {
        Action::ConfirmPayment(request) => gateway_calls::confirm(office, item, request).await,
        Action::InquirePayment { payment_id } => {
            gateway_calls::inquire(office, item, *payment_id).await
        }
        Action::AskAboutPayment { payment_id } => {
            gateway_calls::ask_about(office, item, *payment_id).await
        }
        Action::RefundPayment {
            payment_id,
            refund_id,
        } => gateway_calls::refund(office, item, *payment_id, *refund_id).await,
        Action::ConfirmOrder { order_id } => {
            let confirm = ConfirmOrder {
                order_id: *order_id,
                lot_id: lot_id_of(item),
                earning: office.config().earning,
                now: when_due(office, item),
            };
            send(office, item, confirm).await
        }
        Action::ExpireOrder { order_id } => expire_order(office, item, *order_id).await,
        Action::CloseCouponPool { pool_id } => {
            let (pool_id, now) = (*pool_id, when_due(office, item));
            send(office, item, CloseCouponPool { pool_id, now }).await
        }
        Action::ExpirePoints { user_id, lot_id } => {
            let expire = ExpirePoints {
                user_id: user_id.clone(),
                lot_id: *lot_id,
                now: when_due(office, item),
            };
            send(office, item, expire).await
        }
        Action::RegisterMethod { user_id, method_id } => {
            method_calls::register(office, item, user_id, *method_id).await
        }
        Action::EraseMethod { user_id, method_id } => {
            method_calls::erase(office, item, user_id, *method_id).await
        }
    }
}

/// The lot of an order that confirms itself: from the action's id, so that a repeat makes no other.
fn lot_id_of(item: &Item) -> LotId {
    LotId::new(Uuid::new_v5(&item.action_id, b"lot"))
}

/// Most orders are paid in time, so the order is looked at first: a look is cheaper than a command that
/// does nothing, and leaves nothing in the table of commands. The command itself judges again.
async fn expire_order(
    office: &impl Office,
    item: &Item,
    order_id: OrderId,
) -> Result<Done, Trouble> {
    let order = office.load::<Order>(order_id).await?;
    let is_open = order
        .placed()
        .is_ok_and(|order| order.status == OrderStatus::Pending);
    if !is_open {
        return Ok(Done::NotNeeded);
    }
    let now = when_due(office, item);
    send(office, item, ExpireOrder { order_id, now }).await
}

/// The moment of a timer's command: now, but never before the timer's own. A clock that was set back after
/// the timer had fired would make the command do nothing, and nobody would ask again. A microsecond more,
/// because the table keeps no finer part of the moment that the event named.
fn when_due(office: &impl Office, item: &Item) -> DateTime<Utc> {
    let due = item.due_at + TimeDelta::microseconds(1);
    office.now().max(due)
}

/// Sends an action's command. Its id follows from the action's, and its fingerprint from nothing else: the
/// gateway may answer a repeated call in other words, and the first answer that was written counts.
pub(crate) async fn send(
    office: &impl Office,
    item: &Item,
    operation: impl Operation + 'static,
) -> Result<Done, Trouble> {
    let id = CommandId::new(item.action_id).derived("outcome");
    let fingerprint = Fingerprint::of(&[item.action_id.as_bytes()]);
    let context = Context {
        principal: PRINCIPAL.to_owned(),
        correlation_id: item.correlation_id,
        causation_id: Some(item.causation_id),
        occurred_at: office.now(),
    };
    let command = Command::new(id, fingerprint, operation, context);
    let command = command.fenced_by(office.fence());
    failpoint!("processes.settle.before");
    let mut sends = 1;
    let outcome = loop {
        if !office.is_live() {
            return Err(Trouble::LeaseLost);
        }
        match office.execute(command.clone()).await {
            Ok(outcome) => break outcome,
            Err(
                ExecuteError::Busy { .. }
                | ExecuteError::Contended { .. }
                | ExecuteError::Unavailable { .. },
            ) if sends < SENDS_MAX => {
                let wait = Duration::from_millis(SEND_WAIT_MS << sends);
                office.pause(wait).await;
                sends += 1;
            }
            Err(error) => return Err(error.into()),
        }
    };
    failpoint!("processes.settle.after");
    let (name, action_id) = (item.name.as_str(), item.action_id);
    if outcome.status < 400 {
        tracing::debug!(
            action.id = %action_id, action.name = name, correlation.id = %item.correlation_id,
            log.position = outcome.position, replayed = outcome.replayed,
            "processes: {name} {action_id} is done"
        );
        return Ok(Done::Accepted);
    }
    tracing::info!(
        action.id = %action_id, action.name = name, correlation.id = %item.correlation_id,
        answer = outcome.body, replayed = outcome.replayed,
        "processes: {name} {action_id} was refused by a rule: {}", outcome.body
    );
    Ok(Done::Refused)
}
