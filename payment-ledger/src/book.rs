//! What is kept of the log: a book, its rows and its checkpoint in one schema.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, SubsecRound, Utc};
use domain::DomainEvent;
use event_store::{RecordedEvent, StoreError};
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

use crate::error::LedgerError;

/// Events that are folded at a time.
pub(crate) const EVENTS_PAGE: usize = 2_000;

/// The digits of a second that PostgreSQL keeps.
const MICROSECONDS: u16 = 6;

/// Folds events into rows of its schema, and does nothing else: the same events always make the same rows.
#[async_trait]
pub(crate) trait Book: Send + Sync {
    /// Its name in its schema's `checkpoints`.
    fn name(&self) -> &'static str;

    /// The schema, which the role of the connection owns.
    fn schema(&self) -> &'static str;

    /// Whether it wants an event of this type.
    fn wants(&self, aggregate_type: &str) -> bool;

    /// Takes in the next events that it wants, in order. On an error the caller rolls back.
    async fn apply(
        &self,
        transaction: &mut PgConnection,
        events: &[Event],
    ) -> Result<(), LedgerError>;

    /// The last step before a batch is committed: what its rows take from elsewhere.
    async fn finish_batch(&self, _: &mut PgConnection, _: &[Event]) -> Result<(), LedgerError> {
        Ok(())
    }

    /// The same of a rebuild, whose rows are all of them.
    async fn finish_rebuild(&self, _: &mut PgConnection) -> Result<(), LedgerError> {
        Ok(())
    }

    /// Takes all of its rows away, but for those of the legacy migration: for a rebuild, in the transaction that makes
    /// them anew.
    async fn clear(&self, transaction: &mut PgConnection) -> Result<(), LedgerError>;
}

/// An event with its type back on.
pub(crate) struct Event {
    pub(crate) stored: Arc<RecordedEvent>,
    pub(crate) event: Arc<DomainEvent>,
}

impl Event {
    pub(crate) fn decode(stored: Arc<RecordedEvent>) -> Result<Self, LedgerError> {
        let event = stored.event().map_err(StoreError::from)?;
        Ok(Self { stored, event })
    }

    /// When the command that caused it was taken, as exact as columns are.
    pub(crate) fn at(&self) -> DateTime<Utc> {
        let at = self.stored.metadata.occurred_at;
        at.trunc_subsecs(MICROSECONDS)
    }

    /// The id of its aggregate.
    pub(crate) fn id(&self) -> Result<Uuid, LedgerError> {
        let id = &self.stored.aggregate_id;
        id.parse().map_err(|_| LedgerError::Id { id: id.clone() })
    }
}

/// How far a book is.
pub(crate) async fn position(
    executor: impl PgExecutor<'_>,
    book: &dyn Book,
) -> Result<u64, LedgerError> {
    // The schema's name is a constant of the book.
    let sql = format!(
        "SELECT position FROM {}.checkpoints WHERE subscriber = $1",
        book.schema()
    );
    let position: i64 = sqlx::query_scalar(&sql)
        .bind(book.name())
        .fetch_one(executor)
        .await?;
    unsigned(position)
}

fn unsigned(position: i64) -> Result<u64, LedgerError> {
    u64::try_from(position).map_err(|_| LedgerError::Stored {
        what: "a checkpoint",
    })
}

/// How far a book is, held there until the transaction ends: whoever keeps it waits.
pub(crate) async fn hold(
    transaction: &mut PgConnection,
    book: &dyn Book,
) -> Result<u64, LedgerError> {
    let sql = format!(
        "SELECT position FROM {}.checkpoints WHERE subscriber = $1 FOR UPDATE",
        book.schema()
    );
    let position = sqlx::query_scalar(&sql).bind(book.name());
    unsigned(position.fetch_one(transaction).await?)
}

/// Moves a book on, in the transaction of its rows.
pub(crate) async fn advance(
    transaction: &mut PgConnection,
    book: &dyn Book,
    from: u64,
    to: u64,
) -> Result<(), LedgerError> {
    let sql = format!(
        "UPDATE {}.checkpoints SET position = $3, updated_at = now()
          WHERE subscriber = $1 AND position = $2",
        book.schema()
    );
    let bigint = |position: u64| {
        i64::try_from(position).map_err(|_| LedgerError::Stored {
            what: "a checkpoint",
        })
    };
    let moved = sqlx::query(&sql)
        .bind(book.name())
        .bind(bigint(from)?)
        .bind(bigint(to)?)
        .execute(transaction)
        .await?;
    if moved.rows_affected() == 1 {
        return Ok(());
    }
    Err(LedgerError::Moved {
        subscriber: book.name(),
        expected: from,
    })
}
