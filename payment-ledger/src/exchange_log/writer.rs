//! Writes the queue down, batch by batch.

use std::collections::BTreeSet;
use std::time::Duration;

use sqlx::PgPool;
use tokio::sync::mpsc::Receiver;
use tokio::time::{MissedTickBehavior, interval, sleep};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::rows::{self, ExchangeRow};

/// Exchanges that are written in one statement.
const BATCH_MAX_EXCHANGES: usize = 200;
/// The first wait after the database failed; it doubles up to the longest.
const RETRY_WAIT_MIN: Duration = Duration::from_millis(100);
const RETRY_WAIT_MAX: Duration = Duration::from_secs(5);
/// The pause before what was said is copied again to transactions that somebody was writing.
const BUSY_WAIT: Duration = Duration::from_secs(1);
/// The most transactions that wait for that.
const BUSY_MAX: usize = 10_000;

/// Writes what comes until `stop`, and then what still waits.
pub(super) async fn write_all(
    payment: PgPool,
    mut waiting: Receiver<ExchangeRow>,
    stop: CancellationToken,
) {
    let mut batch = Vec::with_capacity(BATCH_MAX_EXCHANGES);
    let mut busy = BTreeSet::new();
    // Not begun anew by each exchange that comes: many a second must not put it off.
    let mut again = interval(BUSY_WAIT);
    again.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let came = tokio::select! {
            () = stop.cancelled() => break,
            came = waiting.recv_many(&mut batch, BATCH_MAX_EXCHANGES) => came,
            _ = again.tick(), if !busy.is_empty() => {
                copy_again(&payment, &mut busy).await;
                continue;
            }
        };
        if came == 0 {
            // Nobody in this process calls gateways: that is no reason to end before it does.
            stop.cancelled().await;
            return;
        }
        write(&payment, &mut batch, &mut busy, &stop).await;
    }
    // Nothing new is queued from here on: it would not be written.
    waiting.close();
    while waiting.recv_many(&mut batch, BATCH_MAX_EXCHANGES).await > 0 {
        write(&payment, &mut batch, &mut busy, &stop).await;
    }
    copy_again(&payment, &mut busy).await;
}

/// Copies what was said to transactions that somebody was writing: a rebuild, for as long as it takes. It copies by
/// itself, unless it gives up.
async fn copy_again(payment: &PgPool, busy: &mut BTreeSet<Uuid>) {
    if busy.is_empty() {
        return;
    }
    match rows::copy_again(payment, busy.iter().copied().collect()).await {
        Ok(still_busy) => *busy = BTreeSet::from_iter(still_busy),
        Err(error) => {
            tracing::debug!(error = %error, "what was said waits to be copied to its transactions: {error}");
        }
    }
}

fn note_busy(busy: &mut BTreeSet<Uuid>, more: Vec<Uuid>) {
    busy.extend(more);
    while busy.len() > BUSY_MAX {
        // Ids are in the order of time: whoever rebuilds so long has seen the oldest.
        busy.pop_first();
    }
}

/// Writes a batch, however long it takes; once `stop` has come it is tried a last time. What the database
/// refuses for what it says is given up: it would refuse it again.
async fn write(
    payment: &PgPool,
    batch: &mut Vec<ExchangeRow>,
    busy: &mut BTreeSet<Uuid>,
    stop: &CancellationToken,
) {
    let mut wait = RETRY_WAIT_MIN;
    loop {
        let stopping = stop.is_cancelled();
        let error = match rows::insert(payment, batch).await {
            Ok(more) => {
                note_busy(busy, more);
                count_written(batch.len());
                batch.clear();
                return;
            }
            Err(error) => error,
        };
        let refused = error.as_database_error().is_some_and(|error| {
            // Data exception, integrity constraint violation.
            let class = error.code().map(|code| code.chars().take(2).collect());
            class.is_some_and(|class: String| ["22", "23"].contains(&class.as_str()))
        });
        if refused && batch.len() > 1 {
            one_by_one(payment, batch, busy).await;
            return;
        }
        if refused || stopping {
            count_dropped(batch.len());
            tracing::warn!(
                error = %error,
                exchanges.dropped = batch.len(),
                "{} exchanges with gateways could not be written down: {error}",
                batch.len(),
            );
            batch.clear();
            return;
        }
        if wait == RETRY_WAIT_MIN {
            tracing::warn!(error = %error, "exchanges with gateways wait to be written down: {error}");
        }
        tokio::select! {
            () = stop.cancelled() => {}
            () = sleep(wait) => {}
        }
        wait = (wait * 2).min(RETRY_WAIT_MAX);
    }
}

/// Of a batch that was refused only those are lost that are refused alone.
async fn one_by_one(payment: &PgPool, batch: &mut Vec<ExchangeRow>, busy: &mut BTreeSet<Uuid>) {
    for row in batch.drain(..) {
        match rows::insert(payment, std::slice::from_ref(&row)).await {
            Ok(more) => {
                note_busy(busy, more);
                count_written(1);
            }
            Err(error) => {
                count_dropped(1);
                tracing::warn!(error = %error, "an exchange with a gateway could not be written down: {error}");
            }
        }
    }
}

fn count_written(exchanges: usize) {
    let exchanges = u64::try_from(exchanges).unwrap_or(u64::MAX);
    metrics::counter!("payment_exchanges_written_total").increment(exchanges);
}

pub(super) fn count_dropped(exchanges: usize) {
    let exchanges = u64::try_from(exchanges).unwrap_or(u64::MAX);
    metrics::counter!("payment_exchanges_dropped_total").increment(exchanges);
}
