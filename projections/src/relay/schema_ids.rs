//! The ids that records name their schemas by: the embedded ones, or those of a real registry.

use std::collections::HashMap;
use std::time::Duration;

use event_schemas::{CONTENT_TYPE, Registry, SchemaError, Version, topics};
use serde::Deserialize;
use serde_json::json;

use super::config::RelayConfig;
use super::error::RelayError;

/// How long the registry may take for one answer.
const REGISTRY_TIMEOUT_S: u64 = 10;
/// Characters of a refusal that are reported.
const REFUSAL_MAX_CHARS: usize = 300;

/// Each topic's schema id.
#[derive(Debug)]
pub(super) struct SchemaIds(HashMap<&'static str, u32>);

/// The registry's answer to a registration.
#[derive(Deserialize)]
struct Registered {
    id: u32,
}

impl SchemaIds {
    /// The embedded ids; or, where a registry is configured, those that it gives the same schemas.
    pub(super) async fn load(config: &RelayConfig) -> Result<Self, RelayError> {
        match &config.schema_registry_url {
            None => Self::embedded(),
            Some(url) => Self::register(config, url).await,
        }
    }

    fn embedded() -> Result<Self, RelayError> {
        let registry = Registry::embedded().map_err(SchemaError::Embedded)?;
        let ids = topics().iter().map(|topic| {
            let id = registry.topic_schema_id(topic.name)?;
            Ok((topic.name, id))
        });
        Ok(Self(ids.collect::<Result<_, SchemaError>>()?))
    }

    /// Registers every version in order, as the registry checks each against the one before. One that is
    /// there already keeps its id.
    async fn register(config: &RelayConfig, url: &str) -> Result<Self, RelayError> {
        let client = reqwest::Client::builder()
            .timeout(Duration::from_secs(REGISTRY_TIMEOUT_S))
            .build()?;
        let registry = Registry::embedded().map_err(SchemaError::Embedded)?;
        let mut ids = HashMap::new();
        for topic in topics() {
            let embedded = format!("{}-value", topic.name);
            let subject = format!("{}-value", config.topic(topic.name));
            for version in registry.versions(&embedded) {
                let schema = registry.schema(&embedded, Version::Number(version));
                let schema = schema.ok_or(SchemaError::NoSchema { topic: topic.name })?;
                let id = register(&client, url, &subject, schema.text()).await?;
                // The last one is the newest, which records are written with.
                ids.insert(topic.name, id);
            }
        }
        Ok(Self(ids))
    }

    /// The id of the schema that a topic's records are written with.
    pub(super) fn of(&self, topic: &'static str) -> Result<u32, SchemaError> {
        self.0
            .get(topic)
            .copied()
            .ok_or(SchemaError::NoSchema { topic })
    }
}

async fn register(
    client: &reqwest::Client,
    url: &str,
    subject: &str,
    schema: &str,
) -> Result<u32, RelayError> {
    let url = format!("{}/subjects/{subject}/versions", url.trim_end_matches('/'));
    let answer = client
        .post(url)
        .header("Content-Type", CONTENT_TYPE)
        .body(json!({ "schema": schema, "schemaType": "AVRO" }).to_string())
        .send()
        .await?;
    let status = answer.status();
    if !status.is_success() {
        let body = answer
            .text()
            .await?
            .chars()
            .take(REFUSAL_MAX_CHARS)
            .collect();
        let subject = subject.to_owned();
        return Err(RelayError::Refused {
            subject,
            status: status.as_u16(),
            body,
        });
    }
    Ok(answer.json::<Registered>().await?.id)
}
