//! kill -9 in the middle of everything: nothing acknowledged is lost, nothing happens twice, and what was
//! under way finishes by itself.

use std::collections::BTreeMap;
use std::time::Duration;

use platform::Role;
use serde_json::{Value, json};
use testkit::eventually_within;

use crate::installation::Installation;
use crate::stream;

/// Shoppers at once.
const SHOPPERS: usize = 12;
/// Orders of each shopper.
const ORDERS_EACH: usize = 40;
/// Kills while they shop.
const KILLS: usize = 4;

#[tokio::test]
async fn kill_9_in_the_middle_of_shopping_loses_and_doubles_nothing() {
    let shop = Installation::new().await;
    let mut serve = shop.serve().await;
    let operator = shop.client("operator", Role::Operator);
    let product = operator.stocked_product(1_000, 1_000).await;
    let shoppers: Vec<_> = (0..SHOPPERS)
        .map(|n| {
            let (client, product) = (
                shop.client(&format!("shopper-{n}"), Role::Customer),
                product.clone(),
            );
            tokio::spawn(async move {
                let mut answers = Vec::new();
                for round in 0..ORDERS_EACH {
                    let body = json!({ "items": [{ "productId": product, "quantity": 1 }] });
                    let key = format!("order-{round}");
                    let placed = client.post_until_answered("/orders", &key, &body).await;
                    let order = placed.id();
                    let path = format!("/orders/{order}/payments");
                    let body = json!({ "token": "tok_approve" });
                    let paid = client
                        .post_until_answered(&path, &format!("pay-{round}"), &body)
                        .await;
                    answers.push((key, placed, order, paid));
                }
                (client, answers)
            })
        })
        .collect();
    for _ in 0..KILLS {
        tokio::time::sleep(Duration::from_millis(700)).await;
        serve.kill();
        serve = shop.serve().await;
    }
    let mut orders = Vec::new();
    for shopper in shoppers {
        let (client, answers) = shopper.await.expect("the shopper does not panic");
        for (key, placed, order, paid) in answers {
            assert_eq!(placed.status, 201);
            assert_eq!(paid.status, 201, "{}", paid.json());
            // The same key gets the same bytes, also from a process that never saw the first request.
            let body = json!({ "items": [{ "productId": product, "quantity": 1 }] });
            let again = client.post_until_answered("/orders", &key, &body).await;
            assert_eq!((again.bytes, again.replayed), (placed.bytes.clone(), true));
            orders.push((client.clone(), order));
        }
    }
    for (client, order) in &orders {
        eventually_within(Duration::from_secs(60), "the order is paid", async || {
            let status = client
                .get(&format!("/orders/{order}"))
                .await
                .text("/data/status");
            (status == "PAID").then_some(())
        })
        .await;
    }
    let expected = SHOPPERS * ORDERS_EACH;
    assert_eq!(orders.len(), expected);
    let stock = operator
        .get(&format!("/products/{product}/stock"))
        .await
        .json();
    assert_eq!(stock["data"]["stock"], json!(1_000 - expected));
    assert_eq!(stock["data"]["reservedStock"], json!(0));
    assert_each_charged_once(&shop.ledger().await, expected);
    let head = operator.get("/events?after=0&size=1").await;
    assert_eq!(head.status, 200);
    stream::assert_kafka_equals_the_log(&shop).await;
    shop.verify();
    drop(serve);
    shop.close().await;
}

fn assert_each_charged_once(ledger: &[Value], expected: usize) {
    let mut charges: BTreeMap<&str, usize> = BTreeMap::new();
    for entry in ledger {
        assert_eq!(
            (&entry["kind"], &entry["state"]),
            (&json!("CHARGE"), &json!("CHARGED"))
        );
        *charges
            .entry(entry["orderId"].as_str().expect("an order"))
            .or_default() += 1;
    }
    assert_eq!(charges.len(), expected, "a charge for each order");
    assert!(
        charges.values().all(|count| *count == 1),
        "and no order twice"
    );
}
