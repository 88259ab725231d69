//! `main.order_payment_mapping` and `main.payment_states`: which transactions an order has, and where its payment
//! stands. The ids are nobody's secret: a state has its order's, a mapping its transaction's, so that the same
//! events make the same rows.
//!
//! Before a payment was asked for, the order says what is to be paid; from then on the newest payment says where
//! it stands, in the API's words.

mod fold;
mod rows;
mod states;

use std::collections::BTreeSet;

use async_trait::async_trait;
use domain::DomainEvent;
use domain::order::OrderEvent;
use sqlx::PgConnection;
use uuid::Uuid;

pub(crate) use self::fold::OrderPayments;
pub(crate) use self::rows::{MAPPING_COLUMNS, MappingRow, STATE_COLUMNS, StateRow};
use crate::book::{Book, Event};
use crate::error::LedgerError;
use crate::movement::movement;

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
        let known = rows::load(transaction, touched(events)?).await?;
        let mut payments = OrderPayments::of(known);
        for event in events {
            payments.take(event)?;
        }
        rows::add_orders(transaction, payments.begun()).await?;
        rows::save_states(transaction, &payments.changed_states()?).await?;
        rows::save_mappings(transaction, &payments.mappings()).await
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
