//! The catalogue: filters, sorts, pages, stock.

use domain::product::ProductCommand;
use serde_json::{Value, json};

use crate::shop::{Shop, column, krw};

/// Names of the products in a list, in its order.
async fn names(shop: &Shop, query: &str, position: u64) -> Vec<String> {
    column(
        &shop
            .customer("ann")
            .see(&format!("/products?{query}"), position)
            .await,
        "name",
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn the_catalogue_is_filtered_by_everything_that_is_given() {
    let shop = Shop::open().await;
    shop.create_product("제주 녹차 100 g", "tea", "Osulloc", 9_900)
        .await;
    shop.create_product("Green Tea Latte", "drinks", "Osulloc", 4_500)
        .await;
    shop.create_product("Earl Grey", "tea", "Twinings", 7_000)
        .await;
    let (_, position) = shop
        .create_product("Kettle 100%_x", "kitchen", "Acme", 59_000)
        .await;

    for (query, expected) in [
        (
            "category=tea&sort=price",
            vec!["Earl Grey", "제주 녹차 100 g"],
        ),
        (
            "brand=Osulloc&sort=price",
            vec!["Green Tea Latte", "제주 녹차 100 g"],
        ),
        ("brand=Osulloc&category=tea", vec!["제주 녹차 100 g"]),
        (
            "minPrice=7000&maxPrice=9900&sort=price",
            vec!["Earl Grey", "제주 녹차 100 g"],
        ),
        ("minPrice=7001&category=tea", vec!["제주 녹차 100 g"]),
        ("maxPrice=4499", vec![]),
        // Two syllables, any case, the brand, the category, and nothing that only looks like a pattern.
        ("keyword=%EB%85%B9%EC%B0%A8", vec!["제주 녹차 100 g"]),
        (
            "keyword=TEA&sort=price",
            vec!["Green Tea Latte", "Earl Grey", "제주 녹차 100 g"],
        ),
        ("keyword=twin", vec!["Earl Grey"]),
        ("keyword=100%25_x", vec!["Kettle 100%_x"]),
        ("keyword=%25", vec!["Kettle 100%_x"]),
        ("keyword=latte%20green", vec![]),
        ("category=TEA", vec![]),
    ] {
        assert_eq!(names(&shop, query, position).await, expected, "{query}");
    }
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_catalogue_is_sorted_both_ways_and_newest_first_by_default() {
    let shop = Shop::open().await;
    let first = shop.product_on_sale("first", 300, 10).await;
    let second = shop.product_on_sale("second", 100, 10).await;
    shop.product_on_sale("third", 200, 10).await;
    shop.buy("ann", &[(second, 3)], 300).await;
    let position = shop.buy("bob", &[(first, 1)], 300).await.position;

    for (query, expected) in [
        ("", ["third", "second", "first"]),
        ("sort=createdAt,asc", ["first", "second", "third"]),
        ("sort=price", ["second", "third", "first"]),
        ("sort=price,desc", ["first", "third", "second"]),
        ("sort=popular", ["second", "first", "third"]),
        ("sort=popular,asc", ["third", "first", "second"]),
        ("sort=popular&category=tea", ["second", "first", "third"]),
    ] {
        assert_eq!(names(&shop, query, position).await, expected, "{query}");
    }
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_cut_a_list_without_loss_or_repeat_and_know_its_length() {
    let shop = Shop::open().await;
    let mut position = 0;
    for number in 0..5 {
        // One price for all: the order must still be a total one.
        (_, position) = shop
            .create_product(&format!("p{number}"), "tea", "x", 100)
            .await;
    }
    let mut seen = Vec::new();
    for page in 0..3 {
        let path = format!("/products?sort=price&size=2&page={page}&minPosition={position}");
        let json = shop.customer("ann").get(&path).await.json();
        assert_eq!(
            json["meta"],
            json!({
                "page": page, "size": 2, "total": 5, "totalIsExact": true,
                "position": json["meta"]["position"],
            })
        );
        assert!(json["meta"]["position"].as_u64() >= Some(position));
        seen.extend(column(&json["data"], "name"));
    }
    seen.sort();
    assert_eq!(seen, ["p0", "p1", "p2", "p3", "p4"]);

    let behind = shop
        .customer("ann")
        .get("/products?size=2&page=9")
        .await
        .json();
    assert_eq!(behind["data"], json!([]));
    assert_eq!(
        behind["meta"],
        json!({ "page": 9, "size": 2, "total": 5, "totalIsExact": true })
    );
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn counting_stops_at_ten_thousand_and_says_so() {
    let shop = Shop::open_without_projectors(Default::default()).await;
    let fill = |count: u32| {
        format!(
            "INSERT INTO projection_products_1.products (id, name, category, brand, images, currency,
                    price_amount, state, created_at, updated_at, version)
             SELECT gen_random_uuid(), 'x', 'tea', 'x', '[]', 'KRW', 1, 'ON_SALE', now(), now(), 1
               FROM generate_series(1, {count})"
        )
    };
    let meta = async || shop.customer("ann").get("/products").await.json()["meta"].clone();
    shop.sql(&fill(10_000)).await;
    assert_eq!(meta().await["total"], 10_000);
    assert_eq!(meta().await["totalIsExact"], true);
    shop.sql(&fill(1)).await;
    assert_eq!(meta().await["total"], 10_000);
    assert_eq!(meta().await["totalIsExact"], false);

    // The last page shows how many there are.
    let last = shop
        .customer("ann")
        .get("/products?size=100&page=100")
        .await
        .json();
    assert_eq!(last["data"].as_array().map(Vec::len), Some(1));
    assert_eq!(
        (&last["meta"]["total"], &last["meta"]["totalIsExact"]),
        (&json!(10_001), &json!(true))
    );
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_products_etag_is_the_version_that_an_edit_may_name() {
    let shop = Shop::open().await;
    let id = shop.product_on_sale("kettle", 59_000, 3).await;
    let reprice = |won, seen| ProductCommand::Edit {
        details: None,
        price: Some(krw(won)),
        seen,
    };
    let (_, position) = shop.change_product(id, reprice(49_000, None)).await;

    let path = format!("/products/{id}?minPosition={position}");
    let answer = shop.customer("ann").get(&path).await;
    assert_eq!((answer.status, answer.header("etag")), (200, "\"3\""));
    let product = &answer.json()["data"];
    assert_eq!(product["version"], 3);
    assert_eq!(
        product["price"],
        json!({ "amount": 49_000, "currency": "KRW" })
    );
    assert_eq!(product["state"], "ON_SALE");
    assert_eq!(product["images"], json!(["https://img.example/1.jpg"]));
    assert_eq!(
        product["stock"],
        json!({ "stock": 3, "reservedStock": 0, "availableStock": 3 })
    );
    assert_eq!(product["reviews"], json!({ "count": 0, "average": null }));

    let seen = answer.header("etag").trim_matches('"').parse().ok();
    let (reply, _) = shop.change_product(id, reprice(39_000, seen)).await;
    assert_eq!(reply["version"], 4);
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn stock_is_shown_in_all_and_in_each_warehouse() {
    let shop = Shop::open().await;
    let id = shop.product_on_sale("kettle", 1_000, 5).await;
    shop.receive(id, "busan", 2).await;
    let (_, position) = shop.place("ann", &[(id, 6)], None).await;

    let stock = shop
        .customer("bob")
        .see(&format!("/products/{id}/stock"), position)
        .await;
    assert_eq!(stock["productId"], id.to_string());
    assert_eq!(
        (&stock["stock"], &stock["reservedStock"]),
        (&json!(7), &json!(6))
    );
    assert_eq!(stock["availableStock"], 1);
    assert_eq!(
        column(&stock["warehouses"], "warehouse"),
        ["busan", "seoul"]
    );
    let sum = |field: &str| -> i64 {
        let warehouses = stock["warehouses"].as_array().expect("a list");
        warehouses
            .iter()
            .filter_map(|warehouse| warehouse[field].as_i64())
            .sum()
    };
    assert_eq!(
        (sum("stock"), sum("reservedStock"), sum("availableStock")),
        (7, 6, 1)
    );

    let (bare, position) = shop.create_product("bare", "tea", "x", 1).await;
    let nothing = shop
        .customer("bob")
        .see(&format!("/products/{bare}/stock"), position)
        .await;
    let none = json!({
        "productId": bare, "stock": 0, "reservedStock": 0, "availableStock": 0,
        "warehouses": [], "updatedAt": Value::Null,
    });
    assert_eq!(nothing, none);
    shop.close().await;
}
