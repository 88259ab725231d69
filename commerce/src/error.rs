//! Why a verb failed, with what to do about it where that is known.

use std::net::SocketAddr;

/// Why a verb failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CommerceError {
    #[error(transparent)]
    Config(#[from] platform::config::ConfigError),
    #[error(transparent)]
    Telemetry(#[from] platform::telemetry::TelemetryError),
    #[error("{variable} is not a postgres:// URL")]
    DatabaseUrl {
        variable: &'static str,
        source: sqlx::Error,
    },
    #[error("the database of {variable} cannot be reached; is it running, and is the URL right?")]
    DatabaseAway {
        variable: &'static str,
        source: sqlx::Error,
    },
    #[error(
        "the database of {variable} refuses a question: is it migrated? run `commerce migrate`"
    )]
    DatabaseRefused {
        variable: &'static str,
        source: sqlx::Error,
    },
    #[error("the database is not migrated; run `commerce migrate` first")]
    NotMigrated { source: event_store::StoreError },
    #[error("the migration failed")]
    Migration(#[from] migrations::MigrationError),
    #[error("the legacy migration")]
    Legacy(#[from] legacy_migration::LegacyMigrationError),
    #[error("LEGACY_DATABASE_URL is not a mysql:// URL")]
    LegacyUrl { source: sqlx::Error },
    #[error("the projections")]
    Projections(#[from] projections::ProjectionError),
    #[error(
        "{ledger} is a part of the payment ledger, which has no generations and parks nothing: rebuild it without \
         --back and --parked"
    )]
    NoGenerations { ledger: &'static str },
    #[error("the payment ledger")]
    Ledger(#[from] payment_ledger::LedgerError),
    #[error("the processes")]
    Processes(#[from] processes::ProcessesError),
    #[error("the event store")]
    Store(#[from] event_store::StoreError),
    #[error("the command API")]
    CommandApi(#[from] command_api::CommandApiError),
    #[error("the payment gateways")]
    Gateways(#[from] payment_gateways::PaymentGatewaysError),
    #[error(transparent)]
    Http(#[from] platform::http::HttpError),
    #[error("tokens cannot be verified")]
    Verifier(#[from] platform::auth::VerifierError),
    #[error("the token cannot be made")]
    Mint(#[from] platform::auth::MintError),
    #[error("the event schemas are broken: {0}")]
    Schemas(&'static event_schemas::SchemaError),
    #[error("signals cannot be caught")]
    Signals(#[source] std::io::Error),
    #[error("{role} stopped by itself")]
    Stopped { role: &'static str },
    #[error("the mock gateway cannot listen on {addr}")]
    MockGateway {
        addr: SocketAddr,
        source: payment_gateways::PaymentGatewaysError,
    },
    #[error(transparent)]
    Client(#[from] crate::client::ClientError),
    #[error("waited in vain for {what}; `commerce doctor` may say why")]
    TourStuck { what: String },
    #[error("Kafka")]
    Kafka(#[from] rdkafka::error::KafkaError),
    #[error("the record of position {position} in {topic} cannot be decoded")]
    Undecodable { topic: String, position: u64 },
    #[error("Kafka has fewer records than its own offsets say")]
    StreamSilent,
    #[error("line {line} of {file} is not what the exporter writes")]
    Baskets {
        file: String,
        line: usize,
        source: serde_json::Error,
    },
    #[error("{file} has no baskets, or its lines are out of order")]
    NoBaskets { file: String },
    #[error("{file} cannot be read")]
    File {
        file: String,
        source: std::io::Error,
    },
}
