//! `main.order_payment_mapping` and `main.payment_states`: which transactions an order has, and where its payment
//! stands. The ids are nobody's secret: a state has its order's, a mapping its transaction's, so that the same
//! events make the same rows.
//!
//! Before a payment was asked for, the order says what is to be paid; from then on the newest payment says where
//! it stands, in the API's words.

mod rows;
mod states;

use std::collections::BTreeSet;

use async_trait::async_trait;
use domain::DomainEvent;
use domain::order::OrderEvent;
use sqlx::PgConnection;
use uuid::Uuid;

use self::rows::MappingRow;
use self::states::States;
use crate::book::{Book, Event};
use crate::error::LedgerError;
use crate::movement::{Status, movement};

/// The order service's book.
pub(crate) struct OrderPaymentBook;

#[async_trait]
impl Book for OrderPaymentBook {
    fn name(&self) -> &'static str {
        "order_payments"
    }

    fn schema(&self) -> &'static str {
        "main"
    }

    fn wants(&self, aggregate_type: &str) -> bool {
        ["order", "payment"].contains(&aggregate_type)
    }

    async fn apply(
        &self,
        transaction: &mut PgConnection,
        events: &[Event],
    ) -> Result<(), LedgerError> {
        let mut states = States::of(rows::load(transaction, touched(events)?).await?);
        let mut mappings = Vec::new();
        for event in events {
            match &*event.event {
                DomainEvent::Order(order_event) => states.order(event.id()?, order_event)?,
                DomainEvent::Payment(payment_event) => {
                    states.payment(event.id()?, payment_event)?;
                    mappings.extend(mapping(event)?);
                }
                DomainEvent::Inventory(_)
                | DomainEvent::CouponPool(_)
                | DomainEvent::PaymentMethod(_)
                | DomainEvent::Points(_)
                | DomainEvent::Product(_) => {}
            }
        }
        rows::add_orders(transaction, states.begun()).await?;
        rows::save_states(transaction, &states.changed()).await?;
        rows::save_mappings(transaction, mappings).await
    }

    async fn clear(&self, transaction: &mut PgConnection) -> Result<(), LedgerError> {
        rows::clear(transaction).await
    }
}

/// The orders whose state a batch may change.
fn touched(events: &[Event]) -> Result<BTreeSet<Uuid>, LedgerError> {
    let mut orders = BTreeSet::new();
    for event in events {
        match &*event.event {
            // Nothing is known of it before.
            DomainEvent::Order(OrderEvent::OrderPlaced { .. }) => {}
            DomainEvent::Order(_) => {
                orders.insert(event.id()?);
            }
            DomainEvent::Payment(payment_event) => {
                let moved = movement(event.id()?, payment_event);
                orders.extend(moved.and_then(|moved| moved.order_id));
            }
            DomainEvent::Inventory(_)
            | DomainEvent::CouponPool(_)
            | DomainEvent::PaymentMethod(_)
            | DomainEvent::Points(_)
            | DomainEvent::Product(_) => {}
        }
    }
    Ok(orders)
}

/// The mapping as an event leaves it; none when it does not change.
fn mapping(event: &Event) -> Result<Option<MappingRow>, LedgerError> {
    let DomainEvent::Payment(payment_event) = &*event.event else {
        return Ok(None);
    };
    let Some(movement) = movement(event.id()?, payment_event) else {
        return Ok(None);
    };
    // A return of money that is tried again was pending before.
    let Some(order_id) = movement.order_id else {
        return Ok(None);
    };
    let status = movement.step.status();
    Ok(Some(MappingRow {
        transaction_id: movement.id,
        order_id,
        status,
        confirmed_at: (status == Status::Success).then(|| event.at()),
    }))
}
