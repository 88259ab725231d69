//! Exchanges with gateways in `payment.pg_api_logs`.

use std::time::{Duration, Instant};

use chrono::Utc;
use payment_gateways::{Exchange, ExchangeLog};
use payment_ledger::keep_exchanges;
use serde_json::{Value, json};
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;
use testkit::{TestDatabase, eventually};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// More than the queue takes.
const FLOOD_EXCHANGES: usize = 5_000;

pub(crate) fn exchange(payment_id: Option<Uuid>) -> Exchange {
    Exchange {
        at: Utc::now(),
        company: "toss",
        endpoint: "/v1/payments/confirm".to_owned(),
        method: "POST".to_owned(),
        request_headers: json!({ "idempotency-key": "k" }),
        request_body: Some(json!({ "amount": 12_900 })),
        response_status: Some(200),
        response_headers: Some(json!({})),
        response_body: Some(json!({ "status": "DONE" })),
        duration: Duration::from_millis(37),
        is_success: true,
        error: None,
        payment_id,
        transaction_id: payment_id,
    }
}

fn as_payment_service(database: &TestDatabase) -> PgPool {
    PgPoolOptions::new()
        .max_connections(2)
        .acquire_timeout(Duration::from_millis(500))
        .connect_lazy_with(database.role_options("payment_service"))
}

async fn count(owner: &PgPool) -> i64 {
    sqlx::query_scalar("SELECT count(*) FROM payment.pg_api_logs")
        .fetch_one(owner)
        .await
        .expect("the log can be counted")
}

#[tokio::test]
async fn an_exchange_is_found_by_its_payment_with_all_that_was_said() {
    let database = TestDatabase::create().await;
    let owner = database.owner_pool().await;
    let stop = CancellationToken::new();
    let (log, task) = keep_exchanges(as_payment_service(&database), stop.clone());
    let payment = Uuid::now_v7();
    log.told(exchange(Some(payment)));
    log.told(Exchange {
        endpoint: "/x".repeat(400),
        response_status: None,
        response_headers: None,
        response_body: None,
        is_success: false,
        error: Some("TIMEOUT".to_owned()),
        ..exchange(None)
    });
    eventually("both are written", async || {
        (count(&owner).await == 2).then_some(())
    })
    .await;
    let row: Value = sqlx::query_scalar(
        "SELECT to_jsonb(l) - 'id' - 'created_at' FROM payment.pg_api_logs l WHERE payment_id = $1",
    )
    .bind(payment)
    .fetch_one(&owner)
    .await
    .expect("it is found by its payment");
    let wanted = json!({
        "pg_company": "TOSS", "api_endpoint": "/v1/payments/confirm", "http_method": "POST",
        "request_headers": { "idempotency-key": "k" }, "request_body": { "amount": 12_900 },
        "response_status": 200, "response_headers": {}, "response_body": { "status": "DONE" },
        "duration_ms": 37, "success": true, "error_message": null, "payment_id": payment,
        "transaction_id": payment,
    });
    assert_eq!(row, wanted);
    let lost: Value = sqlx::query_scalar(
        "SELECT to_jsonb(l) FROM payment.pg_api_logs l WHERE payment_id IS NULL",
    )
    .fetch_one(&owner)
    .await
    .expect("it is there");
    assert_eq!(lost["success"], false);
    assert_eq!(lost["error_message"], "TIMEOUT");
    assert_eq!(lost["response_body"], Value::Null);
    assert_eq!(lost["api_endpoint"].as_str().map(str::len), Some(255));
    stop.cancel();
    task.await.expect("the writer ends");
    owner.close().await;
    database.drop_now().await;
}

#[tokio::test]
async fn what_waits_when_the_program_stops_is_written_before_it_ends() {
    let database = TestDatabase::create().await;
    let owner = database.owner_pool().await;
    let stop = CancellationToken::new();
    let (log, task) = keep_exchanges(as_payment_service(&database), stop.clone());
    for _ in 0..500 {
        log.told(exchange(Some(Uuid::now_v7())));
    }
    stop.cancel();
    task.await.expect("the writer ends");
    assert_eq!(count(&owner).await, 500);
    owner.close().await;
    database.drop_now().await;
}

#[tokio::test]
async fn a_database_that_is_away_holds_no_gateway_call_up_and_is_written_to_when_it_is_back() {
    let database = TestDatabase::create().await;
    let owner = database.owner_pool().await;
    let mut locked = owner.begin().await.expect("a transaction");
    sqlx::query("LOCK TABLE payment.pg_api_logs IN ACCESS EXCLUSIVE MODE")
        .execute(&mut *locked)
        .await
        .expect("nobody can write");
    let stop = CancellationToken::new();
    let (log, task) = keep_exchanges(as_payment_service(&database), stop.clone());
    let started = Instant::now();
    for _ in 0..FLOOD_EXCHANGES {
        log.told(exchange(None));
    }
    let took = started.elapsed();
    assert!(took < Duration::from_secs(2), "nobody waited: {took:?}");
    locked.rollback().await.expect("the table is free");
    stop.cancel();
    task.await
        .expect("the writer ends, with all that was queued");
    let written = count(&owner).await;
    assert!((2_000..3_000).contains(&written), "the queue: {written}");
    owner.close().await;
    database.drop_now().await;
}

#[tokio::test]
async fn an_exchange_that_the_database_refuses_takes_no_other_with_it() {
    let database = TestDatabase::create().await;
    let owner = database.owner_pool().await;
    sqlx::raw_sql(
        "ALTER TABLE payment.pg_api_logs ADD CONSTRAINT planted CHECK (http_method <> 'PLANT')",
    )
    .execute(&owner)
    .await
    .expect("the owner may");
    let stop = CancellationToken::new();
    let (log, task) = keep_exchanges(as_payment_service(&database), stop.clone());
    for number in 0..20 {
        let method = if number == 7 { "PLANT" } else { "GET" };
        log.told(Exchange {
            method: method.to_owned(),
            ..exchange(None)
        });
    }
    stop.cancel();
    task.await.expect("the writer ends");
    assert_eq!(count(&owner).await, 19);
    owner.close().await;
    database.drop_now().await;
}

/// A process that only names gateways and calls none ended as a whole, for "the exchange log stopped by itself".
#[tokio::test]
async fn a_process_that_calls_no_gateway_keeps_its_writer_until_it_stops() {
    let database = TestDatabase::create().await;
    let stop = CancellationToken::new();
    let (log, mut task) = keep_exchanges(as_payment_service(&database), stop.clone());
    drop(log);
    let ended = tokio::time::timeout(Duration::from_millis(100), &mut task).await;
    assert!(ended.is_err(), "it ended by itself");
    stop.cancel();
    task.await.expect("the writer ends");
    database.drop_now().await;
}
