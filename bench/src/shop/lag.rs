//! How far the read models and Kafka are behind the log: from an event's commit (`recorded_at`, taken in
//! its transaction) to the moment when somebody else can see it. All clocks are this machine's.

use std::collections::HashMap;
use std::time::Duration;

use chrono::{DateTime, Utc};
use rdkafka::ClientConfig;
use rdkafka::consumer::{Consumer as _, StreamConsumer};
use rdkafka::message::{Headers as _, Message as _};
use sqlx::PgConnection;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::installation::Installation;
use crate::error::BenchError;
use crate::measure::Sample;

/// 99 of 100 orders are in the read model after so long.
pub(crate) const TO_READ_MODEL: &str = "lag to the read model, p99";
/// 99 of 100 events of the stream are with a consumer of Kafka after so long.
pub(crate) const TO_KAFKA: &str = "lag to Kafka, p99";

/// How often the projections' checkpoints are looked at.
const LOOK_INTERVAL: Duration = Duration::from_millis(2);
/// How long the stream may take to bring the last event.
const PATIENCE: Duration = Duration::from_secs(30);

/// When the projection had reached which position.
type Reached = Vec<(DateTime<Utc>, i64)>;
/// When which event was with the consumer.
type Arrivals = HashMap<Uuid, DateTime<Utc>>;

/// Watches until it is told to stop.
pub(super) struct Watch {
    from: i64,
    stop: CancellationToken,
    checkpoints: JoinHandle<Result<Reached, BenchError>>,
    arrivals: JoinHandle<Result<Arrivals, BenchError>>,
}

impl Watch {
    /// Starts to look. The stream is waited for until what is in it has been read.
    pub(super) async fn start(shop: &Installation) -> Result<Self, BenchError> {
        let mut connection = shop.database.connect().await?;
        until_caught_up(&mut connection).await?;
        let from = head(&mut connection).await?;
        let stop = CancellationToken::new();
        let consumer = consumer(&shop.topic_prefix)?;
        let arrivals = tokio::spawn(listen(consumer, stop.clone()));
        let checkpoints = tokio::spawn(look(connection, stop.clone()));
        // The consumer reads the topics' beginnings meanwhile, and is up to date before the load begins.
        sleep(Duration::from_secs(3)).await;
        Ok(Self {
            from,
            stop,
            checkpoints,
            arrivals,
        })
    }

    /// Ends, when everything has arrived.
    pub(super) async fn stop(
        self,
        shop: &Installation,
    ) -> Result<Vec<(&'static str, f64)>, BenchError> {
        let mut connection = shop.database.connect().await?;
        until_caught_up(&mut connection).await?;
        // A consumer sees what is delivered within its own fetch.
        sleep(Duration::from_millis(500)).await;
        self.stop.cancel();
        let (checkpoints, arrivals) = (self.checkpoints.await??, self.arrivals.await??);
        let events: Vec<(i64, DateTime<Utc>, Uuid)> = sqlx::query_as(
            "SELECT position, recorded_at, (metadata->>'eventId')::uuid
               FROM event_store.events WHERE position > $1 AND event_type = 'OrderPlaced'
              ORDER BY position",
        )
        .bind(self.from)
        .fetch_all(&mut connection)
        .await?;
        let mut to_read_model = Vec::new();
        let mut to_kafka = Vec::new();
        for (position, recorded_at, id) in events {
            let reached = checkpoints.partition_point(|(_, reached)| *reached < position);
            if let Some((seen_at, _)) = checkpoints.get(reached) {
                to_read_model.push(between(recorded_at, *seen_at));
            }
            let arrived = arrivals.get(&id).ok_or_else(|| {
                BenchError::BrokenLog(format!("event {id} did not come out of Kafka"))
            })?;
            to_kafka.push(between(recorded_at, *arrived));
        }
        Ok(vec![
            (TO_READ_MODEL, p99_ms(to_read_model)?),
            (TO_KAFKA, p99_ms(to_kafka)?),
        ])
    }
}

fn between(from: DateTime<Utc>, to: DateTime<Utc>) -> Duration {
    (to - from).to_std().unwrap_or_default()
}

fn p99_ms(latencies: Vec<Duration>) -> Result<f64, BenchError> {
    let sample = Sample::measured(Duration::from_secs(1), latencies)?;
    Ok(sample.figures().latency.map_or(0.0, |latency| latency.p99))
}

async fn head(connection: &mut PgConnection) -> Result<i64, BenchError> {
    let head = "SELECT coalesce(max(position), 0) FROM event_store.events";
    Ok(sqlx::query_scalar(head).fetch_one(connection).await?)
}

/// Until the orders' projection and the relay have everything.
async fn until_caught_up(connection: &mut PgConnection) -> Result<(), BenchError> {
    let began = Instant::now();
    loop {
        let behind: bool = sqlx::query_scalar(
            "SELECT least((SELECT min(position) FROM projections.generations WHERE state = 'live'),
                          (SELECT position FROM relay.cursor))
                    < (SELECT coalesce(max(position), 0) FROM event_store.events)",
        )
        .fetch_one(&mut *connection)
        .await?;
        if !behind {
            return Ok(());
        }
        if began.elapsed() > PATIENCE {
            let message = "the projections or the relay do not catch up".to_owned();
            return Err(BenchError::Environment(message));
        }
        sleep(Duration::from_millis(20)).await;
    }
}

/// A position is seen when a transaction of somebody else can read the checkpoint: rows and checkpoint
/// commit together.
async fn look(
    mut connection: PgConnection,
    stop: CancellationToken,
) -> Result<Reached, BenchError> {
    let mut seen = Reached::new();
    while !stop.is_cancelled() {
        let position: i64 = sqlx::query_scalar(
            "SELECT position FROM projections.generations
              WHERE projection = 'orders' AND state = 'live'",
        )
        .fetch_one(&mut connection)
        .await?;
        if seen.last().is_none_or(|(_, last)| *last < position) {
            seen.push((Utc::now(), position));
        }
        sleep(LOOK_INTERVAL).await;
    }
    Ok(seen)
}

fn consumer(topic_prefix: &str) -> Result<StreamConsumer, BenchError> {
    let brokers = std::env::var("TEST_KAFKA_BROKERS")
        .map_err(|_| BenchError::Environment("TEST_KAFKA_BROKERS is not set".to_owned()))?;
    let consumer: StreamConsumer = ClientConfig::new()
        .set("bootstrap.servers", brokers)
        .set("group.id", format!("{topic_prefix}lag"))
        .set("auto.offset.reset", "earliest")
        .set("enable.auto.commit", "false")
        .create()?;
    consumer.subscribe(&[&format!("{topic_prefix}order.order.created")])?;
    Ok(consumer)
}

async fn listen(consumer: StreamConsumer, stop: CancellationToken) -> Result<Arrivals, BenchError> {
    let mut arrivals = Arrivals::new();
    loop {
        let message = tokio::select! {
            () = stop.cancelled() => return Ok(arrivals),
            message = consumer.recv() => message?,
        };
        let arrived_at = Utc::now();
        let id = message.headers().and_then(|headers| {
            let id = headers.iter().find(|header| header.key == "event-id")?;
            std::str::from_utf8(id.value?).ok()?.parse().ok()
        });
        if let Some(id) = id {
            arrivals.entry(id).or_insert(arrived_at);
        }
    }
}
