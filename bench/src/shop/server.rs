//! A server process of the shop, started for one turn and stopped after it.

use std::net::SocketAddr;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

use super::identity::Identity;
use super::serve::DATABASE;
use super::wire::{Answer, Client, Request};
use crate::error::BenchError;
use crate::server::Database;

/// A process may take so long to begin, and to end once it was asked to.
const PATIENCE: Duration = Duration::from_secs(60);

/// The command API, and the echo beside it.
pub(super) struct CommandServer {
    child: Child,
    pub(super) client: Client,
    pub(super) identity: Identity,
    pub(super) operator: String,
    pub(super) database: Database,
}

impl CommandServer {
    pub(super) async fn start(database: Database) -> Result<Self, BenchError> {
        let identity = Identity::new()?;
        let mut command = Command::new(std::env::current_exe()?);
        command
            .arg("serve")
            .envs(identity.environment())
            .env(DATABASE, database.url())
            .env("RUST_LOG", "warn")
            .stdout(Stdio::piped())
            .kill_on_drop(true);
        if let Some(redis) = std::env::var_os("TEST_REDIS_URL") {
            command.env("REDIS_URL", redis);
        }
        let mut child = command.spawn()?;
        let addr = first_line(&mut child).await?;
        let addr: SocketAddr = addr.trim().parse().map_err(|_| {
            BenchError::Environment(format!("the server did not say where it listens: {addr:?}"))
        })?;
        Ok(Self {
            child,
            client: Client::new(addr),
            operator: identity.operator()?,
            identity,
            database,
        })
    }

    pub(super) fn pid(&self) -> u32 {
        self.child.id().unwrap_or_default()
    }

    pub(super) async fn call(&self, request: &Request) -> Result<Answer, BenchError> {
        self.client.call(request).await
    }

    /// Stops it and gives its database back.
    pub(super) async fn stop(mut self) -> Result<Database, BenchError> {
        stop(&mut self.child).await?;
        Ok(self.database)
    }
}

async fn first_line(child: &mut Child) -> Result<String, BenchError> {
    let mut line = String::new();
    if let Some(out) = child.stdout.take() {
        let mut out = BufReader::new(out);
        let reading = tokio::time::timeout(PATIENCE, out.read_line(&mut line));
        reading
            .await
            .map_err(|_| BenchError::Environment("the server did not begin".to_owned()))??;
    }
    Ok(line)
}

/// Asks a process to end, and waits until it has.
pub(super) async fn stop(child: &mut Child) -> Result<(), BenchError> {
    let Some(pid) = child.id() else { return Ok(()) };
    // By its own id: the signal that an operator sends.
    let asked = Command::new("kill").arg(pid.to_string()).status().await?;
    if asked.success() && tokio::time::timeout(PATIENCE, child.wait()).await.is_ok() {
        return Ok(());
    }
    child.kill().await?;
    Err(BenchError::Environment(
        "a server did not end by itself".to_owned(),
    ))
}
