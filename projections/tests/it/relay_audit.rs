//! Whether the stream's audit sees what is wrong with the topics: each fault is put there by hand.

use std::time::Duration;

use projections::relay::{StreamReport, audit};
use rdkafka::ClientConfig;
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{FutureProducer, FutureRecord};
use testkit::kafka_brokers;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::kafka::{Found, Topics, sent_up_to};
use crate::relay::start;
use crate::shop::Shop;

/// A shop whose events are all in Kafka, and nobody sends any more.
struct Sent {
    shop: Shop,
    topics: Topics,
}

impl Sent {
    async fn open() -> Self {
        let (shop, topics) = (Shop::open().await, Topics::new());
        let kettle = shop.product("Kettle", 1_000, 1_000).await;
        let order = shop.order("ann", &[(kettle, 1)]).await;
        shop.pay("ann", order, 1_000).await;
        let stop = CancellationToken::new();
        let relay = start(&shop, topics.config(), &stop);
        sent_up_to(&shop.owner, shop.head().await).await;
        stop.cancel();
        relay.await.unwrap();
        let sent = Self { shop, topics };
        let report = sent.audit().await;
        assert_eq!(report.listed, [""; 0], "whole before");
        let records = sent.topics.read().await.len();
        assert_eq!(report.records, u64::try_from(records).unwrap());
        assert_eq!((report.repeats, report.troubles), (0, 0));
        sent
    }

    async fn audit(&self) -> StreamReport {
        let (shop, stop) = (&self.shop, CancellationToken::new());
        audit(&shop.app, shop.log(), &self.topics.config(), &stop)
            .await
            .unwrap()
    }

    /// The newest record of a topic.
    async fn newest(&self, topic: &str) -> Found {
        let records = self.topics.read().await.into_iter();
        records
            .filter(|record| record.topic.ends_with(topic))
            .max_by_key(Found::position)
            .unwrap()
    }

    async fn close(self) {
        self.topics.delete().await;
        self.shop.close().await;
    }
}

async fn send(record: &Found) {
    let producer: FutureProducer = ClientConfig::new()
        .set("bootstrap.servers", kafka_brokers())
        .create()
        .unwrap();
    let mut headers = OwnedHeaders::new();
    for (key, value) in &record.headers {
        let value = Some(value);
        headers = headers.insert(Header { key, value });
    }
    let sent = FutureRecord::to(&record.topic)
        .partition(record.partition)
        .key(&record.key)
        .payload(&record.payload)
        .headers(headers);
    producer.send(sent, Duration::from_secs(10)).await.unwrap();
}

/// What the audit says after a record was put there.
async fn after(change: impl FnOnce(&mut Found)) -> StreamReport {
    let sent = Sent::open().await;
    let mut record = sent.newest("inventory.stock.updated").await;
    change(&mut record);
    send(&record).await;
    let report = sent.audit().await;
    sent.close().await;
    report
}

fn one(report: &StreamReport) -> &str {
    assert_eq!(report.troubles, 1, "{:?}", report.listed);
    &report.listed[0]
}

