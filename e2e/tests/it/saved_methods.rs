//! Saved payment methods on real processes: from the company's window to a charge without a browser, and to a key
//! that is nowhere any more. What a key is looked for in is in `canary/places.rs`.

use std::collections::BTreeMap;

use platform::Role;
use reqwest::{Method, redirect};
use serde_json::{Value, json};
use testkit::eventually;
use uuid::Uuid;

use crate::canary::places::{WalStart, places_of, plant_everywhere};
use crate::canary::secret::text_in;
use crate::client::{Answer, Client};
use crate::gateways::tell;
use crate::installation::{Installation, METHOD_KEYS};

const PRICE: i64 = 1_000;
/// Where the browser comes back to; nobody is there.
const BACK: &str = "http://shop.test/saved";

/// A shop that saves cards with Toss and logs all it can, and where the write-ahead log begins.
async fn installed() -> (Installation, WalStart) {
    let mut shop = Installation::new().await;
    shop.offer_companies();
    shop.set("RUST_LOG", "debug");
    let wal = WalStart::now(&shop).await;
    (shop, wal)
}

/// The company's window, as the browser goes through it: what it brings back.
async fn browser(shop: &Installation, buyer: &Client) -> String {
    let named = buyer.post("/payment-methods/customer-key", json!({})).await;
    let customer_key = named.text("/data/customerKey");
    assert!(!customer_key.is_empty(), "{}", named.json());
    let form = [
        ("customerKey", customer_key.as_str()),
        ("successUrl", BACK),
        ("failUrl", BACK),
    ];
    let http = reqwest::Client::builder()
        .redirect(redirect::Policy::none())
        .build()
        .expect("a client");
    let window = format!("{}/toss/billing/checkout/register", shop.gateway_url());
    let form = reqwest::Url::parse_with_params(&window, form).expect("an address");
    let sent_back = http
        .post(window)
        .header("Content-Type", "application/x-www-form-urlencoded")
        .body(form.query().unwrap_or_default().to_owned())
        .send()
        .await;
    let sent_back = sent_back.expect("the window answers");
    let to = sent_back.headers().get("Location").expect("a way back");
    let to = reqwest::Url::parse(to.to_str().expect("text")).expect("an address");
    let brought = to.query_pairs().find(|(name, _)| name == "authKey");
    brought.expect("an authKey").1.into_owned()
}

async fn register(buyer: &Client, auth_key: &str) -> String {
    let body = json!({ "authKey": auth_key, "gateway": "toss" });
    let asked = buyer.post("/payment-methods", body).await;
    let said = (asked.status, asked.text("/data/status"));
    assert_eq!(said, (202, "PENDING".to_owned()), "{}", asked.json());
    asked.id()
}

/// Waits until a method has come this far; what is seen of it then.
async fn until(buyer: &Client, method: &str, status: &str) -> Value {
    let path = format!("/payment-methods/{method}");
    eventually(&format!("{path} is {status}"), async || {
        let seen = buyer.get(&path).await;
        (seen.text("/data/status") == status).then(|| seen.json()["data"].clone())
    })
    .await
}

/// The caller's methods in the order of the list, once there are so many.
async fn listed(buyer: &Client, least: u64) -> Vec<(String, bool)> {
    let listed = buyer.get_at("/payment-methods", least).await.json();
    let methods = listed["data"].as_array().expect("a list").iter();
    let methods = methods.map(|method| {
        let id = method["id"].as_str().expect("an id").to_owned();
        (id, method["isDefault"] == true)
    });
    methods.collect()
}

async fn pay_by(buyer: &Client, product: &str, method: &str) -> (String, Answer) {
    let order = buyer.order(product, 1).await.id();
    let body = json!({ "paymentMethodId": method });
    let paid = buyer.post(&format!("/orders/{order}/payments"), body).await;
    (order, paid)
}

async fn delete(buyer: &Client, method: &str) -> Answer {
    let key = Uuid::now_v7().to_string();
    let headers = [("Idempotency-Key", key.as_str())];
    let path = format!("/payment-methods/{method}");
    let nothing = json!({});
    buyer.call(Method::DELETE, &path, &headers, &nothing).await
}

/// What the company charged under a payment's id.
async fn charges_of(shop: &Installation, payment: &str) -> Vec<(String, i64)> {
    let entries = shop.ledger().await.into_iter();
    let own = entries.filter(|entry| entry["kind"] == "CHARGE" && entry["orderId"] == payment);
    let charges = own.map(|entry| {
        let company = entry["company"].as_str().expect("a company").to_owned();
        (company, entry["amount"].as_i64().expect("an amount"))
    });
    charges.collect()
}

/// Every billing key that the company has issued, from its own books.
fn issued_keys(shop: &Installation) -> Vec<String> {
    let books = std::fs::read_to_string(shop.file("ledger.jsonl")).expect("the books are there");
    let mut keys: Vec<String> = books
        .split("\"billingKey\":\"")
        .skip(1)
        .filter_map(|rest| Some(rest.split_once('"')?.0.to_owned()))
        .collect();
    keys.sort();
    keys.dedup();
    keys
}

