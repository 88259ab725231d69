//! A book's events folded afresh.

use event_store::EventLog;
use sqlx::PgConnection;

use super::table::TableComparison;
use crate::book::{Book, EVENTS_PAGE, Event};
use crate::error::LedgerError;

/// The log's own account of a book's rows.
pub(super) trait Account: Default {
    /// The tables that it compares.
    const TABLES: &'static [&'static str];

    /// Takes an event of the book's in.
    fn take_in(&mut self, event: &Event) -> Result<(), LedgerError>;

    /// A page of events is taken in, and the tables have what it made: an account that is not kept until the end is
    /// compared now.
    async fn end_page(&mut self, tables: &mut PgConnection) -> Result<(), LedgerError>;

    /// Compares each table, in a snapshot that is as far as the account is.
    async fn compare(
        self,
        snapshot: &mut PgConnection,
    ) -> Result<Vec<TableComparison>, LedgerError>;
}

/// An account, and how far it is.
#[derive(Default)]
pub(super) struct Fold<A> {
    position: u64,
    account: A,
}

impl<A: Account> Fold<A> {
    /// Goes on to where the tables are already.
    pub(super) async fn follow(
        &mut self,
        log: &EventLog,
        book: &dyn Book,
        tables: &mut PgConnection,
        to: u64,
    ) -> Result<(), LedgerError> {
        while self.position < to {
            let events = log.read(self.position, EVENTS_PAGE).await?;
            let Some(last) = events.last() else {
                return Ok(());
            };
            let reached = last.position;
            let upto = events.into_iter().filter(|event| event.position <= to);
            for stored in upto.filter(|event| book.wants(&event.aggregate_type)) {
                self.account.take_in(&Event::decode(stored)?)?;
            }
            self.account.end_page(tables).await?;
            self.position = reached.min(to);
        }
        Ok(())
    }

    pub(super) fn into_account(self) -> A {
        self.account
    }
}
