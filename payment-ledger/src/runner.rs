//! Keeps a book up to date: one instance at a time, the others stand by.
//!
//! An event that cannot be taken in stops the book: it says so, and tries again until it can. A ledger that went
//! on would be wrong and look right; nothing is decided from it, so the shop goes on.

use std::sync::Arc;
use std::time::Duration;

use event_store::follower::{Applied, Follow, FollowLimits, Lead, open_session};
use event_store::{EventLog, RecordedEvent, with_causes};
use failpoints::failpoint;
use sqlx::{Connection, PgConnection, PgPool};

use crate::book::{self, Book, Event};
use crate::config::LedgerConfig;
use crate::error::LedgerError;

/// The first half of the advisory lock of whoever keeps a book; arbitrary, and nothing else takes it.
const LEAD_LOCK_CLASS: i32 = 620_203;

/// Keeps a book until it is stopped.
pub(crate) struct Runner {
    /// As the role that owns the book's schema.
    pub(crate) pool: PgPool,
    pub(crate) book: Arc<dyn Book>,
    pub(crate) config: LedgerConfig,
}

impl Follow for Runner {
    type Error = LedgerError;
    type Event = Event;

    fn limits(&self) -> &FollowLimits {
        &self.config.follow
    }

    async fn connect(&self) -> Result<PgConnection, LedgerError> {
        let name = format!("commerce-ledger-{}", self.book.name());
        let connection = open_session(&self.pool, &name, &[]).await?;
        failpoint!("payment-ledger.session.connected", sqlx::Error::Io);
        Ok(connection)
    }

    fn lead(&self) -> Lead {
        Lead {
            class: LEAD_LOCK_CLASS,
            of: format!("{}.{}", self.book.schema(), self.book.name()),
        }
    }

    async fn begin(&self, _: &mut PgConnection, _: &EventLog) -> Result<(), LedgerError> {
        failpoint!("payment-ledger.lead.taken", sqlx::Error::Io);
        Ok(())
    }

    async fn position(&self, connection: &mut PgConnection) -> Result<Option<u64>, LedgerError> {
        book::position(connection, &*self.book).await.map(Some)
    }

    fn wanted(&self, events: Vec<Arc<RecordedEvent>>) -> Result<Vec<Event>, LedgerError> {
        let wanted = |event: &Arc<RecordedEvent>| self.book.wants(&event.aggregate_type);
        let wanted = events.into_iter().filter(wanted);
        wanted.map(Event::decode).collect()
    }

    /// Rows and checkpoint in one transaction, so that each event counts exactly once.
    async fn apply(
        &self,
        connection: &mut PgConnection,
        log: &EventLog,
        from: u64,
        to: u64,
        wanted: &[Event],
    ) -> Result<Applied, LedgerError> {
        failpoint!("payment-ledger.apply.before", sqlx::Error::Io);
        let mut transaction = connection.begin().await?;
        book::advance(&mut transaction, &*self.book, from, to).await?;
        if !wanted.is_empty() {
            self.book.apply(&mut transaction, wanted).await?;
            self.book.finish_batch(&mut transaction, wanted).await?;
        }
        failpoint!("payment-ledger.apply.written", sqlx::Error::Io);
        transaction.commit().await?;
        failpoint!("payment-ledger.apply.after", sqlx::Error::Io);
        self.measure(log, to, wanted);
        Ok(Applied::Committed)
    }

    fn rest_after(&self, _: Duration) -> Duration {
        self.config.rest
    }

    fn report(&self, error: &LedgerError, is_first: bool) {
        let (ledger, code) = (self.book.name(), error.code());
        let error = with_causes(error);
        if is_first {
            tracing::warn!(
                ledger,
                code,
                error,
                "the ledger {ledger} cannot go on; it tries again until it can",
            );
        } else {
            tracing::debug!(ledger, code, error, "the ledger {ledger} still waits");
        }
    }
}

impl Runner {
    fn measure(&self, log: &EventLog, noted: u64, wanted: &[Event]) {
        let ledger = self.book.name();
        // A count beyond 2³² is as good as infinite.
        let lag = u32::try_from(log.known_head().saturating_sub(noted)).unwrap_or(u32::MAX);
        metrics::gauge!("payment_ledger_lag_events", "ledger" => ledger).set(f64::from(lag));
        if let Some(oldest) = wanted.first() {
            let waited = chrono::Utc::now() - oldest.stored.recorded_at;
            let waited = waited.to_std().unwrap_or(Duration::ZERO);
            metrics::histogram!("payment_ledger_delay_seconds", "ledger" => ledger)
                .record(waited.as_secs_f64());
        }
    }
}