#[tokio::test(flavor = "multi_thread")]
async fn kafka_a_repeat_is_counted_and_no_trouble() {
    let report = after(|_| {}).await;
    assert_eq!((report.repeats, report.troubles), (1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn kafka_a_key_on_two_partitions_is_found() {
    // Either its record is told, or, when its partition was read first, all those of its key.
    let report = after(|record| record.partition = 1 - record.partition).await;
    assert!(report.troubles > 0);
    let of_its_key = |line: &String| line.contains("also on another partition");
    assert!(report.listed.iter().all(of_its_key), "{:?}", report.listed);
}

#[tokio::test(flavor = "multi_thread")]
async fn kafka_a_record_that_cannot_be_read_is_found() {
    let report = after(|record| record.payload.truncate(12)).await;
    assert!(one(&report).contains("cannot be read"));
    let report = after(|record| record.payload[4] ^= 1).await;
    assert!(one(&report).contains("names schema"));
}

#[tokio::test(flavor = "multi_thread")]
async fn kafka_a_record_that_says_it_is_another_event_is_found() {
    let report = after(|record| {
        let other = Uuid::now_v7().to_string();
        record.headers.insert("event-id".to_owned(), other);
    })
    .await;
    assert!(one(&report).contains("says that it is another"));
}

#[tokio::test(flavor = "multi_thread")]
async fn kafka_a_record_of_a_private_event_is_found() {
    let sent = Sent::open().await;
    let private =
        "SELECT position FROM event_store.events WHERE event_type = 'OrderPaymentStarted'";
    let position: i64 = sqlx::query_scalar(private)
        .fetch_one(&sent.shop.owner)
        .await
        .unwrap();
    let mut record = sent.newest("inventory.stock.updated").await;
    record
        .headers
        .insert("position".to_owned(), position.to_string());
    send(&record).await;
    let report = sent.audit().await;
    let listed = report.listed.join("\n");
    assert!(listed.contains("no such public event"), "{listed}");
    sent.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn kafka_an_event_that_is_missing_is_found_and_one_that_was_refused_is_not_missed() {
    let sent = Sent::open().await;
    let shop = &sent.shop;
    shop.product("Pot", 1_000, 2).await;
    let report = sent.audit().await;
    assert_eq!(
        report.troubles, 0,
        "beyond the cursor nothing is missing yet"
    );
    let head = shop.head().await;
    shop.as_owner(&format!("UPDATE relay.cursor SET position = {head}"))
        .await;
    let report = sent.audit().await;
    assert_eq!(report.troubles, 4, "{:?}", report.listed);
    assert_eq!(
        report.listed[3],
        format!("the event at {head} is not there")
    );
    shop.as_owner(&format!(
        "INSERT INTO relay.failures (position, topic, error) VALUES ({head}, 'x', 'too large')"
    ))
    .await;
    let report = sent.audit().await;
    assert_eq!((report.troubles, report.refused), (3, 1));
    sent.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn kafka_records_out_of_order_are_found() {
    let (shop, topics) = (Shop::open().await, Topics::new());
    let stop = CancellationToken::new();
    let relay = start(&shop, topics.config(), &stop);
    let kettle = shop.product("Kettle", 1_000, 1_000).await;
    sent_up_to(&shop.owner, shop.head().await).await;
    stop.cancel();
    relay.await.unwrap();
    let former = topics.read().await;
    // Two more of one key, which are put there by hand, the later one first.
    for pieces in 1..3 {
        shop.receive(kettle, "seoul", pieces).await;
    }
    let head = u64::try_from(shop.head().await).unwrap();
    let stock = former
        .iter()
        .find(|r| r.topic.ends_with("stock.updated"))
        .unwrap();
    let topic = "inventory.stock.updated";
    let id = event_schemas::Registry::embedded()
        .unwrap()
        .topic_schema_id(topic)
        .unwrap();
    for position in [head, head - 1] {
        let event = shop.log().read(position - 1, 1).await.unwrap().remove(0);
        let public = event_schemas::publish(&event.decode().unwrap()).unwrap();
        let mut record = stock.clone();
        record.payload = public.encode(id).unwrap();
        let event_id = event.metadata.event_id.to_string();
        record.headers.insert("event-id".to_owned(), event_id);
        record
            .headers
            .insert("position".to_owned(), position.to_string());
        send(&record).await;
    }
    let report = audit(
        &shop.app,
        shop.log(),
        &topics.config(),
        &CancellationToken::new(),
    )
    .await
    .unwrap();
    let expected = format!("position {} comes after {head} of its key", head - 1);
    assert!(one(&report).ends_with(&expected), "{}", report.listed[0]);
    topics.delete().await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_is_away_is_an_error_and_no_verdict() {
    let shop = Shop::open().await;
    let config = projections::relay::RelayConfig {
        brokers: "127.0.0.1:1".to_owned(),
        ..Topics::new().config()
    };
    let audited = audit(&shop.app, shop.log(), &config, &CancellationToken::new()).await;
    assert!(audited.is_err());
    shop.close().await;
}
