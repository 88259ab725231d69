//! Checks that belong to no single role: the database, for processes without an API of their own, and the
//! broker.

use std::sync::Arc;
use std::time::Duration;

use auditor::AuditorStatus;
use payment_gateways::{CircuitState, Gateways};
use platform::health::{CheckFailed, Health, Need};
use projections::relay::RelayConfig;
use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use sqlx::PgPool;

use crate::error::CommerceError;

/// How long the database may take to answer.
const POSTGRES_DEADLINE: Duration = Duration::from_secs(2);
/// How long the broker may take to answer.
const KAFKA_TIMEOUT: Duration = Duration::from_secs(1);
/// A little longer, so that the answer is the broker's and not the clock's.
const KAFKA_DEADLINE: Duration = Duration::from_secs(2);

/// Adds a check of the database.
pub(super) fn with_postgres(health: Health, pool: PgPool) -> Health {
    health.check("postgres", Need::Required, POSTGRES_DEADLINE, move || {
        let pool = pool.clone();
        async move {
            let asked = sqlx::query("SELECT 1").execute(&pool).await;
            asked
                .map(drop)
                .map_err(|error| CheckFailed(error.to_string()))
        }
    })
}

/// How long the auditor may take to say what it found: it only remembers.
const AUDITOR_DEADLINE: Duration = Duration::from_secs(1);

/// Adds what the auditor of this process found, where it runs: the shop goes on, and somebody must look.
pub(super) fn with_auditor(health: Health, auditor: Option<&AuditorStatus>) -> Health {
    let Some(status) = auditor.cloned() else {
        return health;
    };
    health.check("auditor", Need::Degradable, AUDITOR_DEADLINE, move || {
        let broken = status.broken();
        async move {
            if broken.is_empty() {
                return Ok(());
            }
            let names: Vec<&str> = broken.iter().map(|invariant| invariant.name()).collect();
            Err(CheckFailed(format!("broken: {}", names.join(", "))))
        }
    })
}

/// How long the circuits may take to say how they are: they only remember.
const GATEWAYS_DEADLINE: Duration = Duration::from_secs(1);

/// Adds the circuits of the gateways, where this process calls them: payments wait while one is open, and the
/// shop goes on.
pub(super) fn with_gateways(health: Health, gateways: Option<&Gateways>) -> Health {
    let Some(gateways) = gateways.cloned() else {
        return health;
    };
    health.check("gateways", Need::Degradable, GATEWAYS_DEADLINE, move || {
        let troubled: Vec<String> = gateways
            .circuits()
            .filter(|(_, state)| *state != CircuitState::Closed)
            .map(|(name, state)| format!("{name} is {}", state.as_str()))
            .collect();
        async move {
            if troubled.is_empty() {
                return Ok(());
            }
            Err(CheckFailed(troubled.join(", ")))
        }
    })
}

/// Adds a check of the broker, where there is one: without it events wait.
pub(super) fn with_kafka(
    health: Health,
    relay: Option<&RelayConfig>,
) -> Result<Health, CommerceError> {
    let Some(relay) = relay else {
        return Ok(health);
    };
    let mut client = ClientConfig::new();
    client.set("bootstrap.servers", &relay.brokers);
    for (name, value) in &relay.client_settings {
        client.set(name, value);
    }
    let client: Arc<BaseConsumer> = Arc::new(client.create()?);
    Ok(
        health.check("kafka", Need::Degradable, KAFKA_DEADLINE, move || {
            let client = Arc::clone(&client);
            async move {
                // The library blocks.
                let asked =
                    tokio::task::spawn_blocking(move || client.fetch_metadata(None, KAFKA_TIMEOUT));
                match asked.await {
                    Ok(Ok(_)) => Ok(()),
                    Ok(Err(error)) => Err(CheckFailed(error.to_string())),
                    Err(error) => Err(CheckFailed(error.to_string())),
                }
            }
        }),
    )
}
