//! One row an order: where its payment stands.
//!
//! Two streams write it, and one of them may be parked for a while and replayed later. So each has its
//! own part: until a payment was asked for the order says what is to be paid, from then on the payment
//! says everything. In whichever order the two streams are taken in, the row ends the same.

use domain::Money;
use domain::order::OrderEvent;
use domain::payment::{PaymentEvent, PaymentStatus};
use uuid::Uuid;

use super::rows::PaymentStateRow;
use crate::error::ProjectionError;
use crate::projector::{Event, missing};
use crate::table::Rows;

type States = Rows<Uuid, PaymentStateRow>;

pub(super) fn of_order(
    states: &mut States,
    order_id: Uuid,
    event: &Event,
    order_event: &OrderEvent,
) -> Result<(), ProjectionError> {
    if let OrderEvent::OrderPlaced { user_id, total, .. } = order_event {
        let make = || begun(order_id, user_id.to_string(), *total, event);
        states.change_or(&order_id, make);
        return Ok(());
    }
    let row = states
        .change(&order_id)
        .ok_or_else(|| missing("order", order_id))?;
    if row.last_transaction_id.is_some() {
        return Ok(());
    }
    match order_event {
        OrderEvent::OrderDiscounted { total, .. } => row.payment_amount = total.amount(),
        OrderEvent::OrderPointsApplied { payable, .. } => row.payment_amount = payable.amount(),
        OrderEvent::OrderCancelled { .. } => set(row, PaymentStatus::Cancelled),
        OrderEvent::OrderPlaced { .. }
        | OrderEvent::OrderPaymentStarted { .. }
        | OrderEvent::OrderPaid { .. }
        | OrderEvent::OrderRefundStarted { .. }
        | OrderEvent::OrderRefunded { .. }
        | OrderEvent::OrderConfirmed {}
        | OrderEvent::OrderShipped {}
        | OrderEvent::OrderDelivered {} => return Ok(()),
    }
    row.last_updated_at = event.at();
    Ok(())
}

pub(super) fn of_payment(
    states: &mut States,
    payment_id: Uuid,
    event: &Event,
    payment_event: &PaymentEvent,
) -> Result<(), ProjectionError> {
    let Some(order_id) = order_id(payment_event) else {
        return Ok(());
    };
    if let PaymentEvent::PaymentRequested {
        user_id, amount, ..
    } = payment_event
    {
        let make = || begun(order_id, user_id.to_string(), *amount, event);
        let row = states.change_or(&order_id, make);
        set(row, PaymentStatus::Pending);
        row.payment_amount = amount.amount();
        row.last_transaction_id = Some(payment_id);
        row.last_updated_at = event.at();
        return Ok(());
    }
    let row = states
        .change(&order_id)
        .ok_or_else(|| missing("payment of order", order_id))?;
    match payment_event {
        PaymentEvent::PaymentRequested { .. }
        | PaymentEvent::PaymentRefundDelayed { .. }
        | PaymentEvent::PaymentInquiryRequested { .. }
        | PaymentEvent::PaymentReviewRequired { .. } => {}
        PaymentEvent::PaymentDepositAwaited { .. } => set(row, PaymentStatus::Pending),
        PaymentEvent::PaymentOutcomeUnknown { .. } => set(row, PaymentStatus::Unknown),
        PaymentEvent::PaymentSucceeded { amount, .. } => {
            set(row, PaymentStatus::Succeeded);
            row.paid_amount = amount.amount();
        }
        PaymentEvent::PaymentFailed { .. } => set(row, PaymentStatus::Failed),
        PaymentEvent::PaymentMismatched { charged, .. } => {
            set(row, PaymentStatus::Failed);
            row.paid_amount = in_currency(row, *charged);
        }
        PaymentEvent::PaymentRefundRequested { .. } => {}
        PaymentEvent::PaymentRefunded {
            amount,
            reason,
            others_remain,
            ..
        } => {
            row.refunded_amount = row
                .refunded_amount
                .saturating_add(in_currency(row, *amount));
            let money_is_back = row.refunded_amount >= row.paid_amount;
            set(row, reason.status_after(money_is_back && !others_remain));
        }
    }
    row.last_updated_at = event.at();
    Ok(())
}

/// The order that a payment's event names; all do that change where the payment stands.
pub(super) fn order_id(event: &PaymentEvent) -> Option<Uuid> {
    match event {
        PaymentEvent::PaymentRequested { order_id, .. }
        | PaymentEvent::PaymentOutcomeUnknown { order_id, .. }
        | PaymentEvent::PaymentSucceeded { order_id, .. }
        | PaymentEvent::PaymentFailed { order_id, .. }
        | PaymentEvent::PaymentMismatched { order_id, .. }
        | PaymentEvent::PaymentRefundRequested { order_id, .. }
        | PaymentEvent::PaymentRefunded { order_id, .. }
        | PaymentEvent::PaymentDepositAwaited { order_id, .. } => Some(order_id.uuid()),
        PaymentEvent::PaymentRefundDelayed { .. }
        | PaymentEvent::PaymentInquiryRequested { .. }
        | PaymentEvent::PaymentReviewRequired { .. } => None,
    }
}

fn begun(order_id: Uuid, user_id: String, amount: Money, event: &Event) -> PaymentStateRow {
    PaymentStateRow {
        order_id,
        user_id,
        current_status: PaymentStatus::Pending.as_str().to_owned(),
        currency: amount.currency().code().to_owned(),
        payment_amount: amount.amount(),
        paid_amount: 0,
        refunded_amount: 0,
        last_transaction_id: None,
        last_updated_at: event.at(),
    }
}

fn set(row: &mut PaymentStateRow, status: PaymentStatus) {
    status.as_str().clone_into(&mut row.current_status);
}

/// A charge in a foreign currency is no part of what was paid; `payments` tells all of it.
fn in_currency(row: &PaymentStateRow, amount: Money) -> i64 {
    if amount.currency().code() == row.currency {
        amount.amount()
    } else {
        0
    }
}
