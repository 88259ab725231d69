//! Where things are remembered: all of it, as bytes.

use std::collections::BTreeMap;
use std::process::Command;
use std::time::Duration;

use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::{Headers, Message};
use rdkafka::producer::{FutureProducer, FutureRecord};
use rdkafka::{Offset, TopicPartitionList};
use sqlx::{Connection, PgConnection, PgExecutor, PgPool};
use testkit::{kafka_brokers, unique};

use crate::installation::{Installation, text};

/// The longest wait for the broker.
const PATIENCE: Duration = Duration::from_secs(30);
/// The logs of the processes of the story.
const LOGS: [&str; 2] = ["serve", "mock-gateway"];

/// The write-ahead log from where it was when the story began.
pub(crate) struct WalStart {
    segment: String,
    /// Its session has a slot, without which the server reuses segments when it is busy. A temporary one: a test
    /// that fails must not keep the server from reusing them for ever.
    _session: PgConnection,
}

impl WalStart {
    pub(crate) async fn now(shop: &Installation) -> Self {
        let options = shop.database.owner_options();
        let connected = PgConnection::connect_with(&options).await;
        let mut session = connected.expect("the owner connects");
        sqlx::query("SELECT pg_create_physical_replication_slot($1, true, true)")
            .bind(unique("canary"))
            .execute(&mut session)
            .await
            .expect("a slot keeps the segments");
        // Compressed images of pages could hide what is in them.
        let compression: String = sqlx::query_scalar("SHOW wal_compression")
            .fetch_one(&mut session)
            .await
            .expect("the setting is known");
        assert_eq!(compression, "off");
        Self {
            segment: switched(&mut session).await,
            _session: session,
        }
    }
}

/// Ends the segment that is being written, and gives its name.
async fn switched(owner: impl PgExecutor<'_>) -> String {
    sqlx::query_scalar("SELECT pg_walfile_name(pg_switch_wal())")
        .fetch_one(owner)
        .await
        .expect("the owner of the test's server may")
}

/// Every place in which something secret is, with what stands around it there; `found_in` knows it when it sees it.
pub(crate) async fn places_of(
    found_in: impl Fn(&[u8]) -> Option<String>,
    shop: &Installation,
    wal: &WalStart,
) -> BTreeMap<&'static str, String> {
    let mut found = BTreeMap::new();
    let mut look = |place: &'static str, bytes: &[u8]| {
        if let Some(around) = found_in(bytes) {
            found.insert(place, around);
        }
    };
    let owner = shop.database.owner_pool().await;
    look("the dump", &dump(shop, &owner).await);
    for name in segments(&owner, wal).await {
        look("the write-ahead log", &segment(&owner, &name).await);
    }
    owner.close().await;
    let prefix = shop.topic_prefix.clone();
    let records = tokio::task::spawn_blocking(move || records(&prefix)).await;
    for record in records.expect("the topics can be read") {
        look("Kafka", &record);
    }
    for process in LOGS {
        let log = shop.log(process);
        assert!(!log.is_empty(), "{process} has said something");
        look("the logs", log.as_bytes());
    }
    found
}

async fn dump(shop: &Installation, owner: &PgPool) -> Vec<u8> {
    let version: i32 =
        sqlx::query_scalar("SELECT current_setting('server_version_num')::int / 10000")
            .fetch_one(owner)
            .await
            .expect("the server has a version");
    let own = format!("/usr/lib/postgresql/{version}/bin/pg_dump");
    let program = if std::path::Path::new(&own).exists() {
        own
    } else {
        "pg_dump".to_owned()
    };
    let output = Command::new(program)
        .args(["--dbname", &shop.database.owner_url()])
        .output()
        .expect("pg_dump runs");
    assert!(output.status.success(), "{}", text(&output.stderr));
    output.stdout
}

/// The segments from the start on.
async fn segments(owner: &PgPool, start: &WalStart) -> Vec<String> {
    let last = switched(owner).await;
    let names: Vec<String> = sqlx::query_scalar(
        "SELECT name FROM pg_ls_waldir() WHERE name ~ '^[0-9A-F]{24}$' AND name >= $1 AND name <= $2
          ORDER BY name",
    )
    .bind(&start.segment)
    .bind(&last)
    .fetch_all(owner)
    .await
    .expect("the segments can be listed");
    assert_eq!(
        names.first(),
        Some(&start.segment),
        "nothing of it was reused"
    );
    names
}

/// A segment as the server has it on its disk.
async fn segment(owner: &PgPool, name: &str) -> Vec<u8> {
    sqlx::query_scalar("SELECT pg_read_binary_file('pg_wal/' || $1)")
        .bind(name)
        .fetch_one(owner)
        .await
        .expect("a segment can be read")
}

/// Every record of every topic of the installation: key, value and headers.
fn records(prefix: &str) -> Vec<Vec<u8>> {
    let consumer: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", kafka_brokers())
        .set("group.id", "canary")
        .set("enable.auto.commit", "false")
        .create()
        .expect("a consumer");
    let metadata = consumer
        .fetch_metadata(None, PATIENCE)
        .expect("the broker answers");
    let mut assignment = TopicPartitionList::new();
    let mut missing = 0;
    for topic in metadata.topics() {
        let name = topic.name();
        for partition in topic
            .partitions()
            .iter()
            .filter(|_| name.starts_with(prefix))
        {
            let ends = consumer.fetch_watermarks(name, partition.id(), PATIENCE);
            let (low, high) = ends.expect("a partition has ends");
            if high > low {
                let from = Offset::Offset(low);
                let added = assignment.add_partition_offset(name, partition.id(), from);
                added.expect("an offset");
                missing += high - low;
            }
        }
    }
    assert!(missing > 0, "the story is in Kafka");
    consumer.assign(&assignment).expect("the partitions");
    let mut records = Vec::new();
    for _ in 0..missing {
        let message = consumer.poll(PATIENCE).expect("a record in time");
        let message = message.expect("a record");
        let mut bytes = message.key().unwrap_or_default().to_vec();
        bytes.extend(message.payload().unwrap_or_default());
        for header in message.headers().into_iter().flat_map(|all| all.iter()) {
            bytes.extend(header.key.as_bytes());
            bytes.extend(header.value.unwrap_or_default());
        }
        records.push(bytes);
    }
    records
}

/// Says this in every place, as a careless program would.
pub(crate) async fn plant_everywhere(said: &str, shop: &Installation) {
    let owner = shop.database.owner_pool().await;
    sqlx::raw_sql(&format!(
        "CREATE TABLE public.decoy AS SELECT '{said}'::text AS said"
    ))
    .execute(&owner)
    .await
    .expect("the owner may");
    owner.close().await;
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", kafka_brokers());
    let topic = format!("{}decoy", shop.topic_prefix);
    let admin: AdminClient<DefaultClientContext> = config.create().expect("an administrator");
    let new = NewTopic::new(&topic, 1, TopicReplication::Fixed(1));
    let made = admin.create_topics([&new], &AdminOptions::new()).await;
    made.expect("the broker answers");
    let producer: FutureProducer = config.create().expect("a producer");
    let record = FutureRecord::to(&topic).key("decoy").payload(said);
    let sent = producer.send(record, PATIENCE).await;
    sent.expect("the record is delivered");
    let log = shop.file(&format!("{}.log", LOGS[0]));
    let before = std::fs::read_to_string(&log).expect("the log is there");
    std::fs::write(&log, format!("{before}{said}\n")).expect("the log can be written");
}
