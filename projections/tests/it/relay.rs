//! The relay: every event once, in order by key, whatever happens to it.

use std::time::Duration;

use event_schemas::Registry;
use event_store::{EventLog, StoreConfig};
use projections::relay::{self, RelayConfig};
use tokio::runtime::Runtime;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::kafka::{Topics, assert_complete, public_events, sent_up_to};
use crate::shop::Shop;

pub(crate) fn start(shop: &Shop, config: RelayConfig, stop: &CancellationToken) -> JoinHandle<()> {
    relay::start(shop.app.clone(), shop.log().clone(), config, stop.clone())
}

async fn sell(shop: &Shop, times: usize) {
    let kettle = shop.product("Kettle", 1_000, 1_000).await;
    for number in 0..times {
        let user = format!("user-{number}");
        let order = shop.order(&user, &[(kettle, 1)]).await;
        shop.pay(&user, order, 1_000).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_public_event_is_sent_once_in_order_by_key_with_its_headers() {
    let (shop, topics) = (Shop::open().await, Topics::new());
    sell(&shop, 20).await;
    let stop = CancellationToken::new();
    let relay = start(&shop, topics.config(), &stop);
    sell(&shop, 5).await;
    sent_up_to(&shop.owner, shop.head().await).await;

    let found = topics.read().await;
    assert_complete(&found, &public_events(&shop).await);
    let created = found
        .iter()
        .find(|r| r.topic.ends_with("order.order.created"))
        .unwrap();
    let position = created.position();
    let event = shop.log().read(position - 1, 1).await.unwrap().remove(0);
    assert_eq!(created.key, event.aggregate_id);
    assert_eq!(
        created.headers["event-id"],
        event.metadata.event_id.to_string()
    );
    assert_eq!(
        created.headers["correlation-id"],
        event.metadata.correlation_id.to_string()
    );
    assert_eq!(created.headers["sequence"], event.sequence.to_string());
    assert_eq!(created.timestamp, event.recorded_at.timestamp_millis());
    let id = Registry::embedded()
        .unwrap()
        .topic_schema_id("order.order.created")
        .unwrap();
    assert_eq!(created.payload[0], 0);
    assert_eq!(created.payload[1..5], id.to_be_bytes());

    stop.cancel();
    relay.await.unwrap();
    topics.delete().await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_in_the_middle_again_and_again_it_sends_nothing_twice() {
    let (shop, topics) = (Shop::open().await, Topics::new());
    // The cursor is hardly ever written: after each kill only the topics know what was sent.
    let config = RelayConfig {
        cursor_interval: Duration::from_secs(3_600),
        lease_time: Duration::from_millis(1_500),
        ..topics.config()
    };
    let enough = CancellationToken::new();
    let selling = async {
        while !enough.is_cancelled() {
            sell(&shop, 10).await;
        }
    };
    let killing = async {
        for round in 0..5_u64 {
            let before = sent(&topics).await;
            let runtime = run_elsewhere(&shop, config.clone());
            testkit::eventually_within(Duration::from_secs(60), "more is sent", async || {
                (sent(&topics).await > before).then_some(())
            })
            .await;
            // Events flow all the while, so this is in the middle of something.
            tokio::time::sleep(Duration::from_millis(round * 37)).await;
            runtime.shutdown_background();
        }
        enough.cancel();
    };
    tokio::join!(selling, killing);
    let stop = CancellationToken::new();
    let relay = start(&shop, topics.config(), &stop);
    sent_up_to(&shop.owner, shop.head().await).await;
    assert_complete(&topics.read().await, &public_events(&shop).await);
    stop.cancel();
    relay.await.unwrap();
    topics.delete().await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn topics_that_hold_another_log_are_not_taken_for_its_own() {
    let (former, topics) = (Shop::open().await, Topics::new());
    sell(&former, 5).await;
    let stop = CancellationToken::new();
    let relay = start(&former, topics.config(), &stop);
    sent_up_to(&former.owner, former.head().await).await;
    stop.cancel();
    relay.await.unwrap();
    let before = sent(&topics).await;

    // As after a restore: the same positions, other events, and a cursor that is behind them.
    let shop = Shop::open().await;
    sell(&shop, 5).await;
    let stop = CancellationToken::new();
    let relay = start(&shop, topics.config(), &stop);
    let watched = std::time::Instant::now();
    while watched.elapsed() < Duration::from_secs(5) {
        let row = shop.row("SELECT position FROM relay.cursor").await;
        let cursor = row["position"].as_i64().unwrap();
        assert!(cursor < shop.head().await, "none of them was delivered");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(sent(&topics).await, before, "nothing is sent beside them");
    stop.cancel();
    relay.await.unwrap();
    topics.delete().await;
    former.close().await;
    shop.close().await;
}

/// A process of its own that relays, and can be killed.
fn run_elsewhere(shop: &Shop, config: RelayConfig) -> Runtime {
    let runtime = Runtime::new().unwrap();
    let options = shop.database.app_options();
    runtime.spawn(async move {
        let pool = sqlx::PgPool::connect_with(options).await.unwrap();
        let stop = CancellationToken::new();
        let log = EventLog::open(pool.clone(), &StoreConfig::default(), stop.clone())
            .await
            .unwrap();
        let _ = relay::start(pool, log, config, stop).await;
    });
    runtime
}

/// How many records are in the topics; none while there are no topics.
async fn sent(topics: &Topics) -> usize {
    let prefix = topics.prefix.clone();
    tokio::task::spawn_blocking(move || crate::kafka::count(&prefix))
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_broker_is_away_events_wait_and_then_flow() {
    let (shop, topics) = (Shop::open().await, Topics::new());
    let stop = CancellationToken::new();
    // Nobody listens on port 1.
    let away = RelayConfig {
        brokers: "127.0.0.1:1".to_owned(),
        ..topics.config()
    };
    let relay = start(&shop, away, &stop);
    sell(&shop, 5).await;
    testkit::eventually("the relay holds its lease", async || {
        let row = shop
            .row("SELECT holder FROM event_store.leases WHERE name = 'relay'")
            .await;
        (!row.is_null()).then_some(())
    })
    .await;
    let row = shop.row("SELECT position FROM relay.cursor").await;
    assert_eq!(row["position"], 0, "everything is pending");
    assert!(
        shop.row("SELECT * FROM relay.failures").await.is_null(),
        "and nothing has failed"
    );
    stop.cancel();
    tokio::time::timeout(Duration::from_secs(10), relay)
        .await
        .expect("it stops in time")
        .unwrap();

    let stop = CancellationToken::new();
    let relay = start(&shop, topics.config(), &stop);
    sent_up_to(&shop.owner, shop.head().await).await;
    assert_complete(&topics.read().await, &public_events(&shop).await);
    stop.cancel();
    relay.await.unwrap();
    topics.delete().await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_relays_one_sends_and_the_other_takes_over() {
    let (shop, topics) = (Shop::open().await, Topics::new());
    let (stop_first, stop_second) = (CancellationToken::new(), CancellationToken::new());
    let first = start(&shop, topics.config(), &stop_first);
    let second = start(&shop, topics.config(), &stop_second);
    sell(&shop, 10).await;
    sent_up_to(&shop.owner, shop.head().await).await;
    stop_first.cancel();
    first.await.unwrap();
    sell(&shop, 10).await;
    sent_up_to(&shop.owner, shop.head().await).await;
    assert_complete(&topics.read().await, &public_events(&shop).await);
    stop_second.cancel();
    second.await.unwrap();
    topics.delete().await;
    shop.close().await;
}
