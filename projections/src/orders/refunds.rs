//! What an event makes of an order's refunds.

use std::collections::BTreeSet;

use domain::DomainEvent;
use domain::order::OrderEvent;
use uuid::Uuid;

use super::rows::{RefundItemRow, RefundRow, pieces};
use crate::error::ProjectionError;
use crate::memory::Tables;
use crate::projector::{Event, missing};
use crate::table::Rows;

/// Refunds by their order and their own id.
pub(super) type Refunds = Rows<(Uuid, Uuid), RefundRow>;

/// The refunds that a batch completes.
pub(super) async fn load(
    tables: &mut Tables<'_>,
    events: &[Event],
) -> Result<Refunds, ProjectionError> {
    let mut orders = BTreeSet::new();
    for event in events {
        if matches!(
            &*event.event,
            DomainEvent::Order(OrderEvent::OrderRefunded { .. })
        ) {
            orders.insert(event.id::<Uuid>()?);
        }
    }
    Rows::load(tables, orders, |row: &RefundRow| (row.order_id, row.id)).await
}

/// Takes an event in; the items of a refund that it begins are new rows.
pub(super) fn fold(
    refunds: &mut Refunds,
    order_id: Uuid,
    event: &Event,
    order_event: &OrderEvent,
) -> Result<Vec<RefundItemRow>, ProjectionError> {
    match order_event {
        OrderEvent::OrderRefundStarted {
            refund_id,
            payment_id,
            amount,
            points,
            lines,
            restock,
            reason,
        } => {
            let refund_id = refund_id.uuid();
            let row = RefundRow {
                order_id,
                id: refund_id,
                payment_id: payment_id.uuid(),
                status: "PENDING".to_owned(),
                amount: amount.amount(),
                points: *points,
                restocks: *restock,
                reason: reason.clone(),
                requested_at: event.at(),
                completed_at: None,
            };
            refunds.add((order_id, refund_id), row);
            let items = lines.iter().map(|line| {
                Ok(RefundItemRow {
                    order_id,
                    refund_id,
                    order_item_id: line.order_item_id.uuid(),
                    quantity: pieces(line.quantity)?,
                    amount: line.amount.amount(),
                    points: line.points,
                })
            });
            items.collect()
        }
        OrderEvent::OrderRefunded { refund_id, .. } => {
            let refund_id = refund_id.uuid();
            let row = refunds.change(&(order_id, refund_id));
            let row = row.ok_or_else(|| missing("refund", refund_id))?;
            "SUCCEEDED".clone_into(&mut row.status);
            row.completed_at = Some(event.at());
            Ok(vec![])
        }
        OrderEvent::OrderPlaced { .. }
        | OrderEvent::OrderDiscounted { .. }
        | OrderEvent::OrderPointsApplied { .. }
        | OrderEvent::OrderPaymentStarted { .. }
        | OrderEvent::OrderPaid { .. }
        | OrderEvent::OrderConfirmed {}
        | OrderEvent::OrderShipped {}
        | OrderEvent::OrderDelivered {}
        | OrderEvent::OrderCancelled { .. } => Ok(vec![]),
    }
}
