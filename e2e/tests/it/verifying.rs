//! `commerce verify` on a running shop: whole, and red for what is not in the log's own hands. What is in
//! the log is planted in `auditor/tests/it/plants.rs`, at less cost.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use platform::Role;
use serde_json::json;
use testkit::{eventually, redis_url};
use uuid::Uuid;

use crate::installation::{Installation, text};

/// The verdict of each invariant, in words.
const NAMES: [&str; 15] = [
    "dense",
    "outcome-stored",
    "no-oversell",
    "coupons",
    "money",
    "refunds",
    "point-lots",
    "gateway-ledger",
    "sagas-end",
    "one-outcome",
    "projections",
    "kafka",
    "snapshots",
    "payment-methods",
    "readable",
];

/// A changed, a lost and an invented row of each table of the payment ledger that has more than the transactions
/// themselves, and how they are told.
const LEDGER_PLANTS: [(&str, [&str; 3]); 3] = [
    (
        "UPDATE payment.transaction_history SET change_reason = 'PLANTED' WHERE current_status = 'SUCCESS';
         UPDATE main.order_payment_mapping SET payment_status = 'PENDING';
         UPDATE main.payment_states SET paid_amount = paid_amount - 0.01",
        [
            ": change_reason is PLANTED and should be null",
            ": payment_status is PENDING and should be SUCCESS",
            ": paid_amount is 9999.99 and should be 10000.00",
        ],
    ),
    (
        "DELETE FROM payment.transaction_history WHERE current_status = 'SUCCESS';
         DELETE FROM main.order_payment_mapping;
         DELETE FROM main.payment_states",
        [
            "payment.transaction_history: the change ",
            "main.order_payment_mapping: the mapping ",
            "main.payment_states: the state ",
        ],
    ),
    (
        "INSERT INTO payment.transaction_history (id, transaction_id, current_status, changed_at)
         SELECT gen_random_uuid(), id, 'FAILED', now() FROM payment.transactions;
         INSERT INTO main.order_payment_mapping (id, order_id, payment_transaction_id, payment_status)
         SELECT gen_random_uuid(), id, gen_random_uuid(), 'SUCCESS' FROM main.orders;
         INSERT INTO main.orders VALUES (gen_random_uuid(), 'KRW');
         INSERT INTO main.payment_states (id, order_id, current_status, payment_amount)
         SELECT id, id, 'PENDING', 1 FROM main.orders ON CONFLICT DO NOTHING",
        [
            "payment.transaction_history: the log knows of no change ",
            "main.order_payment_mapping: the log knows of no mapping ",
            "main.payment_states: the log knows of no state ",
        ],
    ),
];

/// What the verb says, and whether it is content.
fn verify(shop: &Installation, more: &[&str]) -> (bool, String) {
    let (code, said) = verify_with_code(shop, more);
    (code == Some(0), said)
}

/// What the verb says, and its exit code.
pub(crate) fn verify_with_code(shop: &Installation, more: &[&str]) -> (Option<i32>, String) {
    let arguments: Vec<&str> = ["verify"].iter().chain(more).copied().collect();
    let output = shop.run(&arguments);
    let said = format!("{}{}", text(&output.stdout), text(&output.stderr));
    (output.status.code(), said)
}

/// The line of an invariant in the table.
pub(crate) fn line<'a>(said: &'a str, name: &str) -> &'a str {
    let mut lines = said.lines();
    let found = lines.find(|line| line.split_whitespace().nth(1) == Some(name));
    found.unwrap_or_default()
}

/// Sends one command to Redis, as a line.
fn redis(command: &str) -> String {
    let url = redis_url();
    let address = url.trim_start_matches("redis://").trim_end_matches('/');
    let mut socket = TcpStream::connect(address).expect("Redis answers");
    write!(socket, "{command}\r\n").expect("the command is sent");
    let mut answer = [0; 256];
    let length = socket.read(&mut answer).expect("an answer");
    String::from_utf8_lossy(&answer[..length]).into_owned()
}

