//! The same shop, split by role over processes, some of them twice.

use platform::Role;
use sqlx::PgPool;
use testkit::{TestDatabase, eventually};

use crate::client::Answer;
use crate::installation::{Installation, Process};
use crate::stream;
use crate::verifying::{line, verify_with_code};

fn start(shop: &Installation, roles: &str) -> Process {
    // Whatever a process serves beside the installation's own two APIs, it serves on ports of its own.
    let ops = format!("127.0.0.1:{}", Installation::free_port());
    shop.start(&["serve", "--roles", roles], &[("OPS_ADDR", &ops)])
}

#[tokio::test]
async fn roles_in_processes_of_their_own_are_one_shop_and_a_standby_takes_over() {
    let shop = Installation::new().await;
    let _command_api = start(&shop, "command-api");
    let _read_api = start(&shop, "read-api");
    let first = start(&shop, "processes");
    let _second = start(&shop, "processes");
    let _projections = [start(&shop, "projections"), start(&shop, "projections")];
    let _relays = [start(&shop, "relay"), start(&shop, "relay")];
    shop.wait_until_ready().await;
    let product = shop
        .client("operator", Role::Operator)
        .stocked_product(1_000, 10)
        .await;
    let buyer = shop.client("ann", Role::Customer);
    let order = buyer.order(&product, 1).await.id();
    assert_eq!(
        buyer.pay(&order, "tok_approve").await.text("/data/status"),
        "SUCCEEDED"
    );

    first.kill();
    let order = buyer.order(&product, 1).await.id();
    let paid: Answer = buyer.pay(&order, "tok_approve").await;
    assert_eq!(paid.status, 201);
    eventually("the standby settles it", async || {
        let status = buyer
            .get(&format!("/orders/{order}"))
            .await
            .text("/data/status");
        (status == "PAID").then_some(())
    })
    .await;
    stream::assert_kafka_equals_the_log(&shop).await;
    shop.verify();
    shop.close().await;
}

async fn position(pool: &PgPool, sql: &str) -> i64 {
    let position = sqlx::query_scalar(sql).fetch_one(pool).await;
    position.expect("a position")
}

#[tokio::test]
async fn a_payment_schema_in_a_database_of_its_own_is_verified_there_or_said_not_to_be() {
    let mut shop = Installation::new().await;
    let apart = TestDatabase::create().await;
    shop.set("PAYMENT_DATABASE_URL", &apart.url("payment_service"));
    let serve = shop.serve().await;
    let product = shop
        .client("operator", Role::Operator)
        .stocked_product(1_000, 10)
        .await;
    let buyer = shop.client("ann", Role::Customer);
    let order = buyer.order(&product, 1).await.id();
    assert_eq!(buyer.pay(&order, "tok_approve").await.status, 201);
    let (log, ledger) = (shop.database.owner_pool().await, apart.owner_pool().await);
    eventually("the ledger apart catches up", async || {
        let head = position(&log, "SELECT max(position) FROM event_store.events").await;
        let kept = position(&ledger, "SELECT position FROM payment.checkpoints").await;
        (kept == head).then_some(())
    })
    .await;

    let look = |shop: &Installation| verify_with_code(shop, &["--only", "projections"]);
    let (code, said) = look(&shop);
    assert_eq!(code, Some(0), "{said}");
    let kept = "note    payment.transactions: 1; 1000.00 KRW charged, 0 back";
    assert!(said.contains(kept), "{said}");
    sqlx::raw_sql("DELETE FROM payment.transaction_history WHERE current_status = 'SUCCESS'")
        .execute(&ledger)
        .await
        .expect("the owner may");
    let (code, said) = look(&shop);
    assert_eq!(code, Some(1), "{said}");
    assert!(
        said.contains("payment.transaction_history: the change "),
        "{said}"
    );

    // Where it cannot be looked at it is not called whole.
    let nowhere = shop.database.url("payment_service") + "_nowhere";
    let stranger = apart.url("main_service");
    for (url, why) in [
        (nowhere, "_nowhere\" does not exist"),
        (stranger, "permission denied"),
    ] {
        shop.set("PAYMENT_DATABASE_URL", &url);
        let (code, said) = look(&shop);
        assert_eq!(code, Some(3), "{said}");
        let tables = "not checked  payment.transactions, payment.transaction_history: ";
        let line = line(&said, "projections");
        assert!(line.contains(tables) && line.contains(why), "{said}");
    }
    // Without the URL the shop's own database is all that it knows of.
    shop.set("PAYMENT_DATABASE_URL", "");
    shop.set("PAYMENT_METHOD_KEYS", "");
    let (code, said) = look(&shop);
    assert_eq!(code, Some(0), "{said}");
    for table in ["payment.transactions", "payment.transaction_history"] {
        let not_kept = format!("note    {table} is not kept: ");
        assert!(said.contains(&not_kept), "{said}");
        let line = line(&said, "projections");
        assert!(!line.contains(table), "{said}");
    }
    drop(serve);
    log.close().await;
    ledger.close().await;
    apart.drop_now().await;
    shop.close().await;
}
