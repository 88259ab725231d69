//! `payment.pg_api_logs`: what was asked of a company and what it answered, for people who look into a payment.
//!
//! What comes here has passed the allow-list of `payment-gateways/src/exchange/`. A payment never waits for it:
//! exchanges are queued, and a task writes them in batches. While the database is away the queue fills; what
//! does not fit is counted (`payment_exchanges_dropped_total`), and said at most once in a while.

mod rows;
mod writer;

use std::sync::Mutex;
use std::time::{Duration, Instant};

use payment_gateways::{Exchange, ExchangeLog};
use sqlx::PgPool;
use tokio::sync::mpsc::{self, Sender};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use self::rows::ExchangeRow;
pub(crate) use self::rows::{company, cut};

/// Exchanges that may wait to be written: with bodies of 16 KiB each way, 64 MiB at the very worst.
const QUEUE_MAX_EXCHANGES: usize = 2_000;
/// How often it is said that exchanges are dropped.
const DROPPED_WARNING_INTERVAL: Duration = Duration::from_secs(30);

/// Hears of the exchanges, and keeps them in the database.
pub struct DatabaseExchangeLog {
    queue: Sender<ExchangeRow>,
    /// When it was last said that some are dropped, and how many were since.
    dropped: Mutex<Dropped>,
}

#[derive(Default)]
struct Dropped {
    said_at: Option<Instant>,
    since: u64,
}

/// Starts keeping the exchanges: what hears of them, and the task that writes them. That ends after `stop`,
/// when what waited then is written or the database has refused it once.
#[must_use]
pub fn keep_exchanges(
    payment: PgPool,
    stop: CancellationToken,
) -> (DatabaseExchangeLog, JoinHandle<()>) {
    metrics::describe_counter!(
        "payment_exchanges_written_total",
        "Exchanges with gateways that were written down"
    );
    metrics::describe_counter!(
        "payment_exchanges_dropped_total",
        "Exchanges with gateways that were not written down, since the database was too slow or away"
    );
    let (queue, waiting) = mpsc::channel(QUEUE_MAX_EXCHANGES);
    let task = tokio::spawn(writer::write_all(payment, waiting, stop));
    let dropped = Mutex::default();
    (DatabaseExchangeLog { queue, dropped }, task)
}

impl ExchangeLog for DatabaseExchangeLog {
    fn told(&self, exchange: Exchange) {
        if self.queue.try_send(ExchangeRow::of(exchange)).is_err() {
            self.drop_one();
        }
    }
}

impl DatabaseExchangeLog {
    fn drop_one(&self) {
        writer::count_dropped(1);
        // Nothing in there can be left half done.
        let mut dropped = self
            .dropped
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        dropped.since += 1;
        let quiet = dropped
            .said_at
            .is_some_and(|at| at.elapsed() < DROPPED_WARNING_INTERVAL);
        if quiet {
            return;
        }
        let exchanges = std::mem::take(&mut dropped.since);
        dropped.said_at = Some(Instant::now());
        tracing::warn!(
            exchanges.dropped = exchanges,
            "{exchanges} exchanges with gateways were not written down: the database is too slow or away"
        );
    }
}
