//! A company deletes a saved card's key by itself and tells of it, three times: the card is charged no more, and its key
//! is nowhere any more.

use platform::Role;
use serde_json::{Value, json};
use testkit::eventually;

use crate::client::Client;
use crate::installation::Installation;

const KEYS: &str = "e2e:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
const SECRET: &str = "test_sk_e2e";

async fn until(client: &Client, path: &str, pointer: &str, wanted: &str) {
    eventually(&format!("{path} {pointer} is {wanted}"), async || {
        let seen = client.get(path).await.text(pointer);
        (seen == wanted).then_some(())
    })
    .await;
}

/// The only key that the mock issued, as its own file has it.
fn issued_key(shop: &Installation) -> String {
    let ledger = std::fs::read_to_string(shop.file("ledger.jsonl")).expect("the mock's file");
    let (_, rest) = ledger
        .rsplit_once("\"billingKey\":\"")
        .expect("a key was issued");
    rest.split('"').next().expect("a key").to_owned()
}

#[tokio::test]
async fn a_card_whose_company_deleted_its_key_is_charged_no_more_and_erased() {
    let mut shop = Installation::new().await;
    let gateway = shop.gateway_url();
    shop.set("TOSS_URL", &format!("{gateway}/toss"));
    shop.set("TOSS_SECRET_KEY", SECRET);
    shop.set("PAYMENT_METHOD_KEYS", KEYS);
    let _serve = shop.serve().await;
    let http = reqwest::Client::new();
    let target = json!({ "url": shop.webhook_url("toss"), "company": "toss", "repeat": 3 });
    let told = http
        .post(format!("{gateway}/webhooks"))
        .json(&target)
        .send();
    assert_eq!(told.await.expect("an answer").status().as_u16(), 204);
    let ann = shop.client("ann", Role::Customer);
    let body = json!({ "authKey": "tok_approve", "gateway": "toss" });
    let saved = ann.post("/payment-methods", body).await;
    assert_eq!(saved.status, 202, "{}", saved.json());
    let path = format!("/payment-methods/{}", saved.id());
    until(&ann, &path, "/data/status", "ACTIVE").await;
    let deleted = http
        .delete(format!("{gateway}/toss/v1/billing/{}", issued_key(&shop)))
        .basic_auth(SECRET, Some(""))
        .send();
    assert_eq!(deleted.await.expect("an answer").status().as_u16(), 200);
    until(&ann, &path, "/data/status", "DELETED").await;
    eventually("the key is erased", async || {
        let method = ann.get(&path).await.json();
        (method["data"]["erasedAt"] != Value::Null).then_some(())
    })
    .await;
    let owner = shop.database.owner_pool().await;
    let reasons: Vec<String> = sqlx::query_scalar(
        "SELECT payload -> 'PaymentMethodDeleted' ->> 'reason' FROM event_store.events
          WHERE event_type = 'PaymentMethodDeleted'",
    )
    .fetch_all(&owner)
    .await
    .expect("the log is read");
    assert_eq!(reasons, ["GATEWAY"], "once, however often it was told");
    let left: i64 = sqlx::query_scalar("SELECT count(*) FROM payment.method_keys")
        .fetch_one(&owner)
        .await
        .expect("the vault is read");
    assert_eq!(left, 0);
    eventually("the order service knows", async || {
        let active: Vec<bool> =
            sqlx::query_scalar("SELECT is_active FROM main.user_payment_method_mapping")
                .fetch_all(&owner)
                .await
                .ok()?;
        (active == [false]).then_some(())
    })
    .await;
    owner.close().await;
    shop.verify();
    shop.close().await;
}
