//! Those who follow the log, with a long way to go: a projection made anew, and the relay to Kafka. The log
//! is one of whole checkouts, made by the same rules as any other.

use std::time::Duration;

use event_store::{EventStore, StoreConfig};
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use super::history::write_checkouts;
use super::installation::Installation;
use crate::error::BenchError;
use crate::measure::{Figures, Meter, to_f64};
use crate::registry::Contestant;
use crate::run::{Bench, Form};
use crate::server::Database;

/// Checkouts in the log; each is 7 events.
fn checkouts(form: Form) -> u64 {
    match form {
        Form::Smoke => 200,
        Form::Short => 30_000,
        Form::Full => 100_000,
    }
}

/// How long anything here may take.
const PATIENCE: Duration = Duration::from_secs(300);
const LOOK_INTERVAL: Duration = Duration::from_millis(5);

pub(super) async fn run(bench: &Bench, contestant: Contestant) -> Result<Figures, BenchError> {
    let mut shop = Installation::new(bench.server.empty().await?).await?;
    let events = fill(&shop.database, checkouts(bench.form)).await?;
    bench.server.settle().await?;
    let figures = match contestant {
        Contestant::Relay => relay(&mut shop, events).await?,
        _ => rebuild(&mut shop, events).await?,
    };
    bench.server.drop_database(shop.stop().await?).await?;
    Ok(figures)
}

/// Writes the log.
async fn fill(database: &Database, checkouts: u64) -> Result<u64, BenchError> {
    let stop = CancellationToken::new();
    let pool = database.pool().await?;
    let store = EventStore::open(pool, StoreConfig::default(), stop.clone()).await?;
    write_checkouts(&store, checkouts).await?;
    let events = store.log().head().await?;
    stop.cancel();
    store.log().pool().close().await;
    let mut connection = database.connect().await?;
    sqlx::raw_sql("VACUUM ANALYZE event_store.events")
        .execute(&mut connection)
        .await?;
    Ok(events)
}

/// Brings the live generations up to date, stops, and has the orders made anew beside them.
async fn rebuild(shop: &mut Installation, events: u64) -> Result<Figures, BenchError> {
    const POSITION: &str = "SELECT min(position) FROM projections.generations WHERE state = 'live'";
    shop.serve("projections").await?;
    reach(&shop.database, POSITION, events).await?;
    shop.stop_last().await?;
    let meter = Meter::start()?;
    let began = Instant::now();
    shop.verb(&["rebuild", "orders"]).await?;
    let took = began.elapsed();
    Ok(Figures {
        per_second: to_f64(events) / took.as_secs_f64(),
        acknowledged: events,
        usage: Some(meter.stop()?),
        ..Figures::default()
    })
}

/// Lets the relay send it all. Counted from its first delivery on: before that it makes the topics.
async fn relay(shop: &mut Installation, events: u64) -> Result<Figures, BenchError> {
    const POSITION: &str = "SELECT position FROM relay.cursor";
    let meter = Meter::start()?;
    shop.serve("relay").await?;
    let (began, first) = reach(&shop.database, POSITION, 1).await?;
    let (ended, _) = reach(&shop.database, POSITION, events).await?;
    let (sent, took) = if first < events {
        (events - first, ended - began)
    } else {
        // All of a small log was there at the first look.
        (events, LOOK_INTERVAL)
    };
    Ok(Figures {
        per_second: to_f64(sent) / took.as_secs_f64(),
        acknowledged: events,
        usage: Some(meter.stop()?),
        ..Figures::default()
    })
}

/// Waits until a position is reached; when it was, and what was seen then.
async fn reach(
    database: &Database,
    position: &str,
    wanted: u64,
) -> Result<(Instant, u64), BenchError> {
    let mut connection = database.connect().await?;
    let began = Instant::now();
    loop {
        let position: i64 = sqlx::query_scalar(position)
            .fetch_one(&mut connection)
            .await?;
        let position = u64::try_from(position).unwrap_or_default();
        if position >= wanted {
            return Ok((Instant::now(), position));
        }
        if began.elapsed() > PATIENCE {
            let message = format!("position {position} of {wanted} after {PATIENCE:?}");
            return Err(BenchError::Environment(message));
        }
        sleep(LOOK_INTERVAL).await;
    }
}
