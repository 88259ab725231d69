//! `main.user_payment_method_mapping`: which saved payment methods a user has. A row is there from the moment that
//! its key was kept, and stays when the method is deleted. Its id is the method's, so that the same events make the
//! same rows. Registrations on their way, and those that failed, are no rows.

mod fold;
mod rows;

use std::collections::BTreeSet;

use async_trait::async_trait;
use domain::DomainEvent;
use sqlx::PgConnection;

pub(crate) use self::fold::Methods;
pub(crate) use self::rows::{COLUMNS, MethodRow};
use crate::book::{Book, Event};
use crate::error::LedgerError;

/// The order service's book of users' methods.
pub(crate) struct UserMethodBook;

#[async_trait]
impl Book for UserMethodBook {
    fn name(&self) -> &'static str {
        "user_methods"
    }

    fn schema(&self) -> &'static str {
        "main"
    }

    fn wants(&self, aggregate_type: &str) -> bool {
        aggregate_type == "payment_methods"
    }

    async fn apply(
        &self,
        transaction: &mut PgConnection,
        events: &[Event],
    ) -> Result<(), LedgerError> {
        let users = events.iter().map(|event| event.stored.aggregate_id.clone());
        let users: BTreeSet<String> = users.collect();
        let mut methods = Methods::of(rows::load(transaction, users).await?);
        for event in events {
            methods.take(event)?;
        }
        rows::save(transaction, &methods.changed()).await
    }

    async fn clear(&self, transaction: &mut PgConnection) -> Result<(), LedgerError> {
        rows::clear(transaction).await
    }
}

impl Methods {
    /// Takes an event in, if it is one of a user's methods.
    pub(crate) fn take(&mut self, event: &Event) -> Result<(), LedgerError> {
        match &*event.event {
            DomainEvent::PaymentMethod(method_event) => {
                self.fold(&event.stored.aggregate_id, method_event, event.at())
            }
            DomainEvent::Order(_)
            | DomainEvent::Payment(_)
            | DomainEvent::Inventory(_)
            | DomainEvent::CouponPool(_)
            | DomainEvent::Points(_)
            | DomainEvent::Product(_) => Ok(()),
        }
    }
}
