//! The stream as a consumer that no one here wrote sees it: `confluent-kafka` for Python, with its schema
//! registry client and Avro deserializer.

use std::collections::BTreeMap;
use std::process::Command;
use std::time::Duration;

use serde_json::Value;
use testkit::{eventually_within, kafka_brokers, required_env};

use crate::installation::{Installation, text};

/// How long the relay may take to have sent everything.
const PATIENCE: Duration = Duration::from_secs(60);

/// Waits until every event is delivered, consumes every topic with the stock client, and compares with
/// the log: every public event once, in the order of the log by key, every record decoded.
pub(crate) async fn assert_kafka_equals_the_log(shop: &Installation) {
    let owner = shop.database.owner_pool().await;
    eventually_within(PATIENCE, "everything is sent", async || {
        let (head, cursor): (i64, i64) = sqlx::query_as(
            "SELECT (SELECT max(position) FROM event_store.events), (SELECT position FROM relay.cursor)",
        )
        .fetch_one(&owner)
        .await
        .expect("the database answers");
        (cursor == head).then_some(())
    })
    .await;
    let log: BTreeMap<i64, (String, String)> = sqlx::query_as::<_, (i64, String, String, String)>(
        "SELECT position, metadata ->> 'eventId', aggregate_id, event_type FROM event_store.events",
    )
    .fetch_all(&owner)
    .await
    .expect("the log can be read")
    .into_iter()
    // The one event that is the shop's own business: see event-schemas.
    .filter(|(_, _, _, event_type)| event_type != "OrderPaymentStarted")
    .map(|(position, event_id, aggregate_id, _)| (position, (event_id, aggregate_id)))
    .collect();
    let records = consume(shop);
    assert_eq!(records.len(), log.len(), "as many records as public events");
    let mut last: BTreeMap<(String, String), i64> = BTreeMap::new();
    for record in &records {
        let position = record["position"].as_i64().expect("a position");
        let (event_id, aggregate_id) = log.get(&position).expect("a public event of the log");
        assert_eq!(record["key"], Value::from(aggregate_id.as_str()));
        assert_eq!(record["value"]["event_id"], Value::from(event_id.as_str()));
        let topic = record["topic"].as_str().expect("a topic").to_owned();
        let before = last.insert((topic, aggregate_id.clone()), position);
        assert!(before < Some(position), "in order by key, and once");
    }
}

fn consume(shop: &Installation) -> Vec<Value> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/stock_client.py");
    let output = Command::new(required_env("E2E_PYTHON"))
        .args([
            script,
            &kafka_brokers(),
            &shop.registry_url(),
            &shop.topic_prefix,
        ])
        .output()
        .expect("Python runs");
    assert!(output.status.success(), "{}", text(&output.stderr));
    text(&output.stdout)
        .lines()
        .map(|line| serde_json::from_str(line).expect("a line of JSON"))
        .collect()
}