async fn everything_is_written(shop: &Installation) {
    shop.wait_until_written().await;
    let owner = shop.database.owner_pool().await;
    eventually("the exchanges are kept, keys hidden", async || {
        let hidden: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM payment.pg_api_logs WHERE response_body ->> 'billingKey' = '***'",
        )
        .fetch_one(&owner)
        .await
        .ok()?;
        (hidden >= 2).then_some(())
    })
    .await;
    owner.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_saved_card_pays_without_a_browser_until_it_is_deleted_and_its_key_is_never_seen() {
    let (shop, wal) = installed().await;
    let serve = shop.serve().await;
    // Of a key that is deleted the company tells by its name.
    let target = json!({ "url": shop.webhook_url("toss"), "company": "toss" });
    assert_eq!(tell(&shop, "/webhooks", &target).await, 204);
    let operator = shop.client("olga", Role::Operator);
    let (ann, eve) = (
        shop.client("ann", Role::Customer),
        shop.client("eve", Role::Customer),
    );
    let product = operator.stocked_product(PRICE, 100).await;

    let first = register(&ann, &browser(&shop, &ann).await).await;
    let seen = until(&ann, &first, "ACTIVE").await;
    let shown = (&seen["isDefault"], &seen["methodType"], &seen["cardLast4"]);
    assert_eq!(shown, (&json!(true), &json!("CARD"), &json!("1234")));
    let second = register(&ann, &browser(&shop, &ann).await).await;
    until(&ann, &second, "ACTIVE").await;
    // What ann's browser brought is nothing to eve.
    let stolen = register(&eve, &browser(&shop, &ann).await).await;
    let refused = until(&eve, &stolen, "FAILED").await;
    assert_eq!(refused["failureCode"], "NOT_MATCHES_CUSTOMER_KEY");

    let first_is_default = [(first.clone(), true), (second.clone(), false)];
    assert_eq!(listed(&ann, 0).await, first_is_default);
    let path = format!("/payment-methods/{second}/default");
    let made = ann.post(&path, json!({})).await;
    assert_eq!(made.status, 200, "{}", made.json());
    let second_is_default = [(second.clone(), true), (first.clone(), false)];
    assert_eq!(listed(&ann, made.position()).await, second_is_default);

    let (order, paid) = pay_by(&ann, &product, &second).await;
    let said = (paid.status, paid.text("/data/status"));
    assert_eq!(said, (201, "SUCCEEDED".to_owned()), "{}", paid.json());
    assert_eq!(
        charges_of(&shop, &paid.id()).await,
        [("toss".to_owned(), PRICE)]
    );
    let path = format!("/orders/{order}");
    let order_now = ann.get_at(&path, paid.position()).await;
    assert_eq!(order_now.text("/data/status"), "PAID");
    let (_, not_hers) = pay_by(&eve, &product, &second).await;
    let said = (not_hers.status, not_hers.text("/error"));
    assert_eq!(said, (404, "PAYMENT_METHOD_NOT_FOUND".to_owned()));

    let deleted = delete(&ann, &second).await;
    let said = (deleted.status, deleted.text("/data/defaultId"));
    assert_eq!(said, (200, first.clone()), "{}", deleted.json());
    let (unpaid, refused) = pay_by(&ann, &product, &second).await;
    assert!(
        matches!(refused.status, 404 | 409),
        "a deleted method: {} {}",
        refused.status,
        refused.json()
    );
    let charged = shop.ledger().await;
    assert_eq!(
        charged.len(),
        1,
        "nothing but the first order is charged: {charged:?}"
    );
    eventually("its key is nowhere any more", async || {
        let seen = ann.get(&format!("/payment-methods/{second}")).await;
        (!seen.text("/data/erasedAt").is_empty()).then_some(())
    })
    .await;
    assert_eq!(
        listed(&ann, deleted.position()).await,
        [(first.clone(), true)]
    );

    // Another process opens what this one sealed.
    serve.kill();
    let serve = shop.serve().await;
    let body = json!({ "paymentMethodId": first });
    let paid = ann.post(&format!("/orders/{unpaid}/payments"), body).await;
    let said = (paid.status, paid.text("/data/status"));
    assert_eq!(said, (201, "SUCCEEDED".to_owned()), "{}", paid.json());

    let keys = issued_keys(&shop);
    assert_eq!(keys.len(), 2, "the company issued two: {keys:?}");
    let owner = shop.database.owner_pool().await;
    let kept: Vec<(Uuid, String)> = sqlx::query_as(
        "SELECT k.method_id, m.pg_billing_key FROM payment.method_keys k
           JOIN payment.methods m ON m.id = k.method_id",
    )
    .fetch_all(&owner)
    .await
    .expect("the owner may look");
    owner.close().await;
    assert_eq!(kept.len(), 1, "the one that is left");
    assert_eq!(kept[0].0.to_string(), first);
    assert!(kept[0].1.starts_with("hmac-sha256:"), "{}", kept[0].1);

    everything_is_written(&shop).await;
    shop.verify();
    let (_, sealing_key) = METHOD_KEYS.split_once(':').expect("a name and a key");
    let in_clear = |bytes: &[u8]| {
        let mut secrets = keys.iter().map(String::as_str).chain([sealing_key]);
        secrets.find_map(|secret| text_in(secret, bytes))
    };
    assert_eq!(places_of(in_clear, &shop, &wal).await, BTreeMap::new());
    plant_everywhere(&keys[0], &shop).await;
    let found = places_of(in_clear, &shop, &wal).await;
    let found: Vec<&str> = found.into_keys().collect();
    let everywhere = ["Kafka", "the dump", "the logs", "the write-ahead log"];
    assert_eq!(found, everywhere);
    drop(serve);
    shop.close().await;
}
