//! The log, as an operator walks over it.

use platform::Role;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::shop::{Shop, TOKEN, column};

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_reads_the_log_in_order_and_never_a_token() {
    let shop = Shop::open_without_projectors(Default::default()).await;
    let tea = shop.product_on_sale("tea", 1_000, 10).await;
    let paid = shop.buy("ann", &[(tea, 1)], 1_000).await;

    let answer = shop.operator().get("/events?size=1000").await;
    assert!(!answer.text.contains(TOKEN), "{}", answer.text);
    let json = answer.json();
    let events = json["data"].as_array().expect("a list");
    let positions: Vec<_> = events
        .iter()
        .filter_map(|event| event["position"].as_u64())
        .collect();
    assert_eq!(positions, (1..=paid.position).collect::<Vec<_>>());
    assert_eq!(
        json["meta"],
        json!({ "size": 1000, "nextAfter": paid.position, "head": paid.position })
    );
    let first = &events[0];
    assert_eq!(first["type"], "ProductCreated");
    assert_eq!(
        (&first["aggregateType"], &first["aggregateId"]),
        (&json!("product"), &json!(tea))
    );
    assert_eq!(
        (&first["sequence"], &first["version"]),
        (&json!(1), &json!("1"))
    );
    assert_eq!(first["payload"]["ProductCreated"]["details"]["name"], "tea");
    assert_eq!(first["metadata"]["principal"], "tester");
    assert_eq!(first["delivery"], "PENDING");
    assert!(first["recordedAt"].is_string());
    let requested = events
        .iter()
        .find(|event| event["type"] == "PaymentRequested");
    assert_eq!(
        requested.expect("it is there")["payload"]["PaymentRequested"]["token"],
        "***"
    );

    let next = shop.operator().get("/events?after=2&size=2").await.json();
    assert_eq!(column(&next["data"], "position"), ["3", "4"]);
    assert_eq!(next["meta"]["nextAfter"], 4);
    let end = shop
        .operator()
        .get(&format!("/events?after={}", paid.position))
        .await
        .json();
    assert_eq!(
        (&end["data"], &end["meta"]["nextAfter"]),
        (&json!([]), &json!(paid.position))
    );
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_is_for_operators() {
    let shop = Shop::open_without_projectors(Default::default()).await;
    for path in ["/events", "/projections"] {
        for role in [Role::Customer, Role::Service] {
            let answer = shop.caller("ann", &[role]).get(path).await;
            assert_eq!(
                answer.error(),
                (403, "FORBIDDEN".to_owned()),
                "{path} {role}"
            );
        }
        assert_eq!(shop.operator().get(path).await.status, 200, "{path}");
    }
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn events_are_found_by_type_aggregate_and_delivery() {
    let shop = Shop::open_without_projectors(Default::default()).await;
    let tea = shop.product_on_sale("tea", 1_000, 10).await;
    let cup = shop.product_on_sale("cup", 1_000, 10).await;
    let (order, head) = shop.place("ann", &[(tea, 1), (cup, 1)], None).await;
    // Up to 5 was sent, but 2 and 4 could not be.
    shop.sql(
        "UPDATE relay.cursor SET position = 5;
         INSERT INTO relay.failures (position, topic, error, resend)
         VALUES (2, 'inventory.stock.updated', 'too large', false), (4, 't', 'e', true)",
    )
    .await;
    let positions = async |query: &str| -> Vec<u64> {
        let json = shop
            .operator()
            .get(&format!("/events?size=1000&{query}"))
            .await
            .json();
        assert_eq!(json["meta"]["head"], head, "{query}");
        let data = json["data"].as_array().expect("a list");
        data.iter()
            .filter_map(|event| event["position"].as_u64())
            .collect()
    };
    // Creation, receipt, sale of each; then the order and two reservations.
    assert_eq!(positions("type=ProductPutOnSale").await, [3, 6]);
    assert_eq!(positions("type=ProductPutOnSale&after=3").await, [6]);
    assert_eq!(positions("type=NoSuchType").await, Vec::<u64>::new());

    let teas = positions(&format!("aggregateId={tea}")).await;
    assert_eq!(teas[..3], [1, 2, 3]);
    assert_eq!(
        teas.len(),
        4,
        "the product's stream and its inventory's: {teas:?}"
    );
    assert_eq!(
        positions(&format!("aggregateId={tea}&after=1")).await,
        teas[1..]
    );
    assert_eq!(
        positions(&format!("aggregateId={tea}&after=3")).await,
        teas[3..]
    );
    assert_eq!(
        positions(&format!("aggregateId={tea}&type=StockReceived")).await,
        [2]
    );
    assert_eq!(positions(&format!("aggregateId={order}")).await.len(), 1);
    assert_eq!(
        positions(&format!("aggregateId={}", Uuid::now_v7())).await,
        Vec::<u64>::new()
    );

    assert_eq!(positions("delivery=SENT").await, [1, 3, 5]);
    assert_eq!(positions("delivery=FAILED").await, [2, 4]);
    assert_eq!(positions("delivery=FAILED&type=StockReceived").await, [2]);
    assert_eq!(positions("delivery=FAILED&after=2").await, [4]);
    assert_eq!(
        positions("delivery=PENDING").await,
        (6..=head).collect::<Vec<_>>()
    );
    assert_eq!(
        positions("delivery=PENDING&after=7").await,
        (8..=head).collect::<Vec<_>>()
    );
    assert_eq!(
        positions(&format!("delivery=SENT&aggregateId={tea}")).await,
        [1, 3]
    );
    assert_eq!(
        positions(&format!("delivery=FAILED&aggregateId={tea}")).await,
        [2]
    );
    assert_eq!(
        positions(&format!("delivery=PENDING&aggregateId={tea}")).await,
        teas[3..]
    );

    let all = shop.operator().get("/events?size=6").await.json();
    assert_eq!(
        column(&all["data"], "delivery"),
        ["SENT", "FAILED", "SENT", "FAILED", "SENT", "PENDING"]
    );
    let failure = &all["data"][1]["failure"];
    assert_eq!(
        (&failure["topic"], &failure["error"]),
        (&json!("inventory.stock.updated"), &json!("too large"))
    );
    assert_eq!(all["data"][3]["failure"]["resend"], true);
    // A walk over what was sent does not pass what will be.
    let sent = shop.operator().get("/events?delivery=SENT").await.json();
    assert_eq!(sent["meta"]["nextAfter"], 5);
    shop.close().await;
}

/// A log of `count` events: three streams, and one event of a rare type at the end.
fn long_log(count: u32) -> String {
    format!(
        "INSERT INTO event_store.events (position, aggregate_type, aggregate_id, sequence, event_type,
                event_version, payload, metadata, recorded_at)
         SELECT n, CASE n % 3 WHEN 0 THEN 'inventory' WHEN 1 THEN 'order' ELSE 'product' END,
                CASE n % 3 WHEN 0 THEN 'hot' WHEN 1 THEN 'other' ELSE 'hot' END, (n + 2) / 3,
                CASE WHEN n = {count} THEN 'Rare' ELSE 'Usual' END, '1', '{{}}', '{{}}', now()
           FROM generate_series(1, {count}) n"
    )
}

/// Walks to the end of the log; gives the positions that it met and how many requests that took.
async fn walk(shop: &Shop, query: &str) -> (Vec<u64>, u32) {
    let (mut met, mut requests, mut after) = (Vec::new(), 0, 0);
    loop {
        let json = shop
            .operator()
            .get(&format!("/events?{query}&after={after}"))
            .await
            .json();
        requests += 1;
        let data = json["data"].as_array().expect("a list");
        met.extend(
            data.iter()
                .filter_map(|event: &Value| event["position"].as_u64()),
        );
        let next = json["meta"]["nextAfter"].as_u64().expect("a position");
        if next >= json["meta"]["head"].as_u64().expect("a position") {
            return (met, requests);
        }
        assert!(next > after, "the walk stands still at {after}");
        after = next;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_request_looks_at_a_bounded_part_of_the_log_and_says_where_to_go_on() {
    let shop = Shop::open_without_projectors(Default::default()).await;
    shop.sql(&long_log(65_000)).await;
    let first = shop.operator().get("/events?type=Rare").await.json();
    assert_eq!(first["data"], json!([]));
    assert_eq!(first["meta"]["nextAfter"], 20_000);
    assert_eq!(walk(&shop, "type=Rare").await, (vec![65_000], 4));

    // Of a stream as well: the hot one has two streams of 21 667 events.
    let (met, requests) = walk(&shop, "type=Rare&aggregateId=hot").await;
    assert_eq!((met.len(), requests), (1, 2));

    // Everything of one aggregate, page by page, from the middle of its streams on.
    let hot: Vec<u64> = (64_001..=65_000).filter(|n| n % 3 != 1).collect();
    let mut met = Vec::new();
    let mut after = 64_000;
    while after < 65_000 {
        let path = format!("/events?aggregateId=hot&size=100&after={after}");
        let json = shop.operator().get(&path).await.json();
        let data = json["data"].as_array().expect("a list");
        met.extend(data.iter().filter_map(|event| event["position"].as_u64()));
        after = json["meta"]["nextAfter"].as_u64().expect("a position");
    }
    assert_eq!(met, hot);

    // Failures are found by themselves, wherever they are.
    shop.sql(
        "UPDATE relay.cursor SET position = 65000;
         INSERT INTO relay.failures (position, topic, error)
         SELECT n, 't', 'e' FROM generate_series(1, 25000) n",
    )
    .await;
    assert_eq!(walk(&shop, "delivery=FAILED&type=Rare").await, (vec![], 6));
    assert_eq!(walk(&shop, "delivery=PENDING").await, (vec![], 1));
    assert_eq!(walk(&shop, "delivery=SENT&type=Rare").await.0, [65_000]);
    shop.close().await;
}
