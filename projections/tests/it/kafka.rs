//! A topic prefix of a test's own, and all that was sent to it.
#![expect(
    clippy::expect_used,
    reason = "fixtures are for tests: a panic there is the report"
)]

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use event_schemas::topics;
use projections::relay::RelayConfig;
use rdkafka::admin::{AdminClient, AdminOptions};
use rdkafka::client::DefaultClientContext;
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::{BorrowedMessage, Headers, Message};
use rdkafka::{Offset, TopicPartitionList};
use sqlx::PgPool;
use testkit::{kafka_brokers, unique};

use crate::shop::Shop;

/// Partitions of a test's topics: enough that order by key is not order of all.
const PARTITIONS: i32 = 2;

/// How long a broker that comes back may take to serve again.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) struct Topics {
    pub(crate) prefix: String,
}

/// A record as a consumer finds it.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    pub(crate) topic: String,
    pub(crate) partition: i32,
    pub(crate) key: String,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) payload: Vec<u8>,
    pub(crate) timestamp: i64,
}

impl Found {
    pub(crate) fn position(&self) -> u64 {
        self.headers["position"].parse().expect("a position")
    }
}

impl Topics {
    pub(crate) fn new() -> Self {
        Self {
            prefix: format!("{}.", unique("t")),
        }
    }

    /// A relay for these topics; quick, so that a test sees soon what it waits for.
    pub(crate) fn config(&self) -> RelayConfig {
        RelayConfig {
            topic_prefix: self.prefix.clone(),
            partitions: PARTITIONS,
            lease_time: Duration::from_secs(3),
            resend_interval: Duration::from_millis(50),
            standby_interval: Duration::from_millis(50),
            retry_wait_max: Duration::from_millis(500),
            ..RelayConfig::new(kafka_brokers(), unique("relay"))
        }
    }

    /// Everything that is in the topics.
    pub(crate) async fn read(&self) -> Vec<Found> {
        let prefix = self.prefix.clone();
        tokio::task::spawn_blocking(move || read_all(&prefix))
            .await
            .expect("the topics are read")
    }

    pub(crate) async fn delete(self) {
        let names: Vec<_> = topics()
            .iter()
            .map(|t| format!("{}{}", self.prefix, t.name))
            .collect();
        let names: Vec<_> = names.iter().map(String::as_str).collect();
        let admin: AdminClient<DefaultClientContext> = client().create().expect("an admin client");
        admin
            .delete_topics(&names, &AdminOptions::new())
            .await
            .expect("the topics are deleted");
    }
}

fn client() -> ClientConfig {
    let mut client = ClientConfig::new();
    client
        .set("bootstrap.servers", kafka_brokers())
        .set("group.id", "projections-tests");
    client
}

fn read_all(prefix: &str) -> Vec<Found> {
    let consumer: BaseConsumer = client().create().expect("a consumer");
    let mut assignment = TopicPartitionList::new();
    let mut missing = 0;
    for topic in topics() {
        let name = format!("{prefix}{}", topic.name);
        for partition in 0..PARTITIONS {
            let (low, high) = ends(&consumer, &name, partition);
            missing += high - low;
            assignment
                .add_partition_offset(&name, partition, Offset::Offset(low))
                .expect("an assignment");
        }
    }
    consumer.assign(&assignment).expect("assigned");
    let mut found = Vec::new();
    let mut heard = Instant::now();
    while missing > 0 {
        match consumer.poll(Duration::from_secs(1)) {
            Some(Ok(record)) => {
                found.push(as_found(&record));
                missing -= 1;
                heard = Instant::now();
            }
            // The client goes on by itself.
            Some(Err(_)) | None => assert!(heard.elapsed() < PATIENCE, "{missing} are missing"),
        }
    }
    found
}

/// A partition's first and last offset; a broker that has just come back may need a moment to lead it.
fn ends(consumer: &BaseConsumer, topic: &str, partition: i32) -> (i64, i64) {
    let asked = Instant::now();
    loop {
        match consumer.fetch_watermarks(topic, partition, Duration::from_secs(5)) {
            Ok(ends) => return ends,
            Err(error) => assert!(asked.elapsed() < PATIENCE, "{topic}: {error}"),
        }
        std::thread::sleep(Duration::from_millis(100));
    }
}

fn as_found(record: &BorrowedMessage<'_>) -> Found {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("text");
    let headers = record.headers().expect("headers").iter();
    let headers =
        headers.map(|header| (header.key.to_owned(), text(header.value.expect("a value"))));
    Found {
        topic: record.topic().to_owned(),
        partition: record.partition(),
        key: text(record.key().expect("a key")),
        headers: headers.collect(),
        payload: record.payload().expect("a payload").to_vec(),
        timestamp: record.timestamp().to_millis().expect("a timestamp"),
    }
}

/// Waits until the relay has come this far.
pub(crate) async fn sent_up_to(pool: &PgPool, position: i64) {
    testkit::eventually_within(
        Duration::from_secs(60),
        "the relay catches up",
        async || {
            let cursor: i64 = sqlx::query_scalar("SELECT position FROM relay.cursor")
                .fetch_one(pool)
                .await
                .ok()?;
            (cursor >= position).then_some(())
        },
    )
    .await;
}

/// The positions of the log's public events, and the keys that they belong to.
pub(crate) async fn public_events(shop: &Shop) -> BTreeMap<u64, String> {
    let mut public = BTreeMap::new();
    let mut after = 0;
    loop {
        let events = shop
            .log()
            .read(after, 1_000)
            .await
            .expect("the log is read");
        let Some(last) = events.last() else {
            return public;
        };
        after = last.position;
        for event in &events {
            let Ok(recorded) = event.decode() else {
                continue;
            };
            if let Some(published) = event_schemas::publish(&recorded) {
                public.insert(event.position, published.key);
            }
        }
    }
}

/// Every public event is there exactly once, and in the log's order within each partition and key.
pub(crate) fn assert_complete(found: &[Found], public: &BTreeMap<u64, String>) {
    let mut positions: Vec<_> = found.iter().map(Found::position).collect();
    positions.sort_unstable();
    let expected: Vec<_> = public.keys().copied().collect();
    assert_eq!(positions, expected, "every event once");
    let mut newest: BTreeMap<(&str, i32), u64> = BTreeMap::new();
    let mut homes: BTreeMap<(&str, &str), i32> = BTreeMap::new();
    for record in found {
        assert_eq!(Some(&record.key), public.get(&record.position()));
        let last = newest.insert((&record.topic, record.partition), record.position());
        assert!(last < Some(record.position()), "in the log's order");
        let home = homes.insert((&record.topic, &record.key), record.partition);
        assert!(
            home.is_none_or(|home| home == record.partition),
            "a key stays in its partition"
        );
    }
}

/// How many records are in the topics; 0 while there are no topics.
pub(crate) fn count(prefix: &str) -> usize {
    let consumer: BaseConsumer = client().create().expect("a consumer");
    let mut records = 0;
    for topic in topics() {
        let name = format!("{prefix}{}", topic.name);
        for partition in 0..PARTITIONS {
            let ends = consumer.fetch_watermarks(&name, partition, Duration::from_secs(5));
            let Ok((low, high)) = ends else { return 0 };
            records += high - low;
        }
    }
    usize::try_from(records).expect("a count")
}
