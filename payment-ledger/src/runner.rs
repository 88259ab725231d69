//! Keeps a book up to date: one instance at a time, the others stand by.
//!
//! An event that cannot be taken in stops the book: it says so, and tries again until it can. A ledger that went
//! on would be wrong and look right; nothing is decided from it, so the shop goes on.

use std::sync::Arc;
use std::time::Duration;

use event_store::{EventLog, RecordedEvent};
use sqlx::{Connection, PgConnection, PgPool};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, sleep_until};
use tokio_util::sync::CancellationToken;

use crate::book::{self, Book, Event};
use crate::config::LedgerConfig;
use crate::error::LedgerError;
use crate::session;

/// Keeps a book until it is stopped.
pub(crate) struct Runner {
    /// As the role that owns the book's schema.
    pub(crate) pool: PgPool,
    pub(crate) log: EventLog,
    pub(crate) book: Arc<dyn Book>,
    pub(crate) config: LedgerConfig,
    pub(crate) stop: CancellationToken,
}

impl Runner {
    pub(crate) async fn run(self) {
        let mut wait = self.config.retry_wait_min;
        let mut troubled = false;
        loop {
            let begun = Instant::now();
            let Err(error) = self.session().await else {
                return;
            };
            if begun.elapsed() > self.config.retry_wait_max {
                // It went well for a while: this is new trouble.
                wait = self.config.retry_wait_min;
                troubled = false;
            }
            self.report(&error, std::mem::replace(&mut troubled, true));
            tokio::select! {
                () = self.stop.cancelled() => return,
                () = sleep(wait) => {}
            }
            wait = (wait * 2).min(self.config.retry_wait_max);
        }
    }

    /// Says it once, not at every attempt.
    fn report(&self, error: &LedgerError, said: bool) {
        let (ledger, code) = (self.book.name(), error.code());
        let cause = std::error::Error::source(error)
            .map(ToString::to_string)
            .unwrap_or_default();
        if said {
            tracing::debug!(ledger, code, error = %error, cause, "the ledger {ledger} still waits");
        } else {
            tracing::warn!(
                ledger, code, error = %error, cause,
                "the ledger {ledger} cannot go on; it tries again until it can",
            );
        }
    }

    /// Waits for the lead, then follows the log.
    async fn session(&self) -> Result<(), LedgerError> {
        let mut connection = session::connect(&self.pool, &*self.book).await?;
        while !session::try_lead(&mut connection, &*self.book).await? {
            tokio::select! {
                () = self.stop.cancelled() => return Ok(()),
                () = sleep(self.config.standby_interval) => {}
            }
        }
        session::end_when_silent(&mut connection, self.config.heartbeat_interval).await?;
        self.follow(&mut connection).await?;
        session::close(connection).await;
        Ok(())
    }

    async fn follow(&self, connection: &mut PgConnection) -> Result<(), LedgerError> {
        let mut noted = book::position(&mut *connection, &*self.book).await?;
        let mut subscription = self.log.subscribe(noted);
        let mut heartbeats = interval(self.config.heartbeat_interval);
        heartbeats.set_missed_tick_behavior(MissedTickBehavior::Delay);
        // When the events that were read over must be noted in the checkpoint.
        let mut note_at: Option<Instant> = None;
        let mut rested_at = Instant::now();
        loop {
            let wanted = tokio::select! {
                () = self.stop.cancelled() => {
                    self.apply(connection, noted, subscription.position(), &[]).await?;
                    return Ok(());
                }
                _ = heartbeats.tick() => {
                    connection.ping().await?;
                    continue;
                }
                () = until(note_at) => Vec::new(),
                events = async {
                    sleep_until(rested_at).await;
                    subscription.next(self.config.batch_events_max).await
                } => {
                    let wanted = self.wanted(events?)?;
                    if wanted.is_empty() && note_at.is_none_or(|at| at > Instant::now()) {
                        let interval = self.config.idle_checkpoint_interval;
                        note_at = note_at.or(Some(Instant::now() + interval));
                        continue;
                    }
                    wanted
                }
            };
            let reached = subscription.position();
            self.apply(connection, noted, reached, &wanted).await?;
            noted = reached;
            note_at = None;
            if wanted.len() < self.config.batch_events_max {
                rested_at = Instant::now() + self.config.rest;
            }
        }
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
        from: u64,
        to: u64,
        wanted: &[Event],
    ) -> Result<(), LedgerError> {
        if from == to {
            return Ok(());
        }
        let mut transaction = connection.begin().await?;
        book::advance(&mut transaction, &*self.book, from, to).await?;
        if !wanted.is_empty() {
            self.book.apply(&mut transaction, wanted).await?;
        }
        transaction.commit().await?;
        self.measure(to, wanted);
        Ok(())
    }

    fn measure(&self, noted: u64, wanted: &[Event]) {
        let ledger = self.book.name();
        // A count beyond 2³² is as good as infinite.
        let lag = u32::try_from(self.log.known_head().saturating_sub(noted)).unwrap_or(u32::MAX);
        metrics::gauge!("payment_ledger_lag_events", "ledger" => ledger).set(f64::from(lag));
        if let Some(oldest) = wanted.first() {
            let waited = chrono::Utc::now() - oldest.stored.recorded_at;
            let waited = waited.to_std().unwrap_or(Duration::ZERO);
            metrics::histogram!("payment_ledger_delay_seconds", "ledger" => ledger)
                .record(waited.as_secs_f64());
        }
    }
}

/// Waits until a moment; for ever when there is none.
async fn until(moment: Option<Instant>) {
    match moment {
        Some(moment) => sleep_until(moment).await,
        None => std::future::pending().await,
    }
}
