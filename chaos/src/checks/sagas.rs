//! Every saga ends by itself, soon after the faults have; and so does the relay.

use std::time::{Duration, Instant};

use sqlx::PgPool;

use super::Check;
use crate::error::ChaosError;
use crate::output::progress;

/// How long the sagas have.
const PATIENCE: Duration = Duration::from_secs(60);
const LOOK_INTERVAL: Duration = Duration::from_millis(200);
/// What is due later belongs to no saga that is under way: pools of coupons close in years, and a payment
/// that was given up is asked about once more after ten minutes.
const SOON: &str = "2 minutes";

/// Waits until nothing is left to do.
pub(crate) async fn ended(pool: &PgPool) -> Result<Check, ChaosError> {
    ended_within(pool, PATIENCE).await
}

async fn ended_within(pool: &PgPool, patience: Duration) -> Result<Check, ChaosError> {
    let mut check = Check::new("every saga ends within 60 s of quiet");
    let started = Instant::now();
    loop {
        let open: i64 = sqlx::query_scalar(
            "SELECT count(*) + (SELECT count(*) FROM processes.parked_events)
                    + (SELECT max(position) IS DISTINCT FROM (
                                  SELECT position FROM event_store.checkpoints
                                   WHERE subscriber = 'processes')
                         FROM event_store.events)::int
               FROM processes.actions WHERE due_at < now() + $1::interval",
        )
        .bind(SOON)
        .fetch_one(pool)
        .await?;
        if open == 0 || started.elapsed() > patience {
            break;
        }
        progress(format_args!(
            "quiet: {open} steps of sagas are still to be done"
        ));
        tokio::time::sleep(LOOK_INTERVAL).await;
    }
    let left: Vec<(String, String)> = sqlx::query_as(
        "SELECT name || ' ' || action_id,
                concat_ws(', ', 'due ' || due_at, attempts || ' attempts', 'parked ' || parked_at, last_error)
           FROM processes.actions WHERE due_at < now() + $1::interval
          UNION ALL SELECT 'event ' || position, error FROM processes.parked_events
          UNION ALL SELECT 'the sagas', 'have read ' || read || ' of ' || stored || ' events'
                      FROM (SELECT coalesce(max(position), 0) AS stored,
                                   coalesce((SELECT position FROM event_store.checkpoints
                                              WHERE subscriber = 'processes'), 0) AS read
                              FROM event_store.events) log
                     WHERE read <> stored",
    )
    .bind(SOON)
    .fetch_all(pool)
    .await?;
    let orders: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM event_store.events WHERE event_type = 'OrderPlaced'",
    )
    .fetch_one(pool)
    .await?;
    check.looked_at = u64::try_from(orders).unwrap_or_default();
    for (what, why) in left {
        check.look(false, || format!("{what}: {why}"));
    }
    Ok(check)
}

/// Waits until the relay has sent everything.
pub(crate) async fn sent(pool: &PgPool) -> Result<Check, ChaosError> {
    sent_within(pool, PATIENCE).await
}

async fn sent_within(pool: &PgPool, patience: Duration) -> Result<Check, ChaosError> {
    let mut check = Check::new("every event is sent to Kafka within 60 s of quiet");
    let started = Instant::now();
    loop {
        let (head, cursor): (i64, i64) = sqlx::query_as(
            "SELECT coalesce(max(position), 0), (SELECT position FROM relay.cursor)
               FROM event_store.events",
        )
        .fetch_one(pool)
        .await?;
        if cursor >= head || started.elapsed() > patience {
            check.looked_at = u64::try_from(head).unwrap_or_default();
            if cursor < head {
                check.look(false, || {
                    format!("the log is at {head}, the relay at {cursor}")
                });
            }
            return Ok(check);
        }
        progress(format_args!("quiet: the relay is at {cursor} of {head}"));
        tokio::time::sleep(LOOK_INTERVAL).await;
    }
}

#[cfg(test)]
mod tests;
