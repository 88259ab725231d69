//! Servers that stop, crash, forget, and come back.

use std::time::Duration;

use rand::Rng as _;
use rand::rngs::StdRng;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::sleep;

use super::Field;
use super::cycle::Fault;
use crate::error::ChaosError;

/// The longest that PostgreSQL and Redis stay away, in milliseconds.
const AWAY_MAX_MS: u64 = 3_000;
/// How long Kafka stays away, in milliseconds: longer than the relay's patience with one batch.
const BROKER_AWAY_MS: (u64, u64) = (4_000, 8_000);

/// Stops PostgreSQL and starts it again; measures how long the shop takes to recover.
pub(super) async fn postgres(
    field: &Field,
    fault: Fault,
    verb: &str,
    random: &mut StdRng,
) -> Result<(), ChaosError> {
    let disturbance = field.chronicle.disturb();
    field.servers.control("postgres", verb).await?;
    field.injected(fault);
    sleep(Duration::from_millis(random.random_range(0..AWAY_MAX_MS))).await;
    field.servers.control("postgres", "start").await?;
    drop(disturbance);
    field.chronicle.recovery(fault.name()).await;
    Ok(())
}

/// Ends some or all of the shop's connections, from inside.
pub(super) async fn terminate(
    field: &Field,
    fault: Fault,
    random: &mut StdRng,
) -> Result<(), ChaosError> {
    for _ in 0..random.random_range(1..=3) {
        let share: f64 = random.random_range(0.2..1.0);
        let disturbance = field.chronicle.disturb();
        let ended: i64 = sqlx::query_scalar(
            "SELECT count(*) FILTER (WHERE pg_terminate_backend(pid))
               FROM pg_stat_activity
              WHERE usename IN ('commerce_app', 'commerce_read') AND random() < $1",
        )
        .bind(share)
        .fetch_one(&field.pool)
        .await?;
        drop(disturbance);
        field.injected(fault);
        field.chronicle.note("backends terminated", &json!(ended));
        field.chronicle.recovery(fault.name()).await;
    }
    Ok(())
}

/// `kill -9`: with `appendfsync everysec` the last second may be lost.
pub(super) async fn redis(
    field: &Field,
    fault: Fault,
    random: &mut StdRng,
) -> Result<(), ChaosError> {
    field.servers.control("redis", "stop-immediate").await?;
    field.injected(fault);
    sleep(Duration::from_millis(random.random_range(0..AWAY_MAX_MS))).await;
    field.servers.control("redis", "start").await
}

/// Everything that Redis knows is gone.
pub(super) async fn flush(field: &Field, fault: Fault) -> Result<(), ChaosError> {
    let address = field.servers.redis_url.trim_start_matches("redis://");
    let failed = || ChaosError::io("FLUSHALL");
    // The plain protocol needs no client.
    let mut redis = TcpStream::connect(address).await.map_err(failed())?;
    redis.write_all(b"FLUSHALL\r\n").await.map_err(failed())?;
    let mut answer = [0; 5];
    redis.read_exact(&mut answer).await.map_err(failed())?;
    if answer != *b"+OK\r\n" {
        return Err(ChaosError::said("Redis refused FLUSHALL"));
    }
    field.injected(fault);
    Ok(())
}

/// The broker goes, in order or not, and comes back.
pub(super) async fn kafka(
    field: &Field,
    fault: Fault,
    random: &mut StdRng,
) -> Result<(), ChaosError> {
    let verb = if random.random_ratio(1, 2) {
        "stop"
    } else {
        "stop-immediate"
    };
    field.servers.control("kafka", verb).await?;
    field.injected(fault);
    sleep(Duration::from_millis(
        random.random_range(BROKER_AWAY_MS.0..BROKER_AWAY_MS.1),
    ))
    .await;
    field.servers.control("kafka", "start").await
}
