//! Products, their stock and their sales.

use domain::product::{ProductCommand, ProductDetails};
use serde_json::json;

use crate::shop::{Shop, won};

#[tokio::test]
async fn a_product_is_shown_as_it_was_last_described_priced_and_put_on_sale() {
    let shop = Shop::open().await;
    shop.project();
    let kettle = shop.product("Kettle", 12_900, 3).await;
    let details = ProductDetails {
        name: "Whistling kettle".to_owned(),
        category: "kitchen".to_owned(),
        brand: "Acme".to_owned(),
        description: None,
        images: vec![],
    };
    let (details, price) = (Some(details), Some(won(13_900)));
    shop.change(
        kettle,
        ProductCommand::Edit {
            details,
            price,
            seen: None,
        },
    )
    .await;
    shop.change(kettle, ProductCommand::MarkSoldOut).await;
    shop.caught_up().await;
    let row = shop
        .row(&format!(
            "SELECT name, description, images, price_amount, currency, state, version
               FROM read_model.products WHERE id = '{kettle}'"
        ))
        .await;
    assert_eq!(
        row,
        json!({
            "name": "Whistling kettle", "description": null, "images": [], "price_amount": 13_900,
            "currency": "KRW", "state": "SOLD_OUT", "version": 5,
        }),
    );
    shop.close().await;
}

#[tokio::test]
async fn stock_follows_reservation_sale_release_and_return() {
    let shop = Shop::open().await;
    shop.project();
    let kettle = shop.product("Kettle", 1_000, 10).await;
    let sold = shop.order("ann", &[(kettle, 4)]).await;
    let released = shop.order("bob", &[(kettle, 3)]).await;
    shop.caught_up().await;
    assert_eq!(counts(&shop).await, json!([10, 7, 0]));
    shop.cancel("bob", released).await;
    shop.pay("ann", sold, 4_000).await;
    shop.caught_up().await;
    assert_eq!(counts(&shop).await, json!([6, 0, 4]));
    shop.cancel("ann", sold).await;
    shop.caught_up().await;
    assert_eq!(counts(&shop).await, json!([10, 0, 0]));
    let by_warehouse = shop
        .rows("SELECT stock, reserved_stock FROM read_model.stock_by_warehouse")
        .await;
    assert_eq!(by_warehouse.len(), 2);
    assert_eq!(by_warehouse[0], json!({"stock": 5, "reserved_stock": 0}));
    shop.close().await;
}

/// Stock, reserved stock, and pieces sold of the only product.
async fn counts(shop: &Shop) -> serde_json::Value {
    shop.row(
        "SELECT jsonb_build_array(stock, reserved_stock, sold_count) AS counts
           FROM read_model.stock JOIN read_model.product_sales USING (product_id)",
    )
    .await["counts"]
        .clone()
}

#[tokio::test]
async fn a_keyword_of_any_length_is_found_in_korean_and_english() {
    let shop = Shop::open().await;
    shop.project();
    let kettle = shop.product("Große  KETTLE 주전자", 1_000, 1).await;
    shop.product("Teapot", 1_000, 1).await;
    shop.caught_up().await;
    for keyword in [
        "주전",
        "전",
        "주전자",
        "kettle",
        "TTL",
        "große kettle",
        "e 주",
        "주전자 ",
    ] {
        assert_eq!(
            found(&shop, keyword).await,
            [kettle.to_string()],
            "{keyword}"
        );
    }
    // Fields are looked at one by one: nothing that straddles two is found.
    for keyword in ["자acme", "자\nacme", "kettel", "주자"] {
        assert!(found(&shop, keyword).await.is_empty(), "{keyword}");
    }
    assert_eq!(found(&shop, "acme").await.len(), 2);
    shop.close().await;
}

async fn found(shop: &Shop, keyword: &str) -> Vec<String> {
    sqlx::query_scalar(
        "SELECT id::text FROM read_model.products
          WHERE search_grams @> read_model.keyword_grams($1)
            AND strpos(search_text, read_model.search_text($1)) > 0",
    )
    .bind(keyword)
    .fetch_all(&shop.owner)
    .await
    .unwrap()
}
