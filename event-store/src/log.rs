//! Reading the log.

use std::sync::Arc;

use failpoints::failpoint;
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

use crate::config::StoreConfig;
use crate::error::StoreError;
use crate::feed::Feed;
use crate::recorded::{RecordedEvent, signed, unsigned};
use crate::subscription::Subscription;
use crate::wake;

/// The most events that one read returns.
pub(crate) const READ_MAX_EVENTS: usize = 2_000;

/// The log, for reading. Cheap to clone.
#[derive(Clone)]
pub struct EventLog {
    pool: PgPool,
    feed: Arc<Feed>,
}

impl EventLog {
    /// Opens the log and listens for what other processes append, until `stop`.
    ///
    /// # Errors
    /// The database is away.
    pub async fn open(
        pool: PgPool,
        config: &StoreConfig,
        stop: CancellationToken,
    ) -> Result<Self, StoreError> {
        let log = Self {
            pool,
            feed: Arc::new(Feed::new(config.feed_events_max)),
        };
        log.feed.advance(log.head().await?);
        tokio::spawn(wake::listen(log.clone(), config.poll_interval, stop));
        Ok(log)
    }

    /// The highest position, asked from the database; 0 for an empty log.
    ///
    /// # Errors
    /// The database is away.
    pub async fn head(&self) -> Result<u64, StoreError> {
        let head: Option<i64> = sqlx::query_scalar(
            "SELECT position FROM event_store.events ORDER BY position DESC LIMIT 1",
        )
        .fetch_optional(&self.pool)
        .await?;
        unsigned(head.unwrap_or(0), "position")
    }

    /// The highest position that this process has heard of: may be a moment old.
    #[must_use]
    pub fn known_head(&self) -> u64 {
        self.feed.head()
    }

    /// At most `max` events that follow a position, in order, from the database. Positions have no
    /// holes, so whoever has seen `after` and reads on misses nothing.
    ///
    /// # Errors
    /// The database is away, or a row cannot be read.
    pub async fn read(
        &self,
        after: u64,
        max: usize,
    ) -> Result<Vec<Arc<RecordedEvent>>, StoreError> {
        let max = i64::try_from(max.min(READ_MAX_EVENTS)).unwrap_or(1);
        let rows = sqlx::query(
            "SELECT position, aggregate_type, aggregate_id, sequence, event_type, event_version,
                    payload::text AS payload, metadata::text AS metadata, recorded_at
               FROM event_store.events WHERE position > $1 ORDER BY position LIMIT $2",
        )
        .bind(signed(after, "position")?)
        .bind(max)
        .fetch_all(&self.pool)
        .await?;
        failpoint!("event-store.read.after", sqlx::Error::Io);
        rows.iter()
            .map(|row| RecordedEvent::from_row(row).map(Arc::new))
            .collect()
    }

    /// Follows the log from a position on.
    #[must_use]
    pub fn subscribe(&self, after: u64) -> Subscription {
        Subscription::new(self.clone(), after)
    }

    /// The pool that it reads with.
    #[must_use]
    pub fn pool(&self) -> &PgPool {
        &self.pool
    }

    pub(crate) fn feed(&self) -> &Arc<Feed> {
        &self.feed
    }
}
