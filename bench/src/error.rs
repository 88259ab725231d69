//! What can go wrong. A missed goal is not among it; a lost or doubled command is.

use std::path::PathBuf;

use event_store::{ExecuteError, StoreError};

/// Why there are no figures.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BenchError {
    #[error("{0}")]
    Environment(String),
    #[error("{setting} is {value}: figures without durability prove nothing")]
    NotDurable { setting: String, value: String },
    #[error("another bench is running on this server")]
    Occupied,
    #[error("the database")]
    Database(#[from] sqlx::Error),
    #[error("the migrations")]
    Migrations(#[from] migrations::MigrationError),
    #[error("the event store")]
    Store(#[from] StoreError),
    #[error("a command to the event store")]
    Command(#[from] ExecuteError),
    #[error("a command was answered {status}: {body}")]
    Refused { status: u16, body: String },
    #[error("the stock framework: {0}")]
    StockFramework(String),
    #[error("{who}: {acknowledged} commands were acknowledged, {rows} rows are there")]
    LostOrDoubled {
        who: String,
        acknowledged: u64,
        rows: u64,
    },
    #[error("the log is not what it promises to be: {0}")]
    BrokenLog(String),
    #[error("pgbench: {0}")]
    Pgbench(String),
    #[error("nothing was measured: {0}")]
    NothingMeasured(String),
    #[error("a task of the load ended early")]
    Task(#[from] tokio::task::JoinError),
    #[error("{}", path.display())]
    File {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("the terminal")]
    Terminal(#[from] std::io::Error),
    #[error("Kafka")]
    Kafka(#[from] rdkafka::error::KafkaError),
    #[error("a peer, {who}: {said}")]
    Peer { who: String, said: String },
    #[error("a text")]
    Format(#[from] std::fmt::Error),
    #[error("JSON")]
    Json(#[from] serde_json::Error),
    #[error("a value of the load's own: {0}")]
    Value(String),
}
