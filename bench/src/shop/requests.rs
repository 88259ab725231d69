//! The requests of the public API that are measured.

use serde_json::json;
use uuid::Uuid;

use super::wire::Request;

/// A product to be made. About the size of an order's request.
pub(super) fn create_product(token: &str) -> Request {
    let body = json!({
        "name": "Kettle", "category": "kitchen", "brand": "Acme",
        "price": { "amount": 12_900, "currency": "KRW" },
    });
    post("/api/v1/products", token, &body.to_string())
}

pub(super) fn receive_stock(token: &str, product: &str, pieces: u32) -> Request {
    let body = json!({ "warehouse": "seoul", "quantity": pieces });
    let path = format!("/api/v1/products/{product}/stock/receipts");
    post(&path, token, &body.to_string())
}

pub(super) fn put_on_sale(token: &str, product: &str) -> Request {
    post(&format!("/api/v1/products/{product}/on-sale"), token, "")
}

/// An order of one piece.
pub(super) fn place_order(token: &str, product: &str) -> Request {
    let body = json!({ "items": [{ "productId": product, "quantity": 1 }] });
    post("/api/v1/orders", token, &body.to_string())
}

/// A payment that the mock gateway approves.
pub(super) fn pay(token: &str, order: &str) -> Request {
    let body = json!({ "token": format!("tok_approve_{}", Uuid::now_v7().simple()) });
    post(
        &format!("/api/v1/orders/{order}/payments"),
        token,
        &body.to_string(),
    )
}

/// An order as the read side sees it, not older than this position.
pub(super) fn read_order(token: &str, order: &str, position: u64) -> Request {
    let more = format!("Authorization: Bearer {token}\r\nMin-Position: {position}\r\n");
    Request::new("GET", &format!("/api/v1/orders/{order}"), &more, "")
}

pub(super) fn create_pool(token: &str, coupons: u32) -> Request {
    let body = json!({
        "name": "Welcome", "quantity": coupons,
        "discount": { "type": "FIXED", "amount": { "amount": 1_000, "currency": "KRW" } },
        "validFrom": "2020-01-01T00:00:00Z", "validUntil": "2100-01-01T00:00:00Z",
    });
    post("/api/v1/coupon-pools", token, &body.to_string())
}

pub(super) fn claim_coupon(token: &str, pool: &str) -> Request {
    post(&format!("/api/v1/coupon-pools/{pool}/coupons"), token, "")
}

/// The same without a key: refused as soon as the token was looked at, and nothing else.
pub(super) fn show_token(token: &str, pool: &str) -> Request {
    let more = format!("Authorization: Bearer {token}\r\n");
    Request::new(
        "POST",
        &format!("/api/v1/coupon-pools/{pool}/coupons"),
        &more,
        "",
    )
}

/// The echo of a request as large as the measured ones, with the same headers.
pub(super) fn echo(token: &str) -> Request {
    let body = json!({ "items": [{ "productId": Uuid::now_v7(), "quantity": 1 }] });
    post("/echo", token, &body.to_string())
}

fn post(path: &str, token: &str, body: &str) -> Request {
    let key = Uuid::now_v7();
    let content_type = if body.is_empty() {
        ""
    } else {
        "Content-Type: application/json\r\n"
    };
    let more = format!("Authorization: Bearer {token}\r\nIdempotency-Key: {key}\r\n{content_type}");
    Request::new("POST", path, &more, body)
}
