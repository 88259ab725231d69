//! The topics: created when they are not there, never changed afterwards.

use std::time::Duration;

use event_schemas::topics;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::types::RDKafkaErrorCode;

use super::config::RelayConfig;
use super::error::RelayError;
use super::producer::{Quiet, client_config};

/// How long the broker may take to create them all.
const CREATE_TIMEOUT_S: u64 = 20;

/// Creates the topics that are missing, durable and with their whole history.
pub(super) async fn ensure(config: &RelayConfig) -> Result<(), RelayError> {
    let admin: AdminClient<Quiet> = client_config(config).create_with_context(Quiet)?;
    let names: Vec<_> = topics()
        .iter()
        .map(|topic| config.topic(topic.name))
        .collect();
    let wanted: Vec<_> = names
        .iter()
        .map(|name| {
            let copies = TopicReplication::Fixed(config.replication);
            NewTopic::new(name, config.partitions, copies)
                .set("cleanup.policy", "delete")
                .set("retention.ms", "-1")
                .set("retention.bytes", "-1")
        })
        .collect();
    let patience = Some(Duration::from_secs(CREATE_TIMEOUT_S));
    let options = AdminOptions::new()
        .request_timeout(patience)
        .operation_timeout(patience);
    for created in admin.create_topics(&wanted, &options).await? {
        match created {
            Ok(_) | Err((_, RDKafkaErrorCode::TopicAlreadyExists)) => {}
            Err((topic, code)) => return Err(RelayError::Topic { topic, code }),
        }
    }
    Ok(())
}
