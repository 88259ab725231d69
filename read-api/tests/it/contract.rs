//! What every query has in common: who may ask, what may be asked, and what the document says of it.

use std::collections::BTreeSet;

use serde_json::Value;
use uuid::Uuid;

use crate::shop::{Answer, Shop};

/// Every query, by its path in the document.
const QUERIES: [&str; 23] = [
    "/api/v1/coupon-pools/{id}",
    "/api/v1/coupons",
    "/api/v1/events",
    "/api/v1/notifications",
    "/api/v1/orders",
    "/api/v1/orders/{id}",
    "/api/v1/orders/{id}/history",
    "/api/v1/orders/{id}/payment",
    "/api/v1/payment-methods",
    "/api/v1/payment-methods/{id}",
    "/api/v1/payments",
    "/api/v1/payments/{id}",
    "/api/v1/payments/{id}/exchanges",
    "/api/v1/points",
    "/api/v1/points/history",
    "/api/v1/points/lots",
    "/api/v1/points/{userId}",
    "/api/v1/points/{userId}/history",
    "/api/v1/points/{userId}/lots",
    "/api/v1/products",
    "/api/v1/products/{id}",
    "/api/v1/products/{id}/stock",
    "/api/v1/projections",
];
/// The paths of the registry that the document lists.
const REGISTRY: [&str; 5] = [
    "/config",
    "/schemas/ids/{id}",
    "/subjects",
    "/subjects/{subject}/versions",
    "/subjects/{subject}/versions/{version}",
];

#[tokio::test(flavor = "multi_thread")]
async fn the_document_lists_every_query_with_its_errors() {
    let shop = Shop::open_without_projectors(Default::default()).await;
    let document = Answer::of(shop.stranger().request("GET", "/openapi.json"))
        .await
        .json();
    assert_eq!(document["openapi"], "3.1.0");
    let paths = document["paths"].as_object().expect("there are paths");
    let listed: BTreeSet<&str> = paths.keys().map(String::as_str).collect();
    assert_eq!(listed, QUERIES.into_iter().chain(REGISTRY).collect());
    for path in QUERIES {
        let get = &paths[path]["get"];
        assert_eq!(
            get["security"],
            serde_json::json!([{ "bearer": [] }]),
            "{path}"
        );
        let mut statuses = vec!["200", "400", "401", "500", "503"];
        if path.contains("{id}") {
            statuses.push("404");
        }
        let for_operators = ["/events", "/exchanges", "/projections", "/payments"];
        if path.contains("{userId}") || for_operators.iter().any(|end| path.ends_with(end)) {
            statuses.push("403");
        }
        statuses.sort_unstable();
        let responses = get["responses"].as_object().expect(path);
        assert_eq!(
            responses.keys().map(String::as_str).collect::<Vec<_>>(),
            statuses,
            "{path}"
        );
        for (status, response) in responses.iter().filter(|(status, _)| *status != "200") {
            let schema = &response["content"]["application/json"]["schema"];
            let codes = schema["allOf"][1]["properties"]["error"]["enum"]
                .as_array()
                .expect(path);
            assert!(!codes.is_empty(), "{path} {status}");
            for code in codes.iter().filter_map(Value::as_str) {
                assert!(
                    platform::errors::is_known(code),
                    "{path}: {code} has no message"
                );
            }
        }
        let parameters = get["parameters"].as_array().expect(path);
        let names: Vec<_> = parameters
            .iter()
            .filter_map(|p| p["name"].as_str())
            .collect();
        assert!(
            names.contains(&"minPosition") && names.contains(&"Min-Position"),
            "{path}"
        );
        let unique: BTreeSet<_> = names.iter().collect();
        assert_eq!(unique.len(), names.len(), "{path}: {names:?}");
    }
    for (path, own) in [
        (
            "/api/v1/products",
            "category brand minPrice maxPrice keyword page size sort",
        ),
        ("/api/v1/orders", "status page size sort"),
        ("/api/v1/payments", "status review page size sort"),
        ("/api/v1/coupons", "page size sort"),
        ("/api/v1/notifications", "page size sort"),
        ("/api/v1/events", "after type aggregateId delivery size"),
    ] {
        let parameters = paths[path]["get"]["parameters"].as_array().expect(path);
        let query = parameters
            .iter()
            .filter(|parameter| parameter["in"] == "query");
        let names: Vec<_> = query
            .filter_map(|parameter| parameter["name"].as_str())
            .collect();
        assert_eq!(names.join(" "), format!("{own} minPosition"), "{path}");
        let required = parameters
            .iter()
            .find(|parameter| parameter["required"] == true);
        assert_eq!(required, None, "{path}");
    }
    assert_no_dangling_references(&document);
    shop.close().await;
}

