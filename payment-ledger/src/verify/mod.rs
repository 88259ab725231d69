//! Whether the tables are what the log says, row by row: a book's events are folded afresh in memory, and compared with
//! its rows in a snapshot.
//!
//! | table | held in memory | not compared |
//! | --- | --- | --- |
//! | `payment.transactions` | its rows | the two bodies: with `pg_api_logs` instead, which has them |
//! | `payment.transaction_history` | the rows of one page of events, and of each other row its id | |
//! | `main.order_payment_mapping` | its rows | `created_at`, `updated_at` |
//! | `main.payment_states` | a state an order | `last_updated_at` |
//! | `main.user_payment_method_mapping` | its rows | |
//!
//! The other columns that are left out are clocks of the database's, which the log does not know. What the legacy
//! migration brought over is not the log's, and left alone: transactions with their history. `main.orders` and
//! `main.users`, to which the others' keys lead, are not compared.

mod fold;
mod history;
mod order_payments;
mod table;
mod transactions;
mod user_methods;

use event_store::EventLog;
use sqlx::{Connection, PgConnection, PgPool, Postgres, Transaction};

use self::fold::{Account, Fold};
use self::order_payments::OrderPaymentsAccount;
use self::transactions::TransactionsAccount;
use self::user_methods::MethodsAccount;
use crate::book;
use crate::error::LedgerError;
use crate::rebuild::Ledger;

pub use self::table::TableComparison;

/// What a comparison of a part of the ledger with the log came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerComparison {
    /// How far the part has come in the log; 0: it was never kept.
    pub position: u64,
    /// Each of its tables that is compared: those of [`Ledger::tables`].
    pub tables: Vec<TableComparison>,
}

impl Ledger {
    /// Its tables that are compared with the log.
    #[must_use]
    pub fn tables(self) -> &'static [&'static str] {
        match self {
            Self::Transactions => TransactionsAccount::TABLES,
            Self::OrderPayments => OrderPaymentsAccount::TABLES,
            Self::UserMethods => MethodsAccount::TABLES,
        }
    }
}

/// Compares a part of the ledger, as somebody who may read its schema; it may be kept meanwhile.
///
/// # Errors
/// The database is away or refuses, or the log cannot be read.
pub async fn verify(
    reader: &PgPool,
    log: &EventLog,
    ledger: Ledger,
) -> Result<LedgerComparison, LedgerError> {
    match ledger {
        Ledger::Transactions => compare::<TransactionsAccount>(reader, log, ledger).await,
        Ledger::OrderPayments => compare::<OrderPaymentsAccount>(reader, log, ledger).await,
        Ledger::UserMethods => compare::<MethodsAccount>(reader, log, ledger).await,
    }
}

async fn compare<A: Account>(
    reader: &PgPool,
    log: &EventLog,
    ledger: Ledger,
) -> Result<LedgerComparison, LedgerError> {
    let book = ledger.book();
    let mut connection = reader.acquire().await?;
    let mut fold = Fold::<A>::default();
    // Most of the log is read before the snapshot is taken, so that this is not held for long.
    let position = book::position(&mut *connection, &*book).await?;
    fold.follow(log, &*book, &mut connection, position).await?;
    let mut snapshot = snapshot(&mut connection).await?;
    let position = book::position(&mut *snapshot, &*book).await?;
    fold.follow(log, &*book, &mut snapshot, position).await?;
    let tables = fold.into_account().compare(&mut snapshot).await?;
    snapshot.rollback().await?;
    Ok(LedgerComparison { position, tables })
}

/// What the tables have at one moment; whoever keeps them goes on.
async fn snapshot(connection: &mut PgConnection) -> Result<Transaction<'_, Postgres>, LedgerError> {
    let mut snapshot = connection.begin().await?;
    sqlx::query("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        .execute(&mut *snapshot)
        .await?;
    Ok(snapshot)
}
