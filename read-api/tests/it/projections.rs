//! How far the read models are.

use serde_json::{Value, json};
use testkit::eventually;

use crate::shop::{Shop, column};

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_sees_version_position_and_lag_of_each_projection() {
    let shop = Shop::open_without_projectors(Default::default()).await;
    let (_, head) = shop.create_product("kettle", "kitchen", "Acme", 100).await;
    let all = shop.operator().see("/projections", head).await;
    let mut names = projections::names();
    names.sort_unstable();
    assert_eq!(column(&all, "name"), names);
    for projection in all.as_array().expect("a list") {
        assert_eq!(projection["state"], "live", "{projection}");
        assert_eq!(
            (
                &projection["position"],
                &projection["head"],
                &projection["lagEvents"]
            ),
            (&json!(0), &json!(head), &json!(head)),
            "{projection}"
        );
        assert_eq!(projection["parkedKeys"], json!([]), "{projection}");
        assert_eq!(projection["otherGenerations"], json!([]), "{projection}");
        assert!(projection["version"].is_u64() && projection["lagSeconds"].is_f64());
    }
    shop.start_projectors().await;
    eventually("every projection is at the end of the log", async || {
        let all = shop.operator().see("/projections", 0).await;
        let all = all.as_array().expect("a list").clone();
        all.iter()
            .all(|projection| projection["lagEvents"] == 0)
            .then_some(())
    })
    .await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn parked_keys_are_named_with_the_event_that_they_wait_for() {
    let shop = Shop::open_without_projectors(Default::default()).await;
    shop.sql(
        "INSERT INTO projections.generations (projection, generation, version, state)
         VALUES ('orders', 2, 9, 'building');
         INSERT INTO projections.parked (projection, generation, key, position, error)
         VALUES ('orders', 1, 'order/1', 12, 'does not parse'), ('orders', 1, 'order/1', 15, 'waits'),
                ('orders', 1, 'order/2', 13, 'no such row'), ('orders', 2, 'order/9', 1, 'other')",
    )
    .await;
    let all = shop.operator().see("/projections", 0).await;
    let orders = all
        .as_array()
        .expect("a list")
        .iter()
        .find(|p| p["name"] == "orders");
    let orders = orders.expect("it is there");
    assert_eq!(
        (&orders["generation"], &orders["state"]),
        (&json!(1), &json!("live"))
    );
    assert_eq!(
        (&orders["parkedKeyCount"], &orders["parkedEventCount"]),
        (&json!(2), &json!(3))
    );
    let keys = &orders["parkedKeys"];
    assert_eq!(column(keys, "key"), ["order/1", "order/2"]);
    assert_eq!(column(keys, "position"), ["12", "13"]);
    assert_eq!(column(keys, "error"), ["does not parse", "no such row"]);
    let other: &Value = &orders["otherGenerations"][0];
    assert_eq!(
        (&other["generation"], &other["version"], &other["state"]),
        (&json!(2), &json!(9), &json!("building"))
    );
    assert_eq!(column(&other["parkedKeys"], "key"), ["order/9"]);
    shop.close().await;
}
