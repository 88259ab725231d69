//! Payments, and where each order's payment stands (PAY-04, U-03).

mod fold;
mod refunds;
mod rows;
mod states;

use std::collections::BTreeSet;

use async_trait::async_trait;
use domain::DomainEvent;
use domain::order::OrderEvent;
use domain::payment::PaymentEvent;
use uuid::Uuid;

use crate::error::ProjectionError;
use crate::memory::Tables;
use crate::projector::{Event, Projector, Table};
use crate::table::Rows;
use rows::{PaymentRow, PaymentStateRow};

/// Folds the events of payments, and of orders as far as they say what is to be paid.
pub(crate) struct Payments;

#[async_trait]
impl Projector for Payments {
    fn name(&self) -> &'static str {
        "payments"
    }

    fn version(&self) -> i32 {
        3
    }

    fn wants(&self) -> &'static [&'static str] {
        &[
            "OrderPlaced",
            "OrderDiscounted",
            "OrderCancelled",
            "OrderPointsApplied",
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
                Table::public("payments"),
                Table::public("payment_refunds"),
                Table::public("payment_states"),
            ]
        }
    }

    async fn apply(
        &self,
        tables: &mut Tables<'_>,
        events: &[Event],
    ) -> Result<(), ProjectionError> {
        let (payment_ids, order_ids) = touched(events)?;
        let mut payments = Rows::load(tables, payment_ids, |row: &PaymentRow| row.id).await?;
        let mut refunds = refunds::load(tables, events).await?;
        let key = |row: &PaymentStateRow| row.order_id;
        let mut states = Rows::load(tables, order_ids, key).await?;
        for event in events {
            match &*event.event {
                DomainEvent::Payment(payment_event) => {
                    fold::fold(&mut payments, event.id()?, event, payment_event)?;
                    refunds::fold(&mut refunds, event.id()?, event, payment_event)?;
                    states::of_payment(&mut states, event.id()?, event, payment_event)?;
                }
                DomainEvent::Order(order_event) => {
                    states::of_order(&mut states, event.id()?, event, order_event)?;
                }
                DomainEvent::Inventory(_)
                | DomainEvent::CouponPool(_)
                | DomainEvent::PaymentMethod(_)
                | DomainEvent::Points(_)
                | DomainEvent::Product(_) => {}
            }
        }
        payments.save(tables).await?;
        refunds.save(tables).await?;
        states.save(tables).await?;
        Ok(())
    }
}

/// The payments and the orders whose rows a batch may change and did not itself begin. A row of
/// `payment_states` may be begun by either stream, so it is always looked for.
fn touched(events: &[Event]) -> Result<(BTreeSet<Uuid>, BTreeSet<Uuid>), ProjectionError> {
    let (mut payments, mut orders) = (BTreeSet::new(), BTreeSet::new());
    for event in events {
        match &*event.event {
            DomainEvent::Payment(payment_event) => {
                orders.extend(states::order_id(payment_event));
                if !matches!(payment_event, PaymentEvent::PaymentRequested { .. }) {
                    payments.insert(event.id::<Uuid>()?);
                }
            }
            DomainEvent::Order(
                OrderEvent::OrderPlaced { .. }
                | OrderEvent::OrderDiscounted { .. }
                | OrderEvent::OrderPointsApplied { .. }
                | OrderEvent::OrderCancelled { .. },
            ) => {
                orders.insert(event.id::<Uuid>()?);
            }
            DomainEvent::Order(_)
            | DomainEvent::Inventory(_)
            | DomainEvent::CouponPool(_)
            | DomainEvent::PaymentMethod(_)
            | DomainEvent::Points(_)
            | DomainEvent::Product(_) => {}
        }
    }
    Ok((payments, orders))
}
