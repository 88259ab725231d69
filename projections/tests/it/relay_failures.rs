//! Events that Kafka does not take, and how they are sent again.

use projections::relay::RelayConfig;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::kafka::{Found, Topics, assert_complete, public_events, sent_up_to};
use crate::relay::start;
use crate::shop::Shop;

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_is_too_large_fails_alone_and_is_sent_again_when_an_operator_says_so() {
    let (shop, topics) = (Shop::open().await, Topics::new());
    let mut items = Vec::new();
    for number in 0..30 {
        items.push((
            shop.product(&format!("Kettle number {number}"), 1_000, 10)
                .await,
            1,
        ));
    }
    shop.order("ann", &items).await;
    shop.order("ann", &items[..1]).await;
    // The order of thirty lines is more than that, everything else is less.
    let small = ("message.max.bytes".to_owned(), "1500".to_owned());
    let config = RelayConfig {
        client_settings: vec![small],
        ..topics.config()
    };
    let stop = CancellationToken::new();
    let relay = start(&shop, config, &stop);
    sent_up_to(&shop.owner, shop.head().await).await;
    let failures = shop
        .rows("SELECT position, topic, attempts, resend FROM relay.failures")
        .await;
    assert_eq!(failures.len(), 1, "{failures:?}");
    let failed = failures[0]["position"].as_u64().unwrap();
    assert!(
        failures[0]["topic"]
            .as_str()
            .unwrap()
            .ends_with("order.order.created")
    );
    let mut public = public_events(&shop).await;
    let key = public.remove(&failed).unwrap();
    assert_complete(&topics.read().await, &public);

    // Sent again while it is still too large: another failure, and it is not tried for ever.
    shop.as_owner("UPDATE relay.failures SET resend = true")
        .await;
    testkit::eventually("the second attempt fails", async || {
        let row = shop
            .row("SELECT attempts, resend FROM relay.failures")
            .await;
        (row == json!({"attempts": 2, "resend": false})).then_some(())
    })
    .await;
    stop.cancel();
    relay.await.unwrap();

    shop.as_owner("UPDATE relay.failures SET resend = true")
        .await;
    let stop = CancellationToken::new();
    let relay = start(&shop, topics.config(), &stop);
    testkit::eventually("the failure is gone", async || {
        shop.row("SELECT * FROM relay.failures")
            .await
            .is_null()
            .then_some(())
    })
    .await;
    let (again, first): (Vec<Found>, Vec<Found>) = topics
        .read()
        .await
        .into_iter()
        .partition(|record| record.position() == failed);
    assert_complete(&first, &public);
    assert_eq!(again.len(), 1);
    assert_eq!(
        (&again[0].key, again[0].headers["resend"].as_str()),
        (&key, "true")
    );
    stop.cancel();
    relay.await.unwrap();
    topics.delete().await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_was_sent_again_before_a_crash_is_not_sent_a_third_time() {
    let (shop, topics) = (Shop::open_without_memory().await, Topics::new());
    let kettle = shop.product("Kettle", 1_000, 10).await;
    let order = shop.order("ann", &[(kettle, 1)]).await;
    shop.as_owner(&format!(
        "CREATE TABLE kept AS SELECT payload::text AS payload FROM event_store.events
          WHERE aggregate_id = '{order}' AND sequence = 1;
         UPDATE event_store.events SET payload = '{{}}'
          WHERE aggregate_id = '{order}' AND sequence = 1"
    ))
    .await;
    let stop = CancellationToken::new();
    let relay = start(&shop, topics.config(), &stop);
    sent_up_to(&shop.owner, shop.head().await).await;
    let row = shop.row("SELECT position, topic FROM relay.failures").await;
    let failed = row["position"]
        .as_u64()
        .expect("an unreadable event has failed");
    stop.cancel();
    relay.await.unwrap();

    let resent = format!(
        "UPDATE event_store.events SET payload = (SELECT payload FROM kept)::json
          WHERE aggregate_id = '{order}' AND sequence = 1;
         INSERT INTO relay.failures (position, topic, error, resend) VALUES ({failed}, '', '', true)
         ON CONFLICT (position) DO UPDATE SET resend = true"
    );
    // The second time it is as after a crash between the delivery and the writing of it.
    for _ in 0..2 {
        shop.as_owner(&resent).await;
        let stop = CancellationToken::new();
        let relay = start(&shop, topics.config(), &stop);
        testkit::eventually("the failure is gone", async || {
            shop.row("SELECT * FROM relay.failures")
                .await
                .is_null()
                .then_some(())
        })
        .await;
        stop.cancel();
        relay.await.unwrap();
    }
    let found = topics.read().await;
    assert_eq!(
        found
            .iter()
            .filter(|record| record.position() == failed)
            .count(),
        1
    );
    topics.delete().await;
    shop.close().await;
}
