//! Whether the tables are what the log says, row by row: a book's events are folded afresh in memory, and compared with
//! its rows in a snapshot.

mod transactions;
mod user_methods;

use event_store::EventLog;
use sqlx::{Connection, PgConnection, Postgres, Transaction};

use crate::book::Event;
use crate::error::LedgerError;

pub use transactions::verify_transactions;
pub use user_methods::verify_user_methods;

/// Events that are read at a time, and rows.
const EVENTS_PAGE: usize = 2_000;
const ROWS_PAGE: i64 = 5_000;
/// Differences that are told; the others are counted.
const TOLD_MAX: usize = 20;

/// What a comparison of a table with the log came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LedgerComparison {
    /// How far the table has come in the log; 0: it was never kept.
    pub position: u64,
    /// Rows that the log knows of.
    pub rows: usize,
    /// How many differ.
    pub differences: u64,
    /// The first of them.
    pub told: Vec<String>,
    /// Of transactions: what was charged and what went back by the table, of each currency, as decimal numbers.
    pub sums: String,
}

impl LedgerComparison {
    /// Whether the table is what the log says.
    #[must_use]
    pub fn is_same(&self) -> bool {
        self.differences == 0
    }

    fn differs(&mut self, difference: String) {
        self.differences += 1;
        if self.told.len() < TOLD_MAX {
            self.told.push(difference);
        }
    }
}

/// The log's own account of a book's rows.
trait Account: Default {
    /// Whether it has to do with events of this type.
    fn wants(aggregate_type: &str) -> bool;

    fn take_in(&mut self, event: &Event) -> Result<(), LedgerError>;

    /// Only where it ends is asked for.
    fn forget_changes(&mut self);
}

/// An account, and how far it is.
#[derive(Default)]
struct Fold<A> {
    position: u64,
    account: A,
}

impl<A: Account> Fold<A> {
    async fn follow(&mut self, log: &EventLog, to: u64) -> Result<(), LedgerError> {
        while self.position < to {
            let events = log.read(self.position, EVENTS_PAGE).await?;
            let Some(last) = events.last() else {
                return Ok(());
            };
            let reached = last.position;
            let upto = events.into_iter().filter(|event| event.position <= to);
            for stored in upto.filter(|event| A::wants(&event.aggregate_type)) {
                self.account.take_in(&Event::decode(stored)?)?;
            }
            self.account.forget_changes();
            self.position = reached.min(to);
        }
        Ok(())
    }
}

/// What the tables have at one moment; whoever keeps them goes on.
async fn snapshot(connection: &mut PgConnection) -> Result<Transaction<'_, Postgres>, LedgerError> {
    let mut snapshot = connection.begin().await?;
    sqlx::query("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        .execute(&mut *snapshot)
        .await?;
    Ok(snapshot)
}