/// Every `$ref` of the document leads to something.
fn assert_no_dangling_references(document: &Value) {
    let mut open = vec![document];
    while let Some(value) = open.pop() {
        match value {
            Value::Object(fields) => {
                if let Some(Value::String(reference)) = fields.get("$ref") {
                    let pointer = reference.trim_start_matches('#');
                    assert!(
                        document.pointer(pointer).is_some(),
                        "{reference} leads nowhere"
                    );
                }
                open.extend(fields.values());
            }
            Value::Array(items) => open.extend(items),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_query_needs_a_token() {
    let shop = Shop::open_without_projectors(Default::default()).await;
    let forged = shop
        .customer("ann")
        .request("GET", "/")
        .build()
        .expect("a request");
    let forged = forged.headers()["authorization"]
        .to_str()
        .expect("ASCII")
        .to_owned()
        + "x";
    for path in QUERIES {
        let path = path.replace("{id}", &Uuid::now_v7().to_string());
        let without = Answer::of(shop.stranger().request("GET", &path)).await;
        assert_eq!(
            without.error(),
            (401, "UNAUTHENTICATED".to_owned()),
            "{path}"
        );
        assert!(
            without.header("www-authenticate").starts_with("Bearer"),
            "{path}"
        );
        let request = shop
            .stranger()
            .request("GET", &path)
            .header("authorization", &forged);
        assert_eq!(Answer::of(request).await.status, 401, "{path}");
        let post = Answer::of(shop.operator().request("POST", &path)).await;
        assert_eq!(
            post.error(),
            (405, "METHOD_NOT_ALLOWED".to_owned()),
            "{path}"
        );
        assert_eq!(post.header("allow"), "GET", "{path}");
    }
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_bad_parameter_is_named() {
    let shop = Shop::open_without_projectors(Default::default()).await;
    let long = "x".repeat(101);
    let long = format!("/products?keyword={long}");
    for (path, field, code) in [
        ("/products?page=-1", "page", "WRONG_TYPE"),
        ("/products?page=10001", "page", "OUT_OF_RANGE"),
        ("/products?size=0", "size", "OUT_OF_RANGE"),
        ("/products?size=101", "size", "OUT_OF_RANGE"),
        ("/products?sort=name", "sort", "INVALID_VALUE"),
        ("/products?sort=price,up", "sort", "INVALID_VALUE"),
        ("/products?sort=price;DROP%20TABLE", "sort", "INVALID_VALUE"),
        ("/products?colour=red", "colour", "UNKNOWN_FIELD"),
        ("/products?minPrice=cheap", "minPrice", "WRONG_TYPE"),
        ("/products?minPrice=-1", "minPrice", "OUT_OF_RANGE"),
        (
            "/products?minPrice=2&maxPrice=1",
            "maxPrice",
            "OUT_OF_RANGE",
        ),
        (
            "/products?maxPrice=9223372036854775808",
            "maxPrice",
            "WRONG_TYPE",
        ),
        ("/products?category=", "category", "TOO_SHORT"),
        ("/products?brand=a%00b", "brand", "INVALID_VALUE"),
        ("/products?keyword=%20%09", "keyword", "TOO_SHORT"),
        (&*long, "keyword", "TOO_LONG"),
        ("/products/7", "id", "INVALID_VALUE"),
        ("/products/7/stock", "id", "INVALID_VALUE"),
        ("/orders?status=LOST", "status", "INVALID_VALUE"),
        ("/orders?sort=totalAmount", "sort", "INVALID_VALUE"),
        ("/orders?userId=bob", "userId", "UNKNOWN_FIELD"),
        ("/orders/x", "id", "INVALID_VALUE"),
        ("/payments/x", "id", "INVALID_VALUE"),
        ("/payments/x/exchanges", "id", "INVALID_VALUE"),
        ("/payments?status=LOST", "status", "INVALID_VALUE"),
        ("/coupons?status=USED", "status", "UNKNOWN_FIELD"),
        ("/coupon-pools/x", "id", "INVALID_VALUE"),
        ("/notifications?size=1000", "size", "OUT_OF_RANGE"),
        ("/events?after=x", "after", "WRONG_TYPE"),
        ("/events?after=9223372036854775808", "after", "OUT_OF_RANGE"),
        ("/events?size=1001", "size", "OUT_OF_RANGE"),
        ("/events?delivery=LOST", "delivery", "INVALID_VALUE"),
        ("/events?type=%00", "type", "INVALID_VALUE"),
        ("/events?page=1", "page", "UNKNOWN_FIELD"),
    ] {
        let answer = shop.operator().get(path).await;
        assert_eq!(
            answer.error(),
            (400, "VALIDATION_FAILED".to_owned()),
            "{path}"
        );
        assert_eq!(
            answer.wrong_fields(),
            [(field.to_owned(), code.to_owned())],
            "{path}"
        );
    }
    let both = shop.operator().get("/products?minPrice=-1&brand=").await;
    assert_eq!(both.wrong_fields().len(), 2, "{}", both.text);
    for path in [
        "/products",
        "/products?page=10000&size=100&sort=popular,asc",
        "/events?size=1000",
    ] {
        assert_eq!(shop.operator().get(path).await.status, 200, "{path}");
    }
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_is_404() {
    let shop = Shop::open_without_projectors(Default::default()).await;
    let id = Uuid::now_v7();
    for (path, code) in [
        (format!("/products/{id}"), "PRODUCT_NOT_FOUND"),
        (format!("/products/{id}/stock"), "PRODUCT_NOT_FOUND"),
        (format!("/orders/{id}"), "ORDER_NOT_FOUND"),
        (format!("/payments/{id}"), "PAYMENT_NOT_FOUND"),
        (format!("/payments/{id}/exchanges"), "PAYMENT_NOT_FOUND"),
        (format!("/coupon-pools/{id}"), "COUPON_POOL_NOT_FOUND"),
        ("/nothing".to_owned(), "NOT_FOUND"),
    ] {
        assert_eq!(
            shop.operator().get(&path).await.error(),
            (404, code.to_owned()),
            "{path}"
        );
    }
    shop.close().await;
}
