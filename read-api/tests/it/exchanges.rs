//! What was said with a payment's company, for operators.

use serde_json::json;
use uuid::Uuid;

use crate::shop::{Api, Shop, column, lazy_pool};

impl Shop {
    /// Some exchanges of a payment, with their ids in the order of time.
    async fn exchanges_of(&self, payment: Uuid, count: usize) {
        for number in 0..count {
            sqlx::query(
                "INSERT INTO payment.pg_api_logs
                        (id, pg_company, api_endpoint, http_method, request_headers, request_body,
                         response_status, response_headers, response_body, duration_ms, success, payment_id)
                 VALUES ($1, 'TOSS', $2, 'POST', '{}', '{\"amount\": 900}', 200, '{}',
                         '{\"status\": \"DONE\"}', 37, true, $3)",
            )
            .bind(Uuid::now_v7())
            .bind(format!("/call/{number}"))
            .bind(payment)
            .execute(&self.owner)
            .await
            .expect("an exchange is kept");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_sees_what_was_said_of_a_payment_the_newest_first_page_by_page() {
    let shop = Shop::open().await;
    let product = shop.product_on_sale("Kettle", 900, 5).await;
    let paid = shop.buy("ann", &[(product, 1)], 900).await;
    let (payment, position) = (paid.payment_id, paid.position);
    shop.exchanges_of(payment, 3).await;
    shop.exchanges_of(Uuid::now_v7(), 2).await;
    let path = format!("/payments/{payment}/exchanges");

    let seen = shop.operator().see(&path, position).await;
    assert_eq!(column(&seen, "endpoint"), ["/call/2", "/call/1", "/call/0"]);
    let newest = &seen[0];
    for (field, value) in [
        ("company", json!("TOSS")),
        ("method", json!("POST")),
        ("requestBody", json!({ "amount": 900 })),
        ("responseStatus", json!(200)),
        ("responseBody", json!({ "status": "DONE" })),
        ("durationMs", json!(37)),
        ("success", json!(true)),
        ("error", json!(null)),
    ] {
        assert_eq!(newest[field], value, "{field}");
    }
    assert!(newest["createdAt"].is_string());
    let second = shop.operator().get(&format!("{path}?size=2&page=1")).await;
    assert_eq!(column(&second.json()["data"], "endpoint"), ["/call/0"]);
    assert_eq!(second.json()["meta"]["total"], 3);
    let oldest = format!("{path}?sort=createdAt,asc&size=1");
    let oldest = shop.operator().get(&oldest).await.json();
    assert_eq!(column(&oldest["data"], "endpoint"), ["/call/0"]);

    let refused = shop.customer("ann").get(&path).await;
    assert_eq!(refused.error(), (403, "FORBIDDEN".to_owned()));
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_the_payment_service_is_not_configured_it_is_said_that_nothing_is_kept() {
    let shop = Shop::open().await;
    let product = shop.product_on_sale("Kettle", 900, 5).await;
    let paid = shop.buy("ann", &[(product, 1)], 900).await;
    let api = Api::start(lazy_pool(shop.read_options()), Default::default());
    let operator = api.caller("olga", &[platform::Role::Operator]);
    let path = format!("/payments/{}", paid.payment_id);
    operator.see(&path, paid.position).await;
    let said = operator.get(&format!("{path}/exchanges")).await;
    assert_eq!(said.error(), (404, "EXCHANGES_NOT_KEPT".to_owned()));
    api.close().await;
    shop.close().await;
}
