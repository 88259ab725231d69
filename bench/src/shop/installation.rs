//! The program itself, as an operator runs it: migrated, a mock gateway, and `commerce serve` with the
//! roles that a scenario needs, each a process.

use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, Instant};

use tokio::process::{Child, Command};
use uuid::Uuid;

use super::identity::Identity;
use super::server::stop;
use super::wire::{Client, Request};
use crate::error::BenchError;
use crate::server::Database;

/// The program.
const PROGRAM: &str = "COMMERCE_BIN";
/// A debug build on a busy machine starts within this.
const START_PATIENCE: Duration = Duration::from_secs(90);
const LOOK_INTERVAL: Duration = Duration::from_millis(50);

/// An installation on a database of its own.
pub(super) struct Installation {
    pub(super) database: Database,
    pub(super) identity: Identity,
    pub(super) operator: String,
    pub(super) commands: Client,
    pub(super) queries: Client,
    pub(super) topic_prefix: String,
    pub(super) gateway: SocketAddr,
    program: PathBuf,
    environment: Vec<(&'static str, String)>,
    ready_at: [SocketAddr; 3],
    children: Vec<Child>,
}

/// Whether the program is there.
pub(crate) fn program() -> Option<PathBuf> {
    let program = std::env::var_os(PROGRAM).map(PathBuf::from)?;
    program.exists().then_some(program)
}

impl Installation {
    /// A migrated database and a mock gateway; no `serve` yet.
    pub(super) async fn new(database: Database) -> Result<Self, BenchError> {
        let program = program().ok_or_else(|| {
            BenchError::Environment(format!("{PROGRAM} names no program: run `./dev bench`"))
        })?;
        let identity = Identity::new()?;
        let [commands, queries, ops, gateway] = free_addrs()?;
        let topic_prefix = format!("bench_{}.", Uuid::now_v7().simple());
        let mut environment: Vec<(&'static str, String)> = identity.environment().into();
        environment.extend([
            ("OWNER_DATABASE_URL", database.url()),
            ("DATABASE_URL", database.url_as("commerce_app")),
            ("READ_DATABASE_URL", database.url_as("commerce_read")),
            ("COMMAND_API_ADDR", commands.to_string()),
            ("READ_API_ADDR", queries.to_string()),
            ("OPS_ADDR", ops.to_string()),
            ("MOCK_GATEWAY_ADDR", gateway.to_string()),
            ("MOCK_GATEWAY_URL", format!("http://{gateway}")),
            ("KAFKA_TOPIC_PREFIX", topic_prefix.clone()),
            ("RUST_LOG", "warn".to_owned()),
        ]);
        for (ours, theirs) in [
            ("REDIS_URL", "TEST_REDIS_URL"),
            ("KAFKA_BROKERS", "TEST_KAFKA_BROKERS"),
        ] {
            if let Ok(value) = std::env::var(theirs) {
                environment.push((ours, value));
            }
        }
        let mut installation = Self {
            database,
            operator: identity.operator()?,
            identity,
            commands: Client::new(commands),
            queries: Client::new(queries),
            topic_prefix,
            gateway,
            program,
            environment,
            ready_at: [commands, queries, ops],
            children: Vec::new(),
        };
        installation.verb(&["migrate"]).await?;
        installation.spawn(&["mock-gateway"])?;
        Ok(installation)
    }

    /// Starts `serve` with these roles, waits until it is ready, and says its process id.
    pub(super) async fn serve(&mut self, roles: &str) -> Result<u32, BenchError> {
        let pid = self.spawn(&["serve", "--roles", roles])?;
        let [commands, queries, ops] = self.ready_at;
        let mut addrs = Vec::new();
        if roles.contains("command-api") {
            addrs.push(commands);
        }
        if roles.contains("read-api") {
            addrs.push(queries);
        }
        if addrs.is_empty() {
            addrs.push(ops);
        }
        let began = Instant::now();
        for addr in addrs {
            let probe = Request::new("GET", "/health/ready", "", "");
            while !matches!(Client::new(addr).call(&probe).await, Ok(answer) if answer.status == 200)
            {
                if began.elapsed() > START_PATIENCE {
                    let message = format!("`commerce serve --roles {roles}` is not ready");
                    return Err(BenchError::Environment(message));
                }
                tokio::time::sleep(LOOK_INTERVAL).await;
            }
        }
        Ok(pid)
    }

    /// Runs a verb to its end, and gives what it said.
    pub(super) async fn verb(&self, arguments: &[&str]) -> Result<String, BenchError> {
        let output = self.command(arguments).output().await?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
        }
        Err(BenchError::Peer {
            who: format!("commerce {}", arguments.join(" ")),
            said: String::from_utf8_lossy(&output.stderr).into_owned(),
        })
    }

    fn spawn(&mut self, arguments: &[&str]) -> Result<u32, BenchError> {
        let child = self.command(arguments).stdout(Stdio::null()).spawn()?;
        let pid = child.id().unwrap_or_default();
        self.children.push(child);
        Ok(pid)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command
            .args(arguments)
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .kill_on_drop(true);
        command
    }

    /// Ends the process that was started last.
    pub(super) async fn stop_last(&mut self) -> Result<(), BenchError> {
        match self.children.pop() {
            Some(mut child) => stop(&mut child).await,
            None => Ok(()),
        }
    }

    /// Ends everything, and gives the database back.
    pub(super) async fn stop(mut self) -> Result<Database, BenchError> {
        while !self.children.is_empty() {
            self.stop_last().await?;
        }
        Ok(self.database)
    }
}

/// The most memory that a process has had resident, in megabytes, as the kernel kept it.
pub(super) fn highest_memory_mb(pid: u32) -> Result<f64, BenchError> {
    const KB_PER_MB: f64 = 1_024.0;
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let kb: f64 = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .and_then(|rest| rest.trim().strip_suffix("kB")?.trim().parse().ok())
        .ok_or_else(|| BenchError::Value("the process's status has no VmHWM".to_owned()))?;
    Ok(kb / KB_PER_MB)
}

fn free_addrs() -> Result<[SocketAddr; 4], BenchError> {
    // All held at once, so that no two are the same.
    let listen = || TcpListener::bind("127.0.0.1:0");
    let listeners = [listen()?, listen()?, listen()?, listen()?];
    let [a, b, c, d] = listeners;
    Ok([
        a.local_addr()?,
        b.local_addr()?,
        c.local_addr()?,
        d.local_addr()?,
    ])
}
