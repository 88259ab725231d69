//! The read models' tables: the history of whole worlds, folded in memory in batches of any size, and by the real
//! projections into PostgreSQL.
#![expect(
    clippy::unwrap_used,
    reason = "fixtures are for tests: a panic there is the report"
)]

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::DomainEvent;
use event_store::{EventLog, RecordedEvent, StoreConfig};
use fastrand::Rng;
use projections::sans_io::{Event, InMemory};
use simulation::run::history;
use sqlx::{Connection, PgConnection, PgPool};
use testkit::TestDatabase;
use tokio_util::sync::CancellationToken;

const SEEDS: std::ops::Range<u64> = 1..6;

/// Puts a history into the log, as it is.
async fn store(owner: &PgPool, history: &[Arc<RecordedEvent>]) {
    for event in history {
        sqlx::query(
            "INSERT INTO event_store.events VALUES ($1, $2, $3, $4, $5, $6::json, $7::json, $8, $9)",
        )
        .bind(&event.aggregate_type)
        .bind(&event.aggregate_id)
        .bind(i64::try_from(event.sequence).unwrap())
        .bind(&event.event_type)
        .bind(&event.event_version)
        .bind(&event.payload)
        .bind(serde_json::to_string(&event.metadata).unwrap())
        .bind(i64::try_from(event.position).unwrap())
        .bind(event.recorded_at)
        .execute(owner)
        .await
        .unwrap();
    }
}

fn fold_in_batches(history: &[Arc<RecordedEvent>], projection: &mut InMemory, rng: &mut Rng) {
    let events = history.iter().map(|stored| {
        let event = DomainEvent::parse(
            &stored.aggregate_type,
            &stored.event_type,
            &stored.event_version,
            &stored.payload,
        );
        Event::decoded(Arc::clone(stored), Arc::new(event.unwrap()))
    });
    let events: Vec<Event> = events.collect();
    let mut from = 0;
    while from < events.len() {
        let to = (from + rng.usize(1..20)).min(events.len());
        let (first, last) = (u64::try_from(from).unwrap(), u64::try_from(to).unwrap());
        projection.apply(first, last, &events[from..to]).unwrap();
        // Whoever comes too late changes nothing.
        assert!(projection.apply(first, last, &events[from..to]).is_err());
        from = to;
    }
}

#[tokio::test]
async fn the_tables_in_memory_have_the_rows_that_postgres_has() {
    let mut rows = BTreeMap::<&str, usize>::new();
    for seed in SEEDS {
        let history = history(seed);
        let database = TestDatabase::create().await;
        let (owner, app) = (database.owner_pool().await, database.app_pool().await);
        store(&owner, &history).await;
        let mut connection = PgConnection::connect_with(&database.owner_options())
            .await
            .unwrap();
        projections::install(&mut connection).await.unwrap();
        let stop = CancellationToken::new();
        let config = StoreConfig::default();
        let log = EventLog::open(app.clone(), &config, stop.clone());
        let log = log.await.unwrap();
        let mut rng = Rng::with_seed(seed);
        for mut projection in InMemory::all() {
            let name = projection.name();
            fold_in_batches(&history, &mut projection, &mut rng);
            projections::rebuild(&owner, &app, &log, name, true, |_| ())
                .await
                .unwrap();
            let generation: i32 = sqlx::query_scalar(
                "SELECT generation FROM projections.generations
                  WHERE projection = $1 AND state = 'live'",
            )
            .bind(name)
            .fetch_one(&owner)
            .await
            .unwrap();
            let search_path = format!("SET search_path = projection_{name}_{generation}");
            sqlx::query(&search_path)
                .execute(&mut connection)
                .await
                .unwrap();
            let difference = projection.difference_from(&mut connection).await.unwrap();
            assert_eq!(difference, None, "seed {seed}: {name}");
            *rows.entry(name).or_default() += projection.rows();
        }
        stop.cancel();
        drop((connection, owner, app, log));
        database.drop_now().await;
    }
    let empty: Vec<_> = rows.iter().filter(|(_, rows)| **rows == 0).collect();
    assert!(empty.is_empty(), "nothing to compare: {empty:?}");
}