async fn as_owner(shop: &Installation, sql: &str) {
    let owner = shop.database.owner_pool().await;
    sqlx::raw_sql(sql)
        .execute(&owner)
        .await
        .expect("the owner may");
    owner.close().await;
}

/// A shop that sold with a coupon, and whose projections and relay are up to date.
async fn shop_with_a_story() -> (Installation, crate::installation::Process, String) {
    let shop = Installation::new().await;
    let serve = shop.serve().await;
    let operator = shop.client("operator", Role::Operator);
    let pool = json!({
        "name": "spring", "quantity": 5, "discount": { "type": "PERCENT", "percent": 10 },
        "validFrom": "2020-01-01T00:00:00Z", "validUntil": "2099-01-01T00:00:00Z",
    });
    let pool = operator.post("/coupon-pools", pool).await;
    assert_eq!(pool.status, 201, "{}", pool.json());
    let ann = shop.client("ann", Role::Customer);
    let claimed = ann
        .post(&format!("/coupon-pools/{}/coupons", pool.id()), json!({}))
        .await;
    assert_eq!(claimed.status, 201, "{}", claimed.json());
    // Where Redis was slow for a moment the claim went past the gate, which then knows nothing: a second one of
    // hers is refused, and fills it.
    eventually("the gate knows the pool", async || {
        let pool = pool.id();
        let again = ann
            .post(&format!("/coupon-pools/{pool}/coupons"), json!({}))
            .await;
        assert_eq!(again.status, 409, "{}", again.json());
        let known = redis(&format!("EXISTS coupon:{pool}:count"));
        known.starts_with(":1").then_some(())
    })
    .await;
    let product = operator.stocked_product(10_000, 10).await;
    let order = ann.order(&product, 1).await;
    let paid = ann.pay(&order.id(), "tok_approve").await;
    assert_eq!(paid.status, 201, "{}", paid.json());
    shop.wait_until_written().await;
    (shop, serve, pool.id())
}

