//! A book's rows made anew from the log, for an operator: in one transaction, so that whoever reads sees all of the
//! old rows until all of the new ones are there.
//!
//! The checkpoint is held all the while. Whoever keeps the book waits for it, finds it moved, and goes on from there.
//! What the legacy migration brought over is not the log's, and stays.

use std::sync::Arc;

use event_store::EventLog;
use sqlx::{Connection, PgConnection, PgPool};

use crate::book::{self, Book, EVENTS_PAGE, Event};
use crate::error::LedgerError;
use crate::order_payments::OrderPaymentBook;
use crate::transactions::TransactionBook;
use crate::user_methods::UserMethodBook;

/// A part of the ledger that follows from the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ledger {
    /// `payment.transactions` and their history.
    Transactions,
    /// `main.orders`, `main.order_payment_mapping` and `main.payment_states`.
    OrderPayments,
    /// `main.users` and `main.user_payment_method_mapping`.
    UserMethods,
}

/// What a rebuild came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RebuiltLedger {
    /// How far in the log its rows are.
    pub position: u64,
    /// How many events made them.
    pub events: u64,
}

impl Ledger {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Transactions, Self::OrderPayments, Self::UserMethods];

    /// The one of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|ledger| ledger.name() == name)
    }

    /// Its name, as in its schema's `checkpoints`.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.book().name()
    }

    /// The schema that it is in.
    #[must_use]
    pub fn schema(self) -> &'static str {
        self.book().schema()
    }

    pub(crate) fn book(self) -> Arc<dyn Book> {
        match self {
            Self::Transactions => Arc::new(TransactionBook),
            Self::OrderPayments => Arc::new(OrderPaymentBook),
            Self::UserMethods => Arc::new(UserMethodBook),
        }
    }
}

/// Makes a part of the ledger anew, as somebody who may write its schema. `on_progress` hears how far it is, and how
/// far it goes.
///
/// # Errors
/// The database is away, or an event cannot be taken in: all is as it was.
pub async fn rebuild(
    owner: &PgPool,
    log: &EventLog,
    ledger: Ledger,
    mut on_progress: impl FnMut(u64, u64),
) -> Result<RebuiltLedger, LedgerError> {
    let book = ledger.book();
    let head = log.head().await?;
    let mut connection = owner.acquire().await?;
    let mut transaction = connection.begin().await?;
    let held = book::hold(&mut transaction, &*book).await?;
    book.clear(&mut transaction).await?;
    let (mut position, mut events) = (0, 0);
    // Not behind where it was: somebody may wait for that.
    let end = head.max(held);
    while position < end {
        let (reached, taken) = take_page(&mut transaction, &*book, log, position).await?;
        if reached == position {
            break;
        }
        position = reached;
        events += taken;
        on_progress(position, end);
    }
    book::advance(&mut transaction, &*book, held, position).await?;
    book.finish_rebuild(&mut transaction).await?;
    transaction.commit().await?;
    Ok(RebuiltLedger { position, events })
}

/// Takes in the next events; how far they reached, and how many were wanted.
async fn take_page(
    transaction: &mut PgConnection,
    book: &dyn Book,
    log: &EventLog,
    position: u64,
) -> Result<(u64, u64), LedgerError> {
    let events = log.read(position, EVENTS_PAGE).await?;
    let reached = events.last().map_or(position, |last| last.position);
    let wanted = events.into_iter();
    let wanted = wanted.filter(|event| book.wants(&event.aggregate_type));
    let wanted: Vec<Event> = wanted.map(Event::decode).collect::<Result<_, _>>()?;
    if !wanted.is_empty() {
        book.apply(transaction, &wanted).await?;
    }
    Ok((reached, u64::try_from(wanted.len()).unwrap_or(u64::MAX)))
}
