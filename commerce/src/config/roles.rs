//! What `commerce serve` reads: all of it, whichever roles run, so that one environment fits every process
//! of an installation.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use auditor::AuditorConfig;
use command_api::{CommandApiConfig, CouponGateConfig};
use payment_vault::VaultKeys;
use platform::auth::AuthConfig;
use platform::config::{Env, describe, help_text};
use platform::http::HttpConfig;
use platform::telemetry::TelemetryConfig;
use processes::{CONCURRENCY, DEPOSIT_WINDOW_HOURS, ProcessesConfig};
use projections::ProjectionsConfig;
use projections::relay::RelayConfig;
use read_api::ReadApiConfig;
use uuid::Uuid;

use super::database::DatabaseConfig;
use super::gateways::GatewaysConfig;
use super::ops::OpsConfig;
use super::vault::read_keys;

/// The command API's port.
const COMMAND_API_PORT: u16 = 8080;
/// The read API's port.
const READ_API_PORT: u16 = 8081;
const HOUR_S: u64 = 3_600;

/// The configuration of every role.
#[derive(Clone, Debug)]
pub(crate) struct ServeConfig {
    pub(crate) telemetry: TelemetryConfig,
    pub(crate) database: DatabaseConfig,
    pub(crate) auth: AuthConfig,
    pub(crate) command_http: HttpConfig,
    pub(crate) read_http: HttpConfig,
    pub(crate) ops: OpsConfig,
    pub(crate) commands: CommandApiConfig,
    pub(crate) gate: CouponGateConfig,
    pub(crate) queries: ReadApiConfig,
    pub(crate) gateways: GatewaysConfig,
    /// `None`: no payment method is saved.
    pub(crate) vault_keys: Option<VaultKeys>,
    pub(crate) processes: ProcessesConfig,
    pub(crate) projections: ProjectionsConfig,
    pub(crate) auditor: AuditorConfig,
    /// `None`: no broker is configured, and events wait as `PENDING`.
    pub(crate) relay: Option<RelayConfig>,
}

impl ServeConfig {
    /// Reads it.
    pub(crate) fn read(env: &Env) -> Self {
        let local = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let commands = CommandApiConfig::read(env);
        let telemetry = TelemetryConfig::read(env);
        let database = DatabaseConfig::read(env);
        Self {
            telemetry,
            auth: AuthConfig::read(env),
            command_http: HttpConfig::read(env, "COMMAND_API", local(COMMAND_API_PORT)),
            read_http: HttpConfig::read(env, "READ_API", local(READ_API_PORT)),
            ops: OpsConfig::read(env),
            gate: CouponGateConfig::read(env),
            queries: ReadApiConfig::read(env),
            gateways: GatewaysConfig::read(env),
            vault_keys: read_keys(env, database.payment_url.as_ref()),
            processes: ProcessesConfig {
                confirmation_delay: commands.confirmation_delay,
                earning: commands.earning,
                ..read_processes(env)
            },
            projections: ProjectionsConfig::default(),
            auditor: AuditorConfig::new(holder()),
            relay: read_relay(env),
            commands,
            database,
        }
    }
}

/// But for what the commands read too.
fn read_processes(env: &Env) -> ProcessesConfig {
    let defaults = ProcessesConfig::default();
    let lease_ttl = env.duration_s(
        "PROCESSES_LEASE_TTL_S",
        defaults.lease_ttl.as_secs(),
        "After how long a runner of the sagas that died is replaced.",
    );
    ProcessesConfig {
        inquiry_schedule: env.parsed(
            "PAYMENT_INQUIRY_SCHEDULE",
            defaults.inquiry_schedule.clone(),
            "When an unknown outcome of a payment is asked for again: waits, separated by commas.",
        ),
        refund_schedule: env.parsed(
            "PAYMENT_REFUND_SCHEDULE",
            defaults.refund_schedule.clone(),
            "When a refund that was not done is tried again: waits, separated by commas.",
        ),
        deposit_window: Duration::from_secs(HOUR_S.saturating_mul(env.within(
            "DEPOSIT_WINDOW_MAX_H",
            defaults.deposit_window.as_secs() / HOUR_S,
            DEPOSIT_WINDOW_HOURS,
            "How long an order waits for a deposit at most, whatever the gateway allows, in hours: its stock is held as long.",
        ))),
        registration_schedule: env.parsed(
            "PAYMENT_METHOD_SCHEDULE",
            defaults.registration_schedule.clone(),
            "When a company that did not issue a key is asked again: waits, separated by commas.",
        ),
        gateway_concurrency: env.within(
            "GATEWAY_CONCURRENCY",
            defaults.gateway_concurrency,
            CONCURRENCY,
            "Calls that may be under way at one gateway.",
        ),
        command_concurrency: env.within(
            "PROCESSES_COMMAND_CONCURRENCY",
            defaults.command_concurrency,
            CONCURRENCY,
            "Commands of the sagas that may be under way.",
        ),
        ..defaults.with_lease_ttl(lease_ttl)
    }
}

/// Where the stream is, if there is one.
pub(crate) fn read_relay(env: &Env) -> Option<RelayConfig> {
    let brokers = env.optional(
        "KAFKA_BROKERS",
        "localhost:9092",
        "Kafka's bootstrap servers; without them events wait as PENDING.",
    );
    let schema_registry_url = env.optional(
        "SCHEMA_REGISTRY_URL",
        "http://schema-registry:8081",
        "A Confluent schema registry to register the schemas with; the embedded one when not set.",
    );
    let topic_prefix = env.text(
        "KAFKA_TOPIC_PREFIX",
        "",
        "What the topics' names begin with.",
    );
    brokers.map(|brokers| RelayConfig {
        schema_registry_url,
        topic_prefix,
        ..RelayConfig::new(brokers, holder())
    })
}

/// This process's name in a lease.
fn holder() -> String {
    format!("{}-{}", std::process::id(), Uuid::now_v7().simple())
}

/// The variables that `commerce serve` reads, for its `--help`.
pub(crate) fn serve_help() -> String {
    format!(
        "Environment:\n{}\nA secret may also be given as the file that NAME_FILE names.",
        help_text(&describe(ServeConfig::read))
    )
}

#[cfg(test)]
mod tests {
    use platform::config::markdown_table;

    use super::*;

    #[test]
    fn the_readme_lists_every_variable() {
        let readme = include_str!("../../../README.md");
        let table = markdown_table(&describe(ServeConfig::read));
        assert!(
            readme.contains(&table),
            "README.md, Configuration, should read:\n\n{table}"
        );
    }
}
