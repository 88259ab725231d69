//! What an operator does to the catalogue and to the stock.

use serde_json::json;
use testkit::unique;
use uuid::Uuid;

use crate::shop::a_product;
use crate::world::World;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_product_is_created_edited_and_put_on_sale_with_a_version_each_time() {
    let world = World::start().await;
    let created = world
        .post("/products")
        .operator()
        .json(&a_product())
        .send()
        .await;
    assert_eq!(created.status, 201);
    let id = created.id();
    assert_eq!(Uuid::parse_str(&id).expect("a UUID").get_version_num(), 7);
    assert_eq!(
        created.header("location"),
        Some(format!("/api/v1/products/{id}").as_str())
    );
    assert_eq!(created.header("etag"), Some("\"1\""));
    assert_eq!(created.position(), 1);
    let path = format!("/products/{id}");
    let edit = |body| world.request("PATCH", &path).operator().json(&body);
    let described = edit(json!({ "description": "Brown" }))
        .header("if-match", "\"1\"")
        .send()
        .await;
    assert_eq!(
        (described.status, described.header("etag")),
        (200, Some("\"2\""))
    );
    let stale = edit(json!({ "name": "Pot" }))
        .header("if-match", "\"1\"")
        .send()
        .await;
    assert_eq!(stale.error(), (412, "STALE"));
    for tag in ["W/\"2\"", "2", "\"x\"", "\"1\", \"2\""] {
        let odd = edit(json!({ "name": "Pot" }))
            .header("if-match", tag)
            .send()
            .await;
        assert_eq!(odd.error(), (412, "STALE"), "{tag}");
    }
    let both = json!({ "description": null, "price": { "amount": 5, "currency": "KRW" } });
    let unconditional = edit(both).header("if-match", "*").send().await;
    assert_eq!(
        unconditional.header("etag"),
        Some("\"4\""),
        "described and priced anew"
    );
    let same = edit(json!({})).send().await;
    assert_eq!((same.status, same.header("etag")), (200, Some("\"4\"")));
    let keyed = |tag: &'static str| edit(json!({})).key("edit").header("if-match", tag).send();
    assert_eq!(keyed("\"4\"").await.status, 200);
    let other_version = keyed("\"5\"").await;
    assert_eq!(other_version.error(), (422, "IDEMPOTENCY_KEY_REUSED"));
    let unknown = world
        .request("PATCH", &format!("/products/{}", Uuid::now_v7()))
        .operator();
    let unknown = unknown.json(&json!({ "name": "x" })).send().await;
    assert_eq!(unknown.error(), (404, "PRODUCT_NOT_FOUND"));

    let never_on_sale = world
        .post(&format!("{path}/sold-out"))
        .operator()
        .send()
        .await;
    assert_eq!(never_on_sale.error(), (409, "PRODUCT_STATE_CONFLICT"));
    for (verb, version) in [
        ("on-sale", "5"),
        ("on-sale", "5"),
        ("sold-out", "6"),
        ("on-sale", "7"),
    ] {
        let changed = world
            .post(&format!("{path}/{verb}"))
            .operator()
            .send()
            .await;
        assert_eq!(
            changed.header("etag"),
            Some(format!("\"{version}\"").as_str()),
            "{verb}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_correction_never_takes_what_orders_hold() {
    let world = World::start().await;
    let product = world.product_with_stock(5).await;
    assert_eq!(world.order("alice", &product, 3).send().await.status, 201);
    let adjust = async |delta: i64| {
        let path = format!("/products/{product}/stock/adjustments");
        let body = json!({ "warehouse": "seoul", "delta": delta, "reason": "count" });
        world
            .post(&path)
            .operator()
            .key(&unique("k"))
            .json(&body)
            .send()
            .await
    };
    assert_eq!(adjust(-3).await.error(), (409, "INSUFFICIENT_STOCK"));
    let level = adjust(-2).await;
    let data = level.data();
    assert_eq!(
        (
            &data["stock"],
            &data["reservedStock"],
            &data["availableStock"]
        ),
        (&json!(3), &json!(3), &json!(0))
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_a_product_on_sale_can_be_ordered() {
    let world = World::start().await;
    let product = world.product_with_stock(5).await;
    assert_eq!(
        world
            .post(&format!("/products/{product}/sold-out"))
            .operator()
            .send()
            .await
            .status,
        200
    );
    let refused = world.order("alice", &product, 1).send().await;
    assert_eq!(refused.error(), (409, "PRODUCT_NOT_ON_SALE"));
    let unknown = world
        .order("alice", &Uuid::now_v7().to_string(), 1)
        .send()
        .await;
    assert_eq!(unknown.error(), (404, "PRODUCT_NOT_FOUND"));
    assert_eq!(
        unknown.details(),
        [("items[0]".to_owned(), "PRODUCT_NOT_FOUND".to_owned())]
    );
}
