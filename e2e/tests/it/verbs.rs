//! The program's other verbs, on a running shop.

use std::time::Duration;

use platform::Role;
use serde_json::{Value, json};
use testkit::eventually;

use crate::installation::{Installation, text};

fn run(shop: &Installation, arguments: &[&str]) -> String {
    let output = shop.run(arguments);
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success(), "{arguments:?}:\n{out}{err}");
    out
}

#[tokio::test]
async fn seeding_twice_is_seeding_once_and_the_tour_shows_every_stage() {
    let shop = Installation::new().await;
    let _serve = shop.serve().await;
    run(&shop, &["seed"]);
    run(&shop, &["seed"]);
    let products = shop
        .client("ann", Role::Customer)
        .get("/products?size=100")
        .await;
    assert_eq!(products.json()["data"].as_array().map(Vec::len), Some(8));
    let tour = run(&shop, &["tour"]);
    for stage in [
        "OrderPlaced",
        "PointsHeld",
        "PaymentSucceeded",
        "PointsSpent",
        "OrderRefunded",
        "PointsReturned",
        "\"spendable\":500",
        "order.order.created",
        "order.order.refunded",
    ] {
        assert!(tour.contains(stage), "{stage} in:\n{tour}");
    }
    let token = run(&shop, &["token", "--role", "operator"]);
    assert_eq!(token.trim().split('.').count(), 3, "a token alone: {token}");
    assert!(run(&shop, &["doctor"]).contains("ok"));
    shop.verify();
    shop.close().await;
}

#[tokio::test]
async fn a_projection_is_rebuilt_beside_the_live_one_and_there_is_a_way_back() {
    let shop = Installation::new().await;
    let _serve = shop.serve().await;
    run(&shop, &["seed"]);
    run(&shop, &["tour"]);
    let before = shop
        .client("ann", Role::Customer)
        .get("/products?size=100&sort=price,asc")
        .await;
    assert!(run(&shop, &["rebuild", "products"]).contains("generation 2"));
    let rebuilt = shop
        .client("ann", Role::Customer)
        .get("/products?size=100&sort=price,asc")
        .await;
    assert_eq!(rebuilt.json()["data"], before.json()["data"]);
    assert!(run(&shop, &["rebuild", "products", "--back"]).contains("generation 1"));
    for part in ["transactions", "order_payments", "user_methods"] {
        let rebuilt = run(&shop, &["rebuild", part]);
        assert!(rebuilt.contains("the rows in"), "{rebuilt}");
        let back = shop.run(&["rebuild", part, "--back"]);
        assert!(text(&back.stderr).contains("no generations"), "{part}");
    }
    let unknown = shop.run(&["rebuild", "nothing"]);
    assert!(!unknown.status.success());
    shop.verify();
    shop.close().await;
}

/// A small file as the exporter writes it: households, two prices of one product, a campaign.
fn baskets(count: u64) -> String {
    let mut lines = vec![json!({ "kind": "meta", "weeks": 1 })];
    let mut sold = [0_u64; 3];
    let prices = [199, 249, 1_000];
    let mut baskets = Vec::new();
    for n in 0..count {
        let quantities = [n % 3, (n + 1) % 2, 1];
        let mut total = 0;
        let mut items: Vec<Value> = Vec::new();
        for ((item, quantity), price) in quantities.iter().enumerate().zip(prices) {
            if *quantity > 0 {
                sold[item] += quantity;
                total += quantity * price;
                items.push(json!({ "item": format!("item-{item}"), "quantity": quantity }));
            }
        }
        let coupon = (n == 5).then(|| json!({ "campaign": "18" }));
        baskets.push(json!({
            "kind": "basket", "id": n.to_string(), "household": (n % 7).to_string(),
            "at": "2017-01-01T12:00:00Z", "day": format!("2017-01-{:02}", 1 + n % 20),
            "lines": items, "totalCents": total, "coupon": coupon,
        }));
    }
    for ((item, quantity), price) in sold.iter().enumerate().zip(prices) {
        lines.push(json!({
            "kind": "product", "id": format!("item-{item}"), "productId": "1", "name": "Tea",
            "category": "GROCERY", "brand": "National", "priceCents": price, "quantity": quantity,
        }));
    }
    lines.push(json!({
        "kind": "campaign", "id": "18", "households": ["5"], "redemptions": 1,
        "start": "2017-01-01", "end": "2017-02-01",
    }));
    lines.extend(baskets);
    lines.iter().map(|line| format!("{line}\n")).collect()
}

#[tokio::test]
async fn a_replay_reconciles_also_through_a_kill_and_a_second_time() {
    let shop = Installation::new().await;
    let serve = shop.serve().await;
    let file = shop.file("baskets.jsonl");
    std::fs::write(&file, baskets(400)).expect("the file can be written");
    let path = file.display().to_string();
    let mut replay = shop.start(&["replay", &path, "--shoppers", "7"], &[]);
    let operator = shop.client("operator", Role::Operator);
    eventually("the shoppers are in the middle of it", async || {
        let orders = "/events?after=0&type=OrderPaid&size=100";
        let paid = operator.get(orders).await.json()["data"]
            .as_array()
            .map(Vec::len)?;
        (paid >= 50).then_some(())
    })
    .await;
    serve.kill();
    let _serve = shop.serve().await;
    let code = replay.ended(std::time::Duration::from_secs(120)).await;
    let log = shop.log(&format!("replay-{path}---shoppers-7"));
    assert_eq!(code, Some(0), "{log}");
    assert!(run(&shop, &["replay", &path]).contains("everything reconciles"));
    shop.verify();
    shop.close().await;
}

#[tokio::test]
async fn the_doctor_misses_whoever_should_run_and_no_relay_where_there_is_no_kafka() {
    let mut shop = Installation::new().await;
    shop.set("KAFKA_BROKERS", "");
    let serve = shop.serve().await;
    let well = eventually("the doctor is content", async || {
        let output = shop.run(&["doctor"]);
        output.status.success().then(|| text(&output.stdout))
    })
    .await;
    assert!(well.contains("skipped  someone runs the relay"), "{well}");
    serve.terminate(Duration::from_secs(10)).await;
    let trouble = eventually("the doctor has found the trouble", async || {
        let output = shop.run(&["doctor"]);
        (!output.status.success()).then(|| text(&output.stdout))
    })
    .await;
    let missing = "nobody holds the lease processes";
    assert!(trouble.contains(missing), "{trouble}");
    shop.close().await;
}

#[tokio::test]
async fn installations_of_one_cluster_may_be_migrated_at_once() {
    let mut shops = Vec::new();
    for _ in 0..6 {
        shops.push(Installation::new().await);
    }
    for _ in 0..5 {
        std::thread::scope(|threads| {
            for shop in &shops {
                threads.spawn(|| run(shop, &["migrate"]));
            }
        });
    }
    for shop in shops {
        shop.close().await;
    }
}
