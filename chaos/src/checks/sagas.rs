//! Every saga ends by itself, soon after the faults have; so does the relay, and so do the read models.

use std::time::{Duration, Instant};

use sqlx::PgPool;

use super::Check;
use crate::error::ChaosError;
use crate::output::progress;

/// How long the sagas have.
const PATIENCE: Duration = Duration::from_secs(60);
const LOOK_INTERVAL: Duration = Duration::from_millis(200);
/// What is due later belongs to no saga that is under way: pools of coupons close in years.
const SOON: &str = "2 minutes";
/// Looks at a company that nothing hangs on but time: the last one at a payment that was given up, ten minutes later,
/// and those at accounts that nobody has paid into, while they are open. They may fall into the quiet, and are nothing
/// that was left undone, until they are due: one that was tried in vain is.
pub(super) const LOOKS: [&str; 3] = ["inquire-late", "inquire-deposit", "inquire-closed"];

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
               FROM processes.actions
              WHERE due_at < now() + $1::interval
                AND (name <> ALL ($2) OR due_at < now() OR attempts > 0)",
        )
        .bind(SOON)
        .bind(LOOKS)
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
           FROM processes.actions
          WHERE due_at < now() + $1::interval
            AND (name <> ALL ($2) OR due_at < now() OR attempts > 0)
          UNION ALL SELECT 'event ' || position, error FROM processes.parked_events
          UNION ALL SELECT 'the sagas', 'have read ' || read || ' of ' || stored || ' events'
                      FROM (SELECT coalesce(max(position), 0) AS stored,
                                   coalesce((SELECT position FROM event_store.checkpoints
                                              WHERE subscriber = 'processes'), 0) AS read
                              FROM event_store.events) log
                     WHERE read <> stored",
    )
    .bind(SOON)
    .bind(LOOKS)
    .fetch_all(pool)
    .await?;
    let looks: Vec<(String, i64)> = sqlx::query_as(
        "SELECT name, count(*) FROM processes.actions WHERE name = ANY ($1) GROUP BY name ORDER BY name",
    )
    .bind(LOOKS)
    .fetch_all(pool)
    .await?;
    let looks = looks
        .iter()
        .map(|(name, count)| format!("{count} steps {name} wait for their time"));
    check.details.extend(looks);
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
            let refused: Vec<(i64, String)> =
                sqlx::query_as("SELECT position, error FROM relay.failures ORDER BY position")
                    .fetch_all(pool)
                    .await?;
            for (position, error) in refused {
                check.look(false, || format!("event {position} was set apart: {error}"));
            }
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

/// Waits until every live read model has taken in all of the log, with nothing set apart.
pub(crate) async fn fed(pool: &PgPool) -> Result<Check, ChaosError> {
    fed_within(pool, PATIENCE).await
}

async fn fed_within(pool: &PgPool, patience: Duration) -> Result<Check, ChaosError> {
    let mut check = Check::new("every read model has taken everything in within 60 s of quiet");
    let started = Instant::now();
    loop {
        let live: Vec<(String, i64, i64)> = sqlx::query_as(
            "SELECT projection, lag_events, parked_events
               FROM read_model.projection_status WHERE state = 'live'",
        )
        .fetch_all(pool)
        .await?;
        let is_fed = live
            .iter()
            .all(|(_, lag, parked)| (*lag, *parked) == (0, 0));
        if is_fed || started.elapsed() > patience {
            for (projection, lag, parked) in live {
                check.look((lag, parked) == (0, 0), || {
                    format!("{projection} lacks {lag} events and has parked {parked}")
                });
            }
            return Ok(check);
        }
        tokio::time::sleep(LOOK_INTERVAL).await;
    }
}

/// Waits until the ledgers have taken in all of the log.
pub(crate) async fn kept(pool: &PgPool) -> Result<Check, ChaosError> {
    kept_within(pool, PATIENCE).await
}

async fn kept_within(pool: &PgPool, patience: Duration) -> Result<Check, ChaosError> {
    let mut check = Check::new("all payment ledgers are at the log's end within 60 s of quiet");
    let started = Instant::now();
    loop {
        let ledgers: Vec<(String, i64, i64)> = sqlx::query_as(
            "SELECT subscriber, position,
                    (SELECT coalesce(max(position), 0) FROM event_store.events)
               FROM (SELECT subscriber, position FROM payment.checkpoints
                      UNION ALL SELECT subscriber, position FROM main.checkpoints) kept",
        )
        .fetch_all(pool)
        .await?;
        let is_kept = ledgers.iter().all(|(_, position, head)| position == head);
        if is_kept || started.elapsed() > patience {
            for (ledger, position, head) in ledgers {
                check.look(position == head, || {
                    format!("{ledger} is at {position}, the log at {head}")
                });
            }
            let exchanges: i64 = sqlx::query_scalar("SELECT count(*) FROM payment.pg_api_logs")
                .fetch_one(pool)
                .await?;
            check
                .details
                .push(format!("{exchanges} exchanges with companies are kept"));
            return Ok(check);
        }
        tokio::time::sleep(LOOK_INTERVAL).await;
    }
}

#[cfg(test)]
mod tests;
