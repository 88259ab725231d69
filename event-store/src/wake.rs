//! Waking the subscribers of other processes.
//!
//! Not inside the append: a notification takes a lock of the whole cluster at commit. Instead each
//! process says, at most every few milliseconds and on a connection of its own, how far the log is; and
//! everyone looks now and then, should a notification be lost.

use std::time::Duration;

use failpoints::failpoint;
use sqlx::PgPool;
use sqlx::postgres::PgListener;
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use crate::log::EventLog;

/// The channel of the notifications.
const CHANNEL: &str = "event_store";
/// The least time between two notifications of one process.
const NOTIFY_INTERVAL_MS: u64 = 5;
/// The wait before a broken connection is tried again.
const RECONNECT_WAIT_MS: u64 = 500;

/// Moves the feed's head on whenever another process says so, or when looking shows it.
pub(crate) async fn listen(log: EventLog, poll_interval: Duration, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            ended = follow(&log, poll_interval) => {
                if let Err(error) = ended {
                    tracing::warn!(error = %error, "listening for other processes' events broke off; trying again");
                }
            }
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(Duration::from_millis(RECONNECT_WAIT_MS)) => {}
        }
    }
}

async fn follow(log: &EventLog, poll_interval: Duration) -> Result<(), crate::StoreError> {
    let mut listener = PgListener::connect_with(log.pool()).await?;
    listener.listen(CHANNEL).await?;
    failpoint!("event-store.wake.listening", sqlx::Error::Io);
    let mut polls = interval(poll_interval);
    polls.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            notified = listener.try_recv() => match notified? {
                Some(notification) => {
                    if let Ok(head) = notification.payload().parse() {
                        log.feed().advance(head);
                    }
                }
                // The connection broke and notifications may be lost: look.
                None => look(log).await?,
            },
            _ = polls.tick() => look(log).await?,
        }
    }
}

/// Asks the database how far the log is.
async fn look(log: &EventLog) -> Result<(), crate::StoreError> {
    let known = log.known_head();
    let head = log.head().await?;
    failpoint!("event-store.wake.looked", sqlx::Error::Io);
    if head < known {
        // Known before it was asked for, so it was there.
        tracing::error!(
            log.known = known,
            log.head = head,
            "the log ends at {head} and once reached {known}: a server took over that had not all of it"
        );
        log.feed().rewind(head);
    } else {
        log.feed().advance(head);
    }
    Ok(())
}

/// Tells other processes how far the log is, whenever it grew and not too often.
pub(crate) async fn notify(pool: PgPool, mut head: watch::Receiver<u64>, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            changed = head.changed() => if changed.is_err() { return },
        }
        let position = *head.borrow_and_update();
        // Not flushed: it has nothing to keep, and the next append would queue behind its flush.
        let told =
            sqlx::query("SELECT pg_notify($1, $2), set_config('synchronous_commit', 'off', true)")
                .bind(CHANNEL)
                .bind(position.to_string())
                .execute(&pool)
                .await;
        if let Err(error) = told {
            tracing::debug!(error = %error, "other processes were not told; they will look by themselves");
        }
        tokio::time::sleep(Duration::from_millis(NOTIFY_INTERVAL_MS)).await;
    }
}
