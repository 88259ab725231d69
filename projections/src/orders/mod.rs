//! Orders, their items and their history (O-02, O-05, U-01).

mod fold;
mod history;
mod refunds;
mod rows;

use std::collections::BTreeSet;

use async_trait::async_trait;
use domain::DomainEvent;
use domain::order::OrderEvent;
use domain::payment::PaymentEvent;
use uuid::Uuid;

use crate::error::ProjectionError;
use crate::memory::Tables;
use crate::projector::{Event, Projector, Table, missing};
use crate::table::{self, Rows};
pub(crate) use fold::cancel_kind;
use rows::{ItemRow, OrderPaymentRow, OrderRow};

/// Folds the events of orders, and of their payments into the history.
pub(crate) struct Orders;

#[async_trait]
impl Projector for Orders {
    fn name(&self) -> &'static str {
        "orders"
    }

    fn version(&self) -> i32 {
        3
    }

    fn wants(&self) -> &'static [&'static str] {
        &[
            "OrderPlaced",
            "OrderDiscounted",
            "OrderPaymentStarted",
            "OrderPaid",
            "OrderConfirmed",
            "OrderShipped",
            "OrderDelivered",
            "OrderCancelled",
            "OrderPointsApplied",
            "OrderRefundStarted",
            "OrderRefunded",
            "PaymentRequested",
            "PaymentOutcomeUnknown",
            "PaymentSucceeded",
            "PaymentFailed",
            "PaymentMismatched",
            "PaymentRefundRequested",
            "PaymentRefundDelayed",
            "PaymentRefunded",
            "PaymentDepositAwaited",
            "PaymentInquiryRequested",
            "PaymentReviewRequired",
        ]
    }

    fn schema(&self) -> &'static str {
        include_str!("schema.sql")
    }

    fn tables(&self) -> &'static [Table] {
        const {
            &[
                Table::public("orders"),
                Table::public("order_items"),
                Table::public("order_refunds"),
                Table::public("order_refund_items"),
                Table::public("order_history"),
                Table::inner("order_payments"),
            ]
        }
    }

    async fn apply(
        &self,
        tables: &mut Tables<'_>,
        events: &[Event],
    ) -> Result<(), ProjectionError> {
        let mut orders = load_orders(tables, events).await?;
        let mut payments = load_payments(tables, events).await?;
        let mut refunds = refunds::load(tables, events).await?;
        let (mut items, mut refund_items) = (Vec::new(), Vec::new());
        let mut history = Vec::with_capacity(events.len());
        for event in events {
            let order_id = match &*event.event {
                DomainEvent::Order(order_event) => {
                    let order_id = event.id()?;
                    fold::fold(&mut orders, order_id, event, order_event)?;
                    items.extend(rows::items(order_id, order_event)?);
                    let taken = refunds::fold(&mut refunds, order_id, event, order_event)?;
                    refund_items.extend(taken);
                    order_id
                }
                DomainEvent::Payment(payment_event) => {
                    fold::of_payment(&mut orders, payment_event)?;
                    order_of(&mut payments, event.id()?, payment_event)?
                }
                DomainEvent::Inventory(_)
                | DomainEvent::CouponPool(_)
                | DomainEvent::PaymentMethod(_)
                | DomainEvent::Points(_)
                | DomainEvent::Product(_) => continue,
            };
            history.push(history::row(order_id, event)?);
        }
        orders.save(tables).await?;
        payments.save(tables).await?;
        refunds.save(tables).await?;
        table::insert::<ItemRow>(tables, &items).await?;
        table::insert(tables, &refund_items).await?;
        table::insert(tables, &history).await?;
        Ok(())
    }
}

async fn load_orders(
    tables: &mut Tables<'_>,
    events: &[Event],
) -> Result<Rows<Uuid, OrderRow>, ProjectionError> {
    let mut known = BTreeSet::new();
    for event in events {
        let placed = matches!(
            &*event.event,
            DomainEvent::Order(OrderEvent::OrderPlaced { .. })
        );
        if matches!(&*event.event, DomainEvent::Order(_)) && !placed {
            known.insert(event.id::<Uuid>()?);
        }
        if let DomainEvent::Payment(PaymentEvent::PaymentDepositAwaited { order_id, .. }) =
            &*event.event
        {
            known.insert(order_id.uuid());
        }
    }
    Rows::load(tables, known, |order: &OrderRow| order.id).await
}

async fn load_payments(
    tables: &mut Tables<'_>,
    events: &[Event],
) -> Result<Rows<Uuid, OrderPaymentRow>, ProjectionError> {
    let mut known = BTreeSet::new();
    for event in events {
        if matches!(
            &*event.event,
            DomainEvent::Payment(PaymentEvent::PaymentRefundDelayed { .. })
        ) {
            known.insert(event.id::<Uuid>()?);
        }
    }
    let key = |payment: &OrderPaymentRow| payment.payment_id;
    Rows::load(tables, known, key).await
}

/// The order that a payment's event concerns; remembered, because one kind of event does not name it.
fn order_of(
    payments: &mut Rows<Uuid, OrderPaymentRow>,
    payment_id: Uuid,
    event: &PaymentEvent,
) -> Result<Uuid, ProjectionError> {
    match event {
        PaymentEvent::PaymentRequested { order_id, .. } => {
            let order_id = order_id.uuid();
            payments.add(
                payment_id,
                OrderPaymentRow {
                    payment_id,
                    order_id,
                },
            );
            Ok(order_id)
        }
        PaymentEvent::PaymentOutcomeUnknown { order_id, .. }
        | PaymentEvent::PaymentSucceeded { order_id, .. }
        | PaymentEvent::PaymentFailed { order_id, .. }
        | PaymentEvent::PaymentMismatched { order_id, .. }
        | PaymentEvent::PaymentRefundRequested { order_id, .. }
        | PaymentEvent::PaymentRefunded { order_id, .. }
        | PaymentEvent::PaymentDepositAwaited { order_id, .. }
        | PaymentEvent::PaymentInquiryRequested { order_id, .. }
        | PaymentEvent::PaymentReviewRequired { order_id, .. } => Ok(order_id.uuid()),
        PaymentEvent::PaymentRefundDelayed { .. } => payments
            .get(&payment_id)
            .map(|payment| payment.order_id)
            .ok_or_else(|| missing("payment", payment_id)),
    }
}
