//! Where a client can write what it likes.

use reqwest::Method;
use serde_json::{Value, json};

use super::secret::Secret;
use crate::client::{Answer, Client};

/// Everything that the story has, for requests that are right but for one text.
pub(super) struct Things<'a> {
    pub(super) product: &'a str,
    /// Neither paid nor cancelled.
    pub(super) order: &'a str,
    /// Paid.
    pub(super) payment: &'a str,
}

/// Every text that a client can send: the path, the body, and the field that the card's number is in.
fn free_texts(things: &Things<'_>, card: &str) -> Vec<(String, Value, &'static str)> {
    let Things {
        product,
        order,
        payment,
    } = things;
    let whole = json!({
        "name": "A kettle", "category": "kitchen", "brand": "Acme", "description": "It boils.",
        "images": ["https://img.example/1"], "price": { "amount": 900, "currency": "KRW" },
    });
    let with = |field: &str, value: Value| {
        let mut body = whole.clone();
        body[field] = value;
        body
    };
    let pool = json!({
        "name": card, "quantity": 5, "discount": { "type": "PERCENT", "percent": 10 },
        "validFrom": "2020-01-01T00:00:00Z", "validUntil": "2099-01-01T00:00:00Z",
    });
    let stock = format!("/products/{product}/stock");
    vec![
        ("/products".into(), with("name", json!(card)), "name"),
        (
            "/products".into(),
            with("category", json!(card)),
            "category",
        ),
        ("/products".into(), with("brand", json!(card)), "brand"),
        (
            "/products".into(),
            with("description", json!(card)),
            "description",
        ),
        (
            "/products".into(),
            with("images", json!([card])),
            "images[0]",
        ),
        ("/coupon-pools".into(), pool, "name"),
        (
            format!("/orders/{order}/cancel"),
            json!({ "reason": card }),
            "reason",
        ),
        (
            format!("/orders/{order}/payments"),
            json!({ "token": card }),
            "token",
        ),
        (
            format!("/payments/{payment}/refunds"),
            json!({ "reason": card }),
            "reason",
        ),
        (
            "/points/ann/adjustments".into(),
            json!({ "delta": 1, "reason": card }),
            "reason",
        ),
        (
            format!(
                "/points/{}/adjustments",
                card.replace(' ', "%20").replace(',', "")
            ),
            json!({ "delta": 1, "reason": "goodwill" }),
            "userId",
        ),
        (
            format!("{stock}/adjustments"),
            json!({ "warehouse": "seoul", "delta": 1, "reason": card }),
            "reason",
        ),
    ]
}

/// Sends the secret in each text: refused by the field's name, and never said back.
pub(super) async fn send_free_texts(
    secret: &Secret,
    operator: &Client,
    buyer: &Client,
    things: &Things<'_>,
) {
    let card = format!("my card is {}, thanks", secret.grouped(" "));
    for (path, body, field) in free_texts(things, &card) {
        // A buyer's request is a buyer's to make.
        let caller = if path.starts_with("/orders") {
            buyer
        } else {
            operator
        };
        let answer = caller.post(&path, body).await;
        refused(&answer, &path, field, secret);
    }
    let edited = operator
        .call(
            Method::PATCH,
            &format!("/products/{}", things.product),
            &[],
            &json!({ "name": card }),
        )
        .await;
    refused(&edited, "PATCH", "name", secret);
    let receipt = json!({ "warehouse": secret.number, "quantity": 1 });
    let path = format!("/products/{}/stock/receipts", things.product);
    refused(
        &operator.post(&path, receipt).await,
        &path,
        "warehouse",
        secret,
    );
}

fn refused(answer: &Answer, path: &str, field: &str, secret: &Secret) {
    let said = String::from_utf8_lossy(&answer.bytes);
    assert_eq!(answer.status, 400, "{path} {field}: {said}");
    assert_eq!(answer.text("/details/0/field"), field, "{path}: {said}");
    let code = answer.text("/details/0/code");
    assert_eq!(code, "CARD_NUMBER_NOT_ALLOWED", "{path}: {said}");
    assert_eq!(secret.found_in(&answer.bytes), None, "{path}: {said}");
}

/// Sends the secret where nobody asked for it: as a key, in headers, in the names of fields, in paths.
pub(super) async fn send_elsewhere(secret: &Secret, buyer: &Client, things: &Things<'_>) {
    let (number, said) = (secret.number.as_str(), secret.sentence());
    let post = Method::POST;
    let headers = [
        ("Idempotency-Key", number),
        ("X-Request-Id", number),
        ("User-Agent", said.as_str()),
        ("Prefer", said.as_str()),
        ("Accept-Language", number),
    ];
    let order = json!({ "items": [{ "productId": things.product, "quantity": 1 }] });
    let placed = buyer.call(post.clone(), "/orders", &headers, &order).await;
    assert_eq!(placed.status, 201, "{}", placed.json());
    for (path, body) in [
        (
            "/orders".to_owned(),
            json!({ number: said, "cvv": secret.check_number }),
        ),
        (
            "/orders".to_owned(),
            json!({ "items": [{ "productId": number, "quantity": 1 }] }),
        ),
        (
            format!("/orders/{number}/cancel"),
            json!({ "reason": "no" }),
        ),
        (
            format!("/nothing/{number}?cvv={}", secret.check_number),
            json!({}),
        ),
        (
            format!("/orders/{}/payments", things.order),
            json!({ "token": "tok_approve", "gateway": number, "couponCode": number }),
        ),
        // A company's notice, or what pretends to be one.
        ("/webhooks/toss".to_owned(), notice(secret)),
        ("/webhooks/nice".to_owned(), notice(secret)),
        ("/webhooks/mock".to_owned(), notice(secret)),
    ] {
        let answer = buyer.call(post.clone(), &path, &headers[..2], &body).await;
        assert!(answer.status < 500, "{path}: {}", answer.json());
    }
}

/// Shaped as the companies' are, of a payment that nobody has.
fn notice(secret: &Secret) -> Value {
    let card = json!({ "number": secret.number, "cvv": secret.check_number });
    json!({
        "eventType": "PAYMENT_STATUS_CHANGED", "createdAt": "2026-11-22T00:00:00.000000",
        "resultCode": "0000", "resultMsg": secret.sentence(), "tid": secret.number,
        "orderId": secret.number, "ediDate": "2026-11-22T00:00:00.000+0900", "signature": "x",
        "cvv": secret.check_number, "card": card,
        "data": {
            "paymentKey": secret.number, "orderId": secret.number, "status": "DONE",
            "card": card, "failure": { "code": "X", "message": secret.sentence() },
        },
    })
}
