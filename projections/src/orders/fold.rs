//! What an event makes of an order's row.

use domain::order::{CancelReason, Discount, OrderEvent, OrderLine, OrderStatus};
use domain::payment::PaymentEvent;
use domain::{Money, UserId};
use uuid::Uuid;

use super::rows::OrderRow;
use crate::error::ProjectionError;
use crate::projector::{Event, missing};
use crate::table::Rows;

pub(super) fn fold(
    orders: &mut Rows<Uuid, OrderRow>,
    order_id: Uuid,
    event: &Event,
    order_event: &OrderEvent,
) -> Result<(), ProjectionError> {
    if let OrderEvent::OrderPlaced {
        user_id,
        lines,
        subtotal,
        discount,
        total,
        payment_due_at,
    } = order_event
    {
        let mut row = placed(order_id, event, user_id, lines, *subtotal, *total)?;
        row.payment_due_at = *payment_due_at;
        take_off(&mut row, discount.as_ref());
        if !orders.add(order_id, row) {
            return Err(ProjectionError::Poison(format!(
                "order {order_id} is there already"
            )));
        }
        return Ok(());
    }
    let row = orders
        .change(&order_id)
        .ok_or_else(|| missing("order", order_id))?;
    row.updated_at = event.at();
    row.version = event.version()?;
    change(row, event, order_event);
    Ok(())
}

/// An order waits as long as an account is open that its buyer may pay into. Its version stays: nothing
/// happened to the order itself.
pub(super) fn of_payment(
    orders: &mut Rows<Uuid, OrderRow>,
    payment_event: &PaymentEvent,
) -> Result<(), ProjectionError> {
    if let PaymentEvent::PaymentDepositAwaited {
        order_id, account, ..
    } = payment_event
    {
        let row = orders.change(&order_id.uuid());
        let row = row.ok_or_else(|| missing("order", order_id.uuid()))?;
        row.payment_due_at = row.payment_due_at.max(account.until);
    }
    Ok(())
}

fn placed(
    order_id: Uuid,
    event: &Event,
    user_id: &UserId,
    lines: &[OrderLine],
    subtotal: Money,
    total: Money,
) -> Result<OrderRow, ProjectionError> {
    let item_count = i32::try_from(lines.len())
        .map_err(|_| ProjectionError::Poison(format!("{} items are too many", lines.len())))?;
    Ok(OrderRow {
        id: order_id,
        user_id: user_id.to_string(),
        status: OrderStatus::Pending.as_str().to_owned(),
        currency: total.currency().code().to_owned(),
        subtotal_amount: subtotal.amount(),
        discount_amount: 0,
        total_amount: total.amount(),
        points: 0,
        refunded_amount: 0,
        refunded_points: 0,
        item_count,
        coupon_code: None,
        payment_id: None,
        payment_due_at: event.at(),
        confirmation_due_at: None,
        paid_at: None,
        confirmed_at: None,
        shipped_at: None,
        delivered_at: None,
        cancelled_at: None,
        cancel_kind: None,
        cancel_code: None,
        cancel_reason: None,
        created_at: event.at(),
        updated_at: event.at(),
        version: event.version()?,
    })
}

fn take_off(row: &mut OrderRow, discount: Option<&Discount>) {
    row.discount_amount = discount.map_or(0, |discount| discount.amount.amount());
    row.coupon_code = discount.map(|discount| discount.code.to_string());
}

fn change(row: &mut OrderRow, event: &Event, order_event: &OrderEvent) {
    match order_event {
        OrderEvent::OrderPlaced { .. } => {}
        OrderEvent::OrderDiscounted { discount, total } => {
            take_off(row, Some(discount));
            row.total_amount = total.amount();
        }
        OrderEvent::OrderPointsApplied { points, .. } => row.points = *points,
        OrderEvent::OrderRefundStarted { .. } => {}
        OrderEvent::OrderRefunded { amount, points, .. } => {
            row.refunded_amount = row.refunded_amount.saturating_add(amount.amount());
            row.refunded_points = row.refunded_points.saturating_add(*points);
        }
        OrderEvent::OrderPaymentStarted { payment_id } => row.payment_id = Some(payment_id.uuid()),
        OrderEvent::OrderPaid {
            payment_id,
            confirmation_due_at,
        } => {
            set_status(row, OrderStatus::Paid);
            row.payment_id = Some(payment_id.uuid());
            row.confirmation_due_at = Some(*confirmation_due_at);
            row.paid_at = Some(event.at());
        }
        OrderEvent::OrderConfirmed {} => {
            set_status(row, OrderStatus::Confirmed);
            row.confirmed_at = Some(event.at());
        }
        OrderEvent::OrderShipped {} => {
            set_status(row, OrderStatus::Shipped);
            row.shipped_at = Some(event.at());
        }
        OrderEvent::OrderDelivered {} => {
            set_status(row, OrderStatus::Delivered);
            row.delivered_at = Some(event.at());
        }
        OrderEvent::OrderCancelled {
            reason,
            was_paid: _,
        } => {
            set_status(row, OrderStatus::Cancelled);
            row.cancelled_at = Some(event.at());
            row.cancel_kind = Some(cancel_kind(reason).to_owned());
            match reason {
                CancelReason::PaymentFailed { code } => row.cancel_code = Some(code.clone()),
                CancelReason::Requested { reason } => row.cancel_reason = Some(reason.clone()),
                CancelReason::PaymentTimedOut => {}
            }
        }
    }
}

fn set_status(row: &mut OrderRow, status: OrderStatus) {
    status.as_str().clone_into(&mut row.status);
}

/// Why an order was cancelled, in a word.
pub(crate) fn cancel_kind(reason: &CancelReason) -> &'static str {
    match reason {
        CancelReason::PaymentFailed { .. } => "PAYMENT_FAILED",
        CancelReason::PaymentTimedOut => "PAYMENT_TIMED_OUT",
        CancelReason::Requested { .. } => "REQUESTED",
    }
}
