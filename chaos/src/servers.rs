//! PostgreSQL, Redis and Kafka of the run: stopped, crashed and started by the scripts of `./dev`.

use std::path::PathBuf;
use std::process::Stdio;
use std::str::FromStr as _;

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{ConnectOptions as _, Connection as _, PgPool};
use tokio::process::Command;

use crate::args::Args;
use crate::error::ChaosError;

/// The database of the shop.
const DATABASE: &str = "commerce";
/// The set of servers that the scripts know.
const SET: &str = "chaos";
/// How often a server is started before the run gives up.
const START_TRIES: usize = 3;

/// The servers.
#[derive(Clone)]
pub(crate) struct Servers {
    script: PathBuf,
    postgres: PgConnectOptions,
    pub(crate) redis_url: String,
    pub(crate) kafka_brokers: String,
}

impl Servers {
    pub(crate) fn new(args: &Args) -> Result<Self, ChaosError> {
        Ok(Self {
            script: args.servers.clone(),
            postgres: PgConnectOptions::from_str(&args.postgres_url)?,
            redis_url: args.redis_url.clone(),
            kafka_brokers: args.kafka_brokers.clone(),
        })
    }

    /// `start`, `stop`, `stop-immediate`, `pid` for `postgres`, `redis`, `kafka`; `fill`, `free` for `disk`. A
    /// server that does not come up on a busy machine is tried again.
    pub(crate) async fn control(&self, part: &str, verb: &str) -> Result<(), ChaosError> {
        let tries = if verb == "start" { START_TRIES } else { 1 };
        let mut done = self.try_control(part, verb).await;
        for _ in 1..tries {
            if done.is_ok() {
                break;
            }
            done = self.try_control(part, verb).await;
        }
        done
    }

    async fn try_control(&self, part: &str, verb: &str) -> Result<(), ChaosError> {
        let what = format!("{verb} {part}");
        let output = Command::new(&self.script)
            .args(["control-part", part, verb, SET])
            .stdin(Stdio::null())
            .output()
            .await
            .map_err(ChaosError::io(what.clone()))?;
        if output.status.success() {
            return Ok(());
        }
        let said = String::from_utf8_lossy(&output.stderr);
        Err(ChaosError::said(format!("{what}: {}", said.trim())))
    }

    /// An empty database for the shop.
    pub(crate) async fn make_database(&self) -> Result<(), ChaosError> {
        let mut connection = self.postgres.connect().await?;
        let drop = format!("DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)");
        sqlx::raw_sql(&drop).execute(&mut connection).await?;
        let create = format!("CREATE DATABASE {DATABASE}");
        sqlx::raw_sql(&create).execute(&mut connection).await?;
        Ok(connection.close().await?)
    }

    /// Where PostgreSQL really is: what the proxy stands in front of.
    pub(crate) fn postgres_address(&self) -> (String, u16) {
        (
            self.postgres.get_host().to_owned(),
            self.postgres.get_port(),
        )
    }

    /// The shop's database for a role, at a port: PostgreSQL's own, or the proxy's.
    pub(crate) fn url(&self, role: &str, port: u16) -> String {
        format!("postgres://{role}:chaos@127.0.0.1:{port}/{DATABASE}")
    }

    /// As its owner, past the proxy.
    pub(crate) fn owner_url(&self) -> String {
        let (user, port) = (self.postgres.get_username(), self.postgres.get_port());
        format!("postgres://{user}@127.0.0.1:{port}/{DATABASE}")
    }

    /// Connections as the owner, past the proxy.
    pub(crate) fn owner_pool(&self) -> PgPool {
        let options = self.postgres.clone().database(DATABASE);
        PgPoolOptions::new()
            .max_connections(4)
            .connect_lazy_with(options)
    }
}
