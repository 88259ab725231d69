//! Times that the database sets itself, whatever a client says.

use sqlx::PgPool;
use testkit::TestDatabase;

/// Whether what a client claimed to be long ago became a moment ago.
async fn is_recent(owner: &PgPool, expression: &str, table: &str) -> bool {
    let sql = format!("SELECT bool_and({expression} > now() - interval '1 minute') FROM {table}");
    sqlx::query_scalar(&sql)
        .fetch_one(owner)
        .await
        .expect("the rows can be read")
}

#[tokio::test]
async fn the_database_says_when_a_call_was_logged() {
    let database = TestDatabase::create().await;
    let owner = database.owner_pool().await;
    sqlx::raw_sql(
        "INSERT INTO payment.pg_api_logs (id, pg_company, api_endpoint, http_method, created_at)
         VALUES (gen_random_uuid(), 'TOSS', '/v1/payments', 'POST', '2001-01-01'),
                (gen_random_uuid(), 'NICE', '/v1/payments', 'POST', NULL)",
    )
    .execute(&owner)
    .await
    .expect("a call can be logged");
    assert!(is_recent(&owner, "created_at", "payment.pg_api_logs").await);
    owner.close().await;
    database.drop_now().await;
}

#[tokio::test]
async fn the_database_says_when_a_link_was_made_and_changed() {
    let database = TestDatabase::create().await;
    let owner = database.owner_pool().await;
    let table = "main.legacy_order_payment_mapping";
    sqlx::raw_sql(&format!(
        "INSERT INTO {table} (id, legacy_order_id, payment_transaction_id, payment_status,
                              created_at, updated_at)
         VALUES (gen_random_uuid(), 1, gen_random_uuid(), 'PENDING', '2001-01-01', '2001-01-01')"
    ))
    .execute(&owner)
    .await
    .expect("a link can be made");
    assert!(is_recent(&owner, "least(created_at, updated_at)", table).await);
    sqlx::raw_sql(&format!(
        "UPDATE {table} SET payment_status = 'SUCCESS', created_at = '2001-01-01', updated_at = '2001-01-01'"
    ))
    .execute(&owner)
    .await
    .expect("a link can be changed");
    assert!(is_recent(&owner, "least(created_at, updated_at)", table).await);
    let moved: bool = sqlx::query_scalar(&format!("SELECT updated_at > created_at FROM {table}"))
        .fetch_one(&owner)
        .await
        .expect("the row is there");
    assert!(moved, "only the change's time moves on");
    owner.close().await;
    database.drop_now().await;
}

#[tokio::test]
async fn the_database_says_when_an_orders_payment_changed() {
    let database = TestDatabase::create().await;
    let owner = database.owner_pool().await;
    sqlx::raw_sql(
        "INSERT INTO main.orders (id, currency) VALUES ('00000000-0000-0000-0000-000000000001', 'KRW');
         INSERT INTO main.payment_states (id, order_id, current_status, payment_amount, last_updated_at)
         SELECT id, id, 'PENDING', 1, '2001-01-01' FROM main.orders;
         INSERT INTO main.order_payment_mapping
                (id, order_id, payment_transaction_id, payment_status, created_at, updated_at)
         SELECT id, id, id, 'PENDING', '2001-01-01', '2001-01-01' FROM main.orders",
    )
    .execute(&owner)
    .await
    .expect("a state can be kept");
    assert!(is_recent(&owner, "last_updated_at", "main.payment_states").await);
    let both = "least(created_at, updated_at)";
    assert!(is_recent(&owner, both, "main.order_payment_mapping").await);
    sqlx::raw_sql("UPDATE main.payment_states SET last_updated_at = '2001-01-01'")
        .execute(&owner)
        .await
        .expect("a state can change");
    assert!(is_recent(&owner, "last_updated_at", "main.payment_states").await);
    owner.close().await;
    database.drop_now().await;
}
