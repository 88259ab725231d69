//! Bad input is answered with what is wrong, and reaches no log.

use serde_json::{Value, json};
use testkit::unique;
use uuid::Uuid;

use crate::shop::{a_pool, a_product, one_item};
use crate::world::{Answer, BODY_LIMIT_BYTES, World};

fn wrong(fields: &[(&str, &str)]) -> Vec<(String, String)> {
    let mut fields: Vec<_> = fields
        .iter()
        .map(|(field, code)| ((*field).to_owned(), (*code).to_owned()))
        .collect();
    fields.sort();
    fields
}

async fn post_as_operator(world: &World, path: &str, body: &Value) -> Answer {
    world
        .post(path)
        .operator()
        .key(&unique("k"))
        .json(body)
        .send()
        .await
}

async fn post_as_alice(world: &World, path: &str, body: &Value) -> Answer {
    world
        .post(path)
        .customer("alice")
        .key(&unique("k"))
        .json(body)
        .send()
        .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_wrong_field_of_an_order_is_named() {
    let world = World::start().await;
    let id = Uuid::now_v7();
    let body = json!({
        "items": [
            { "productId": "x", "quantity": 0 },
            { "productId": id, "quantity": -1 },
            { "productId": id, "quantity": 1 },
            { "productId": id, "quantity": 1_000_001 },
            { "productId": id.simple().to_string(), "quantity": i64::MAX },
        ],
        "couponCode": "nonsense",
    });
    let answer = post_as_alice(&world, "/orders", &body).await;
    assert_eq!(answer.error(), (400, "VALIDATION_FAILED"));
    let expected = wrong(&[
        ("items[0].productId", "INVALID_VALUE"),
        ("items[0].quantity", "OUT_OF_RANGE"),
        ("items[1].quantity", "OUT_OF_RANGE"),
        ("items[3].quantity", "OUT_OF_RANGE"),
        ("items[4].productId", "INVALID_VALUE"),
        ("items[4].quantity", "OUT_OF_RANGE"),
        ("couponCode", "INVALID_VALUE"),
    ]);
    assert_eq!(answer.details(), expected);
    assert_eq!(world.log_size().await, (0, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_has_a_bounded_number_of_items() {
    let world = World::start().await;
    let items = |count: usize| {
        let item = json!({ "productId": Uuid::now_v7(), "quantity": 1 });
        json!({ "items": vec![item; count] })
    };
    let none = post_as_alice(&world, "/orders", &items(0)).await;
    assert_eq!(none.details(), wrong(&[("items", "TOO_SHORT")]));
    let many = world
        .post("/orders")
        .customer("alice")
        .key("many")
        .json(&items(501))
        .send()
        .await;
    // Either limit may be met first; both say that it is too much.
    assert!(
        many.status == 413 || many.details() == wrong(&[("items", "TOO_MANY")]),
        "{}",
        many.text
    );
    let product = world.product_with_stock(0).await;
    let twice = json!({ "items": [
        { "productId": product, "quantity": 600_000 },
        { "productId": product, "quantity": 600_000 },
    ]});
    let together = post_as_alice(&world, "/orders", &twice).await;
    assert_eq!(together.error(), (400, "VALIDATION_FAILED"));
    assert_eq!(
        together.details(),
        wrong(&[("items[1].quantity", "OUT_OF_RANGE")])
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_the_json_that_is_wanted_is_400_with_the_field() {
    let world = World::start().await;
    let send = async |body: &str| {
        let request = world.post("/orders").customer("alice").key(&unique("k"));
        request
            .raw("application/json", body.to_owned())
            .send()
            .await
    };
    for body in [
        "",
        "{",
        "{\"items\": [}",
        "nonsense",
        "{\"items\": []} {}",
        "\u{feff}{}",
    ] {
        assert_eq!(send(body).await.error(), (400, "MALFORMED_JSON"), "{body}");
    }
    let id = Uuid::now_v7();
    for (body, field, code) in [
        (r#"{"items": 7}"#.to_owned(), "items", "WRONG_TYPE"),
        ("{}".to_owned(), "items", "MISSING_FIELD"),
        (
            r#"{"items": [], "price": 1}"#.to_owned(),
            "price",
            "UNKNOWN_FIELD",
        ),
        (
            r#"{"items": [], "items": []}"#.to_owned(),
            "items",
            "DUPLICATE_FIELD",
        ),
        (
            r#"{"items": [{"productId": "x"}]}"#.to_owned(),
            "items[0].quantity",
            "MISSING_FIELD",
        ),
        (
            format!(r#"{{"items": [{{"productId": "{id}", "quantity": 1.5}}]}}"#),
            "items[0].quantity",
            "WRONG_TYPE",
        ),
        (
            format!(r#"{{"items": [{{"productId": "{id}", "quantity": "1"}}]}}"#),
            "items[0].quantity",
            "WRONG_TYPE",
        ),
        (
            format!(r#"{{"items": [{{"productId": "{id}", "quantity": 1, "price": 1}}]}}"#),
            "items[0].price",
            "UNKNOWN_FIELD",
        ),
    ] {
        let answer = send(&body).await;
        assert_eq!(answer.error(), (400, "VALIDATION_FAILED"), "{body}");
        assert_eq!(answer.details(), wrong(&[(field, code)]), "{body}");
    }
    let huge = format!(r#"{{"items": [{{"productId": "{id}", "quantity": 1e300}}]}}"#);
    assert_eq!(send(&huge).await.details()[0].0, "items[0].quantity");
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    assert_eq!(send(&deep).await.status, 400);
    assert_eq!(world.log_size().await, (0, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_that_is_too_large_is_413_and_one_of_another_type_415() {
    let world = World::start().await;
    let request = || world.post("/orders").customer("alice").key("k");
    let large = format!(r#"{{"items": "{}"}}"#, "x".repeat(BODY_LIMIT_BYTES));
    let answer = request()
        .raw("application/json", large.clone())
        .send()
        .await;
    assert_eq!(answer.error(), (413, "PAYLOAD_TOO_LARGE"));
    let form = request()
        .raw("application/x-www-form-urlencoded", "items=1")
        .send()
        .await;
    assert_eq!(form.error(), (415, "UNSUPPORTED_MEDIA_TYPE"));
    // A command without a body still bounds what it is sent.
    let claim = world.claim("alice", &Uuid::now_v7().to_string());
    let answer = claim.raw("application/json", large).send().await;
    assert_eq!(answer.error(), (413, "PAYLOAD_TOO_LARGE"));
    let claim = world.claim("alice", &Uuid::now_v7().to_string());
    let answer = claim.json(&json!({ "userId": "bob" })).send().await;
    assert_eq!(answer.details(), wrong(&[("userId", "UNKNOWN_FIELD")]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_path_that_holds_no_id_names_nothing() {
    let world = World::start().await;
    for id in [
        "1",
        "x",
        "00000000-0000-0000-0000-00000000000g",
        "%00",
        "..%2f",
    ] {
        for (path, code) in [
            (format!("/products/{id}/on-sale"), "PRODUCT_NOT_FOUND"),
            (format!("/orders/{id}/confirm"), "ORDER_NOT_FOUND"),
            (format!("/events/{id}0x/resend"), "EVENT_NOT_FOUND"),
        ] {
            let answer = world.post(&path).operator().send().await;
            assert_eq!(answer.error(), (404, code), "{path}");
        }
        let claim = world.claim("alice", id).send().await;
        assert_eq!(claim.error(), (404, "COUPON_POOL_NOT_FOUND"), "{id}");
        let paid = world.pay("alice", id, "tok_approve").send().await;
        assert_eq!(paid.error(), (404, "ORDER_NOT_FOUND"), "{id}");
    }
    assert_eq!(world.log_size().await, (0, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_wrong_field_of_a_product_is_named_and_the_limits_are_the_domains() {
    let world = World::start().await;
    let body = json!({
        "name": " ", "category": "c".repeat(101), "brand": "b\u{0}",
        "price": { "amount": -5, "currency": "BTC" },
        "description": "d".repeat(5_001), "images": ["", "u".repeat(501)],
    });
    let answer = post_as_operator(&world, "/products", &body).await;
    let expected = wrong(&[
        ("name", "TOO_SHORT"),
        ("category", "TOO_LONG"),
        ("brand", "INVALID_VALUE"),
        ("price.amount", "OUT_OF_RANGE"),
        ("price.currency", "INVALID_VALUE"),
        ("description", "TOO_LONG"),
        ("images[0]", "TOO_SHORT"),
        ("images[1]", "TOO_LONG"),
    ]);
    assert_eq!(answer.details(), expected);
    // What the edge lets through at its very limits, the domain takes too.
    let largest = json!({
        "name": "n".repeat(200), "category": "c".repeat(100), "brand": "b".repeat(100),
        "price": { "amount": 9_999_999_999_999_i64, "currency": "KRW" },
        "description": "가".repeat(5_000), "images": vec!["u".repeat(500); 10],
    });
    let id = post_as_operator(&world, "/products", &largest).await.id();
    let images = json!({ "images": vec!["u"; 11], "price": { "amount": 0, "currency": "KRW" } });
    let edit = world
        .request("PATCH", &format!("/products/{id}"))
        .operator()
        .json(&images);
    let edit = edit.send().await;
    let expected = wrong(&[("images", "TOO_MANY"), ("price.amount", "OUT_OF_RANGE")]);
    assert_eq!(edit.details(), expected);
    // Two pieces of the dearest thing cost more than money can say.
    assert_eq!(
        world
            .post(&format!("/products/{id}/on-sale"))
            .operator()
            .send()
            .await
            .status,
        200
    );
    let receipt = json!({ "warehouse": "seoul", "quantity": 1_000_000 });
    let path = format!("/products/{id}/stock/receipts");
    assert_eq!(post_as_operator(&world, &path, &receipt).await.status, 200);
    let order = post_as_alice(&world, "/orders", &one_item(&id, 1_000_000)).await;
    assert_eq!(order.error(), (400, "VALIDATION_FAILED"));
    assert_eq!(order.details()[0].0, "items[0]");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_wrong_field_of_a_stock_command_is_named_and_the_limits_are_the_domains() {
    let world = World::start().await;
    let product = world.product_with_stock(0).await;
    let receipts = format!("/products/{product}/stock/receipts");
    let adjustments = format!("/products/{product}/stock/adjustments");
    for quantity in [0, -1, 1_000_001, i64::MIN] {
        let body = json!({ "warehouse": "Seoul", "quantity": quantity });
        let answer = post_as_operator(&world, &receipts, &body).await;
        let expected = wrong(&[("warehouse", "INVALID_VALUE"), ("quantity", "OUT_OF_RANGE")]);
        assert_eq!(answer.details(), expected, "{quantity}");
    }
    for delta in [0, 1_000_001, -1_000_001, i64::MAX] {
        let body = json!({ "warehouse": "", "delta": delta, "reason": "r".repeat(201) });
        let answer = post_as_operator(&world, &adjustments, &body).await;
        let expected = wrong(&[
            ("warehouse", "INVALID_VALUE"),
            ("delta", "OUT_OF_RANGE"),
            ("reason", "TOO_LONG"),
        ]);
        assert_eq!(answer.details(), expected, "{delta}");
    }
    let largest = json!({ "warehouse": "seoul-1", "quantity": 1_000_000 });
    assert_eq!(
        post_as_operator(&world, &receipts, &largest).await.status,
        200
    );
    let largest = json!({ "warehouse": "seoul-1", "delta": -1_000_000, "reason": "r".repeat(200) });
    let answer = post_as_operator(&world, &adjustments, &largest).await;
    assert_eq!(answer.data()["stock"], 0);
    let unknown = format!("/products/{}/stock/receipts", Uuid::now_v7());
    let body = json!({ "warehouse": "seoul", "quantity": 1 });
    let answer = post_as_operator(&world, &unknown, &body).await;
    assert_eq!(answer.error(), (404, "PRODUCT_NOT_FOUND"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_wrong_field_of_a_coupon_pool_is_named_and_the_limits_are_the_domains() {
    let world = World::start().await;
    let refused = async |changes: Value| {
        let mut body = a_pool(1);
        let changes = changes.as_object().expect("changes").clone();
        body.as_object_mut().expect("a body").extend(changes);
        post_as_operator(&world, "/coupon-pools", &body)
            .await
            .details()
    };
    let won = |amount: i64| json!({ "amount": amount, "currency": "KRW" });
    for (changes, expected) in [
        (
            json!({ "quantity": 0, "name": "" }),
            vec![("quantity", "OUT_OF_RANGE"), ("name", "TOO_SHORT")],
        ),
        (
            json!({ "quantity": 1_000_001 }),
            vec![("quantity", "OUT_OF_RANGE")],
        ),
        (
            json!({ "validUntil": "2020-01-01T00:00:00Z" }),
            vec![("validUntil", "OUT_OF_RANGE")],
        ),
        (
            json!({ "validFrom": "yesterday" }),
            vec![("validFrom", "INVALID_VALUE")],
        ),
        (
            json!({ "discount": { "type": "GIFT" } }),
            vec![("discount.type", "INVALID_VALUE")],
        ),
        (
            json!({ "discount": { "type": "FIXED" } }),
            vec![("discount.amount", "MISSING_FIELD")],
        ),
        (
            json!({ "discount": { "type": "FIXED", "amount": won(0), "percent": 3 } }),
            vec![
                ("discount.amount.amount", "OUT_OF_RANGE"),
                ("discount.percent", "UNKNOWN_FIELD"),
            ],
        ),
        (
            json!({ "discount": { "type": "PERCENT", "percent": 101, "maxAmount": won(-1) } }),
            vec![
                ("discount.percent", "OUT_OF_RANGE"),
                ("discount.maxAmount.amount", "OUT_OF_RANGE"),
            ],
        ),
        (
            json!({ "discount": { "type": "PERCENT", "amount": won(1) } }),
            vec![
                ("discount.percent", "MISSING_FIELD"),
                ("discount.amount", "UNKNOWN_FIELD"),
            ],
        ),
    ] {
        assert_eq!(
            refused(changes.clone()).await,
            wrong(&expected),
            "{changes}"
        );
    }
    assert_eq!(world.log_size().await, (0, 0));
    let mut largest = a_pool(1_000_000);
    largest["name"] = json!("가".repeat(100));
    largest["discount"] = json!({ "type": "PERCENT", "percent": 100, "maxAmount": won(1) });
    assert_eq!(
        post_as_operator(&world, "/coupon-pools", &largest)
            .await
            .status,
        201
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_wrong_field_of_a_payment_is_named_and_the_limits_are_the_domains() {
    let world = World::start().await;
    let order = world.placed_order("alice", 1).await;
    let path = format!("/orders/{order}/payments");
    let body = json!({ "token": "", "gateway": "NOBODY", "couponCode": "x" });
    let answer = post_as_alice(&world, &path, &body).await;
    let expected = wrong(&[
        ("token", "TOO_SHORT"),
        ("gateway", "UNKNOWN_GATEWAY"),
        ("couponCode", "INVALID_VALUE"),
    ]);
    assert_eq!(answer.details(), expected);
    let too_long = json!({ "token": "t".repeat(201) });
    let answer = post_as_alice(&world, &path, &too_long).await;
    assert_eq!(answer.details(), wrong(&[("token", "TOO_LONG")]));
    let longest = json!({ "token": "t".repeat(200), "gateway": "TOSS" });
    let request = world
        .post(&path)
        .customer("alice")
        .key("longest")
        .json(&longest);
    assert_eq!(
        request
            .header("prefer", "respond-async")
            .send()
            .await
            .status,
        202
    );
    let cancel = world
        .post(&format!("/orders/{order}/cancel"))
        .customer("alice");
    let cancel = cancel
        .json(&json!({ "reason": "r".repeat(501) }))
        .send()
        .await;
    assert_eq!(cancel.details(), wrong(&[("reason", "TOO_LONG")]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_are_in_korean_unless_english_is_asked_for() {
    let world = World::start().await;
    let product = world.product_with_stock(1).await;
    let order = || world.order("alice", &product, 2);
    let korean = order().send().await;
    assert_eq!(korean.error(), (409, "INSUFFICIENT_STOCK"));
    assert_eq!(korean.json["message"], "재고가 부족합니다");
    let english = order().header("accept-language", "en").send().await;
    assert_eq!(english.error(), (409, "INSUFFICIENT_STOCK"));
    let details = &english.json["details"][0];
    assert_eq!(details["message"], "2 asked for, 1 available.");
    let invalid = world
        .post("/products")
        .operator()
        .json(&json!({}))
        .send()
        .await;
    assert_eq!(invalid.json["message"], "요청 값이 올바르지 않습니다");
    let mut pool = a_pool(1);
    pool["quantity"] = json!(0);
    let english = world
        .post("/coupon-pools")
        .operator()
        .header("accept-language", "en-GB");
    let english = english.json(&pool).send().await;
    assert_eq!(
        english.json["details"][0]["message"],
        "a whole number from 1 to 1000000"
    );
    let mut product = a_product();
    product["price"]["amount"] = json!(-1);
    let korean = world
        .post("/products")
        .operator()
        .json(&product)
        .send()
        .await;
    assert_eq!(
        korean.json["details"][0]["message"],
        "값이 허용 범위를 벗어났습니다"
    );
}
