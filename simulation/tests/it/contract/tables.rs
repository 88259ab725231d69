//! The read models' tables: the history of whole worlds, folded in memory in batches of any size, and by the real
//! projections into PostgreSQL.
#![expect(
    clippy::unwrap_used,
    reason = "fixtures are for tests: a panic there is the report"
)]

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::payment_method::{DeletionReason, MethodKind, PaymentMethodEvent};
use domain::{DomainEvent, PaymentMethodId};
use event_store::{EventLog, RecordedEvent, StoreConfig};
use fastrand::Rng;
use projections::sans_io::{Event, InMemory};
use simulation::run::history;
use sqlx::{Connection, PgConnection, PgPool};
use testkit::TestDatabase;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

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

/// The history of a world, and after it a card of Ann's that comes and goes: the worlds' shoppers save none.
fn history_with_a_card(seed: u64) -> Vec<Arc<RecordedEvent>> {
    let mut events = history(seed);
    let last = RecordedEvent::clone(events.last().unwrap());
    let method_id = PaymentMethodId::new(Uuid::from_u128(u128::from(seed)));
    let gateway = || "bank".to_owned();
    let card = [
        PaymentMethodEvent::PaymentMethodRequested {
            method_id,
            gateway: gateway(),
            auth_token: "auth".to_owned(),
        },
        PaymentMethodEvent::PaymentMethodRegistered {
            method_id,
            gateway: gateway(),
            kind: MethodKind::Card,
            card_company: None,
            card_last4: Some("1234".to_owned()),
        },
        PaymentMethodEvent::PaymentMethodMadeDefault { method_id },
        PaymentMethodEvent::PaymentMethodDeleted {
            method_id,
            gateway: gateway(),
            reason: DeletionReason::Requested,
        },
        PaymentMethodEvent::PaymentMethodErased { method_id },
    ];
    events.extend((1..).zip(card).map(|(sequence, event)| {
        let payload = serde_json::to_value(&event).unwrap();
        let event_type = payload.as_object().unwrap().keys().next().unwrap().clone();
        let mut stored = last.clone();
        stored.position += sequence;
        stored.aggregate_type = "payment_methods".to_owned();
        stored.aggregate_id = "ann".to_owned();
        stored.sequence = sequence;
        stored.event_type = event_type;
        stored.event_version = "1".to_owned();
        stored.payload = payload.to_string();
        stored.metadata.event_id = Uuid::new_v5(&stored.metadata.event_id, &sequence.to_be_bytes());
        Arc::new(stored)
    }));
    events
}

fn fold_in_batches(history: &[Arc<RecordedEvent>], projection: &mut InMemory, rng: &mut Rng) {
    let events = history.iter().map(|stored| {
        // Parsed afresh: the card's events are copies, which remember what they were copied from.
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
        let history = history_with_a_card(seed);
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
