//! `payment.transactions` and `payment.transaction_history`: a row a charge and a row a return of money, as what
//! the gateway did. What was asked and answered word for word is in `payment.pg_api_logs`; the last of it that a
//! transaction is about stands in its row too (`said`).
//!
//! - `pg_transaction_id` is ours (the row's own id) until the company's is known. The events know the company's id
//!   of a charge; of a return of money they know only ours, which stays.
//! - A charge of another amount than was asked for is a `SUCCESS` of the amount that was charged, with the reason
//!   `AMOUNT_MISMATCH` in its history: the money moved, and a `REFUND` moves it back.
//! - An outcome that nobody knows stays `PENDING`; its history says why each time.

mod fold;
mod rows;
pub(crate) mod said;

use std::collections::BTreeSet;

use async_trait::async_trait;
use domain::DomainEvent;
use sqlx::PgConnection;
use uuid::Uuid;

pub(crate) use self::fold::Transactions;
pub(crate) use self::rows::{COLUMNS, HISTORY_COLUMNS, HistoryRow, TransactionRow};
use crate::book::{Book, Event};
use crate::error::LedgerError;
use crate::movement::{Step, movement};

/// The payment service's book.
pub(crate) struct TransactionBook;

#[async_trait]
impl Book for TransactionBook {
    fn name(&self) -> &'static str {
        "transactions"
    }

    fn schema(&self) -> &'static str {
        "payment"
    }

    fn wants(&self, aggregate_type: &str) -> bool {
        aggregate_type == "payment"
    }

    async fn apply(
        &self,
        transaction: &mut PgConnection,
        events: &[Event],
    ) -> Result<(), LedgerError> {
        let touched = touched(events)?;
        let known = rows::load(transaction, touched.rows).await?;
        let holders = rows::holders(transaction, touched.company_ids).await?;
        let mut transactions = Transactions::of(known, holders);
        for event in events {
            transactions.take(event)?;
        }
        rows::save(transaction, &transactions.changed()).await?;
        rows::add_history(transaction, transactions.history()).await
    }

    async fn finish_batch(
        &self,
        transaction: &mut PgConnection,
        events: &[Event],
    ) -> Result<(), LedgerError> {
        let touched = touched(events)?.rows.into_iter().collect();
        // Nobody else writes them: this transaction does.
        said::copy_alone(transaction, touched).await?;
        Ok(())
    }

    async fn finish_rebuild(&self, transaction: &mut PgConnection) -> Result<(), LedgerError> {
        Ok(said::copy_to_all(transaction).await?)
    }

    async fn clear(&self, transaction: &mut PgConnection) -> Result<(), LedgerError> {
        rows::clear(transaction).await
    }
}

/// What a batch may change or look at.
#[derive(Default)]
struct Touched {
    rows: BTreeSet<Uuid>,
    /// The ids that companies gave.
    company_ids: Vec<String>,
}

fn touched(events: &[Event]) -> Result<Touched, LedgerError> {
    let mut touched = Touched::default();
    for event in events {
        if let DomainEvent::Payment(payment_event) = &*event.event {
            let Some(movement) = movement(event.id()?, payment_event) else {
                continue;
            };
            touched.rows.insert(movement.id);
            match movement.step {
                Step::ReturnBegun { payment_id, .. } => {
                    touched.rows.insert(payment_id);
                }
                Step::Charged {
                    amount,
                    gateway_transaction_id,
                    reason: _,
                } => {
                    let given = fold::company_id(amount, gateway_transaction_id);
                    touched.company_ids.extend(given);
                }
                Step::ChargeBegun { .. }
                | Step::Unsettled { .. }
                | Step::Failed { .. }
                | Step::Returned { .. } => {}
            }
        }
    }
    Ok(touched)
}