#[tokio::test]
async fn a_whole_shop_holds_in_every_invariant_and_each_plant_turns_its_own_red() {
    let (mut shop, serve, pool) = shop_with_a_story().await;
    let (content, said) = verify(&shop, &[]);
    assert!(content, "{said}");
    for name in NAMES {
        assert!(line(&said, name).contains(" holds "), "{said}");
    }
    assert!(said.contains("the gate of 1 pools agrees"), "{said}");
    for kept in [
        "note    payment.transactions: 1; 10000.00 KRW charged, 0 back",
        "note    payment.transaction_history: 2",
        "note    main.order_payment_mapping: 1",
        "note    main.payment_states: 1",
        "note    main.user_payment_method_mapping: 0",
    ] {
        assert!(said.contains(kept), "{said}");
        let table = kept.split([' ', ':']).find(|word| word.contains('.'));
        let named = table.is_some_and(|table| line(&said, "projections").contains(table));
        assert!(named, "{kept} in:\n{said}");
    }
    let turns_red_for_all = |name: &str, evidence: &[&str]| {
        let (content, said) = verify(&shop, &["--only", name]);
        assert!(!content, "{said}");
        assert!(line(&said, name).contains(" BROKEN "), "{said}");
        for evidence in evidence {
            assert!(said.contains(evidence), "{evidence} in:\n{said}");
        }
    };
    let turns_red = |name: &str, evidence: &str| turns_red_for_all(name, &[evidence]);

    redis(&format!("SADD user:coupon:{pool} eve"));
    turns_red("coupons", "has a place of eve, who has no coupon");
    redis(&format!("DECR coupon:{pool}:count"));
    turns_red("coupons", "has a place of eve, who has no coupon");
    redis(&format!("SREM user:coupon:{pool} eve"));
    turns_red("coupons", "counts 3 left and 1 taken, of 5 in all");
    redis(&format!("INCR coupon:{pool}:count"));

    as_owner(
        &shop,
        "UPDATE projection_orders_1.orders SET total_amount = total_amount + 1",
    )
    .await;
    turns_red("projections", "projection orders: orders: 1 live rows");
    as_owner(
        &shop,
        "UPDATE projection_orders_1.orders SET total_amount = total_amount - 1",
    )
    .await;

    as_owner(
        &shop,
        "UPDATE payment.transactions SET amount = amount - 0.01",
    )
    .await;
    turns_red("projections", "payment.transactions: PAYMENT");
    as_owner(
        &shop,
        "UPDATE payment.transactions SET amount = amount + 0.01",
    )
    .await;

    for (plant, told) in LEDGER_PLANTS {
        as_owner(&shop, plant).await;
        turns_red_for_all("projections", &told);
        for ledger in ["transactions", "order_payments"] {
            let rebuilt = shop.run(&["rebuild", ledger]);
            assert!(rebuilt.status.success(), "{}", text(&rebuilt.stderr));
        }
    }

    as_owner(
        &shop,
        "INSERT INTO event_store.snapshots (aggregate_type, aggregate_id, last_sequence, payload, state_version)
         SELECT aggregate_type, aggregate_id, 1, '{\"warehouses\":{},\"holds\":{}}', 1
           FROM event_store.events WHERE aggregate_type = 'inventory' LIMIT 1",
    )
    .await;
    turns_red("snapshots", "the snapshot at event 1");
    as_owner(&shop, "DELETE FROM event_store.snapshots").await;

    let one_sided = Uuid::now_v7();
    let body = json!({
        "orderId": Uuid::now_v7(), "amount": 77, "currency": "KRW", "token": "tok_approve",
    });
    let url = format!("{}/v1/payments/confirm", shop.gateway_url());
    let charged = reqwest::Client::new()
        .post(url)
        .header("Idempotency-Key", one_sided.to_string())
        .body(body.to_string())
        .header("Content-Type", "application/json")
        .send()
        .await
        .expect("the gateway charges");
    assert!(charged.status().is_success(), "{}", charged.status());
    let evidence = format!("payment/{one_sided}: the gateway charged 77 KRW");
    turns_red("gateway-ledger", &evidence);

    let (content, said) = verify(
        &shop,
        &["--only", "dense,money,projections,snapshots,kafka"],
    );
    assert!(content, "what was undone holds again: {said}");

    drop(serve);
    as_owner(
        &shop,
        "DELETE FROM event_store.commands WHERE position = 1;
         UPDATE relay.cursor SET position = position + 1;
         INSERT INTO event_store.events
         SELECT aggregate_type, gen_random_uuid(), 1, event_type, event_version, payload, metadata,
                (SELECT max(position) + 1 FROM event_store.events), now()
           FROM event_store.events WHERE event_type = 'StockReceived' LIMIT 1",
    )
    .await;
    let (content, said) = verify(&shop, &[]);
    assert!(!content, "{said}");
    for name in ["outcome-stored", "one-outcome", "dense", "kafka"] {
        assert!(line(&said, name).contains(" BROKEN "), "{name}: {said}");
    }
    assert!(said.contains("is not there"), "{said}");
    assert!(line(&said, "money").contains(" holds "), "{said}");

    shop.set("KAFKA_BROKERS", "");
    shop.set("MOCK_GATEWAY_URL", "http://127.0.0.1:1");
    let (code, said) = verify_with_code(&shop, &["--only", "kafka,gateway-ledger"]);
    assert_eq!(code, Some(3), "{said}");
    assert!(
        line(&said, "kafka").contains("not checked  KAFKA_BROKERS"),
        "{said}"
    );
    assert!(
        line(&said, "gateway-ledger").contains("not checked  the gateway"),
        "{said}"
    );
    let unknown = verify(&shop, &["--only", "nothing"]);
    assert!(
        !unknown.0 && unknown.1.contains("no-oversell"),
        "{}",
        unknown.1
    );
    shop.close().await;
}
