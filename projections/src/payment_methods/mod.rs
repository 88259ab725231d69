//! Users' saved payment methods, and which of them is the default.

mod fold;
mod rows;

use std::collections::BTreeSet;

use async_trait::async_trait;
use domain::DomainEvent;
use domain::payment_method::PaymentMethodEvent;
use uuid::Uuid;

use crate::error::ProjectionError;
use crate::memory::Tables;
use crate::projector::{Event, Projector, Table};
use crate::table::Rows;
use fold::Books;
use rows::{MethodRow, WalletRow};

/// Folds the events of users' payment methods.
pub(crate) struct PaymentMethods;

#[async_trait]
impl Projector for PaymentMethods {
    fn name(&self) -> &'static str {
        "payment_methods"
    }

    fn version(&self) -> i32 {
        1
    }

    fn wants(&self) -> &'static [&'static str] {
        &[
            "PaymentMethodRequested",
            "PaymentMethodRegistrationDelayed",
            "PaymentMethodRegistrationFailed",
            "PaymentMethodRegistered",
            "PaymentMethodMadeDefault",
            "PaymentMethodDeleted",
            "PaymentMethodErasureDelayed",
            "PaymentMethodErased",
        ]
    }

    fn schema(&self) -> &'static str {
        include_str!("schema.sql")
    }

    fn tables(&self) -> &'static [Table] {
        const {
            &[
                Table::public("payment_methods"),
                Table::public("payment_wallets"),
            ]
        }
    }

    async fn apply(
        &self,
        tables: &mut Tables<'_>,
        events: &[Event],
    ) -> Result<(), ProjectionError> {
        let mut books = load(tables, events).await?;
        for event in events {
            if let DomainEvent::PaymentMethod(method_event) = &*event.event {
                books.fold(&event.stored.aggregate_id, event, method_event)?;
            }
        }
        books.methods.save(tables).await?;
        books.wallets.save(tables).await?;
        Ok(())
    }
}

/// The rows that a batch may change and did not itself begin.
async fn load(tables: &mut Tables<'_>, events: &[Event]) -> Result<Books, ProjectionError> {
    let (mut users, mut methods) = (BTreeSet::new(), BTreeSet::<Uuid>::new());
    for event in events {
        let DomainEvent::PaymentMethod(method_event) = &*event.event else {
            continue;
        };
        match method_event {
            PaymentMethodEvent::PaymentMethodRequested { .. } => continue,
            PaymentMethodEvent::PaymentMethodMadeDefault { .. }
            | PaymentMethodEvent::PaymentMethodDeleted { .. } => {
                users.insert(event.stored.aggregate_id.clone());
            }
            PaymentMethodEvent::PaymentMethodRegistrationDelayed { .. }
            | PaymentMethodEvent::PaymentMethodRegistrationFailed { .. }
            | PaymentMethodEvent::PaymentMethodRegistered { .. }
            | PaymentMethodEvent::PaymentMethodErasureDelayed { .. }
            | PaymentMethodEvent::PaymentMethodErased { .. } => {}
        }
        methods.insert(method_event.method_id().uuid());
    }
    let user_id = |row: &WalletRow| row.user_id.clone();
    Ok(Books {
        methods: Rows::load(tables, methods, |row: &MethodRow| row.id).await?,
        wallets: Rows::load(tables, users, user_id).await?,
    })
}
