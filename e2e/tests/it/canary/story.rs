//! A shop that is told a card's number from every side, and the search afterwards.

use std::collections::BTreeMap;

use platform::Role;
use serde_json::json;
use testkit::eventually;

use super::places::{WalStart, places_of, plant_everywhere};
use super::plants::{Things, send_elsewhere, send_free_texts};
use super::secret::Secret;
use crate::client::Client;
use crate::installation::Installation;

const COMPANIES: [&str; 3] = ["mock", "toss", "nice"];

#[tokio::test(flavor = "multi_thread")]
async fn a_card_that_is_planted_everywhere_is_nowhere_afterwards() {
    let (shop, wal) = installed().await;
    let serve = shop.serve().await;
    let secret = Secret::new();
    let (operator, buyer) = (
        shop.client("olga", Role::Operator),
        shop.client("ann", Role::Customer),
    );
    let product = operator.stocked_product(900, 1_000).await;
    let paid = pay_everywhere(&shop, &secret, &buyer, &product).await;
    let order = buyer.order(&product, 1).await.id();
    let things = Things {
        product: &product,
        order: &order,
        payment: &paid,
    };
    send_free_texts(&secret, &operator, &buyer, &things).await;
    send_elsewhere(&secret, &buyer, &things).await;

    everything_is_written(&shop).await;
    let planted = |bytes: &[u8]| secret.found_in(bytes);
    assert_eq!(places_of(planted, &shop, &wal).await, BTreeMap::new());

    let decoy = Secret::new();
    let decoyed = |bytes: &[u8]| decoy.found_in(bytes);
    assert_eq!(places_of(decoyed, &shop, &wal).await, BTreeMap::new());
    plant_everywhere(&decoy.sentence(), &shop).await;
    let found = places_of(decoyed, &shop, &wal).await;
    let found: Vec<&str> = found.into_keys().collect();
    assert_eq!(
        found,
        ["Kafka", "the dump", "the logs", "the write-ahead log"]
    );
    drop(serve);
    shop.close().await;
}

/// All companies, all that the program can say in its log, and where the write-ahead log begins.
async fn installed() -> (Installation, WalStart) {
    let mut shop = Installation::new().await;
    shop.offer_companies();
    shop.set("RUST_LOG", "debug");
    let wal = WalStart::now(&shop).await;
    (shop, wal)
}

/// Has every company say the secret in whatever it answers: to charges, inquiries and refunds. The id of a payment
/// that was charged.
async fn pay_everywhere(
    shop: &Installation,
    secret: &Secret,
    buyer: &Client,
    product: &str,
) -> String {
    let (number, check_number) = (&secret.number, &secret.check_number);
    let extras = json!({
        "cvv": check_number, "cvc": check_number, "cardNumber": number,
        "card": { "number": number, "cvv": check_number, "cardNum": number },
        "message": secret.sentence(), "resultMsg": secret.sentence(),
        "orderName": secret.grouped("-"), "goodsName": secret.grouped("-"),
        "failure": { "code": "X", "message": secret.sentence() },
        "receipt": { "url": format!("https://receipts.example/{number}") },
        number.as_str(): "a name, too", "track2": format!("{number}=2912"),
    });
    let told = reqwest::Client::new()
        .post(format!("{}/extras", shop.gateway_url()))
        .header("Content-Type", "application/json")
        .body(extras.to_string())
        .send()
        .await
        .expect("the mock answers");
    assert_eq!(told.status(), 204);
    let mut charged = String::new();
    for company in COMPANIES {
        for (token, status) in [
            ("tok_approve", 201),
            ("tok_decline", 402),
            ("tok_error", 201),
        ] {
            let order = buyer.order(product, 1).await.id();
            let path = format!("/orders/{order}/payments");
            let body = json!({ "token": token, "gateway": company });
            let paid = buyer.post(&path, body).await;
            assert_eq!(paid.status, status, "{company} {token}: {}", paid.json());
            assert_eq!(secret.found_in(&paid.bytes), None, "{company} {token}");
            if token == "tok_approve" {
                assert_eq!(paid.text("/data/status"), "SUCCEEDED", "{company}");
                charged = paid.id();
                let path = format!("/payments/{charged}/refunds");
                let refunded = buyer.post(&path, json!({ "reason": "a scratch" })).await;
                assert!(refunded.status < 300, "{company}: {}", refunded.json());
            }
        }
    }
    charged
}

/// Waits until what was said is in every place that it goes to; and sees that the plants were heard.
async fn everything_is_written(shop: &Installation) {
    shop.wait_until_written().await;
    let owner = shop.database.owner_pool().await;
    eventually(
        "what the companies said is kept, and the secret hidden",
        async || {
            let hidden: i64 = sqlx::query_scalar(
                "SELECT count(DISTINCT pg_company) FROM payment.pg_api_logs
              WHERE response_body ->> 'cvv' = '***' AND response_body ->> 'track2' = '***'",
            )
            .fetch_one(&owner)
            .await
            .ok()?;
            (hidden == 3).then_some(())
        },
    )
    .await;
    eventually(
        "it stands with the charges and the refunds too, as hidden",
        async || {
            let hidden: i64 = sqlx::query_scalar(
                "SELECT count(DISTINCT (pg_company, transaction_type)) FROM payment.transactions
                  WHERE pg_response_data ->> 'cvv' = '***' AND pg_request_data IS NOT NULL",
            )
            .fetch_one(&owner)
            .await
            .ok()?;
            (hidden == 6).then_some(())
        },
    )
    .await;
    owner.close().await;
}
