//! The shop under test: its database, its keys, and its processes, split by role.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use platform::Role;
use platform::auth::{DevKeys, Minter};
use tokio::process::Command;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::args::Args;
use crate::arming::Arming;
use crate::chance;
use crate::chronicle::Chronicle;
use crate::error::ChaosError;
use crate::process::{Kind, Recipe, Supervised};
use crate::servers::Servers;

const ISSUER: &str = "chaos";
const AUDIENCE: &str = "commerce";
/// How long tokens live: longer than any run.
const TOKEN_TTL: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// How long the shop may take until all of it is ready.
const READY_PATIENCE: Duration = Duration::from_secs(60);
const LOOK_INTERVAL: Duration = Duration::from_millis(100);
/// How many processes there are of each kind.
const PROCESSES: [(Kind, usize); 6] = [
    (Kind::Gateway, 1),
    (Kind::CommandApi, 2),
    (Kind::Processes, 2),
    (Kind::Followers, 2),
    (Kind::ReadApi, 1),
    (Kind::Ledgers, 2),
];
/// What billing keys are sealed with: nothing but the processes' environment may have it.
pub(crate) const SEALING_KEY: &str = "Y2hhb3MtY2hhb3MtY2hhb3MtY2hhb3MtY2hhb3MtMzI=";
/// Times that a run has patience for: sagas must end within a minute of quiet.
const SETTINGS: [(&str, &str); 13] = [
    (
        "PAYMENT_INQUIRY_SCHEDULE",
        "1s,1s,2s,3s,5s,5s,10s,10s,10s,10s",
    ),
    (
        "PAYMENT_REFUND_SCHEDULE",
        "1s,1s,2s,3s,5s,5s,10s,10s,10s,10s",
    ),
    (
        "PAYMENT_METHOD_SCHEDULE",
        "1s,1s,2s,3s,5s,5s,10s,10s,10s,10s",
    ),
    ("TOSS_SECRET_KEY", "test_sk_chaos"),
    ("NICE_CLIENT_ID", "chaos"),
    ("NICE_SECRET_KEY", "test_nice_secret_key"),
    ("GATEWAY_TIMEOUT_MS", "1000"),
    ("PAYMENT_WAIT_MS", "2000"),
    ("PAYMENT_TIME_LIMIT_S", "15"),
    ("CONFIRMATION_DELAY_S", "3"),
    ("PROCESSES_LEASE_TTL_S", "2"),
    ("DATABASE_POOL_SIZE", "8"),
    ("RUST_LOG", "info"),
];

/// The gateway's own books, among what is kept of a run.
pub(crate) const GATEWAY_BOOKS: &str = "ledger.jsonl";

/// The shop.
pub(crate) struct Shop {
    /// Where everything of the run is kept.
    pub(crate) folder: PathBuf,
    pub(crate) supervised: Vec<Supervised>,
    pub(crate) command_urls: Vec<String>,
    pub(crate) gateway_url: String,
    pub(crate) read_url: String,
    /// Where the processes with an auditor say how they are.
    pub(crate) auditor_urls: Vec<String>,
    probes: Vec<String>,
    program: PathBuf,
    environment: Vec<(String, String)>,
    minter: Minter,
    end: CancellationToken,
    supervisors: Vec<JoinHandle<()>>,
}

impl Shop {
    /// How many processes there are.
    pub(crate) fn process_count() -> u64 {
        PROCESSES.iter().map(|(_, count)| *count as u64).sum()
    }

    /// Makes the database, starts everything and waits until it is ready. `postgres_port` is where the
    /// processes find PostgreSQL.
    pub(crate) async fn open(
        args: &Args,
        seed: u64,
        servers: &Servers,
        postgres_port: u16,
        folder: &Path,
        watchers: (&Arc<Chronicle>, &Arc<Arming>),
        calm: &CancellationToken,
    ) -> Result<Self, ChaosError> {
        servers.make_database().await?;
        let keys = DevKeys::generate()?;
        let (public, private) = (folder.join("public.pem"), folder.join("private.pem"));
        std::fs::write(&public, &keys.public_pem).map_err(ChaosError::file(&public))?;
        std::fs::write(&private, keys.private_pem.reveal()).map_err(ChaosError::file(&private))?;
        let (_, mint) = keys.configs(ISSUER, AUDIENCE);
        let mut ports = Ports(Ports::RANGE);
        let gateway_port = ports.free()?;
        let path = |path: &Path| path.display().to_string();
        let environment = [
            ("OWNER_DATABASE_URL", servers.owner_url()),
            ("DATABASE_URL", servers.url("commerce_app", postgres_port)),
            (
                "READ_DATABASE_URL",
                servers.url("commerce_read", postgres_port),
            ),
            (
                "PAYMENT_DATABASE_URL",
                servers.url("payment_service", postgres_port),
            ),
            (
                "MAIN_SERVICE_DATABASE_URL",
                servers.url("main_service", postgres_port),
            ),
            ("PAYMENT_METHOD_KEYS", format!("chaos:{SEALING_KEY}")),
            ("REDIS_URL", servers.redis_url.clone()),
            ("KAFKA_BROKERS", servers.kafka_brokers.clone()),
            ("JWT_PUBLIC_KEY_FILE", path(&public)),
            ("JWT_PRIVATE_KEY_FILE", path(&private)),
            ("JWT_ISSUER", ISSUER.to_owned()),
            ("JWT_AUDIENCE", AUDIENCE.to_owned()),
            ("MOCK_GATEWAY_ADDR", format!("127.0.0.1:{gateway_port}")),
            (
                "MOCK_GATEWAY_URL",
                format!("http://127.0.0.1:{gateway_port}"),
            ),
            ("TOSS_URL", format!("http://127.0.0.1:{gateway_port}/toss")),
            ("NICE_URL", format!("http://127.0.0.1:{gateway_port}/nice")),
            (
                "MOCK_GATEWAY_LEDGER_FILE",
                path(&folder.join(GATEWAY_BOOKS)),
            ),
        ];
        let settings = SETTINGS.map(|(name, value)| (name, value.to_owned()));
        let environment = environment.into_iter().chain(settings);
        let mut shop = Self {
            folder: folder.to_owned(),
            supervised: Vec::new(),
            command_urls: Vec::new(),
            gateway_url: format!("http://127.0.0.1:{gateway_port}"),
            read_url: String::new(),
            auditor_urls: Vec::new(),
            probes: Vec::new(),
            program: args.program.clone(),
            environment: environment
                .map(|(name, value)| (name.to_owned(), value))
                .collect(),
            minter: Minter::new(&mint)?,
            end: CancellationToken::new(),
            supervisors: Vec::new(),
        };
        shop.run_verb("migrate", &[]).await?;
        shop.start_processes(seed, folder, ports, watchers, calm)?;
        shop.wait_until_ready(READY_PATIENCE).await?;
        Ok(shop)
    }

    fn start_processes(
        &mut self,
        seed: u64,
        folder: &Path,
        mut ports: Ports,
        (chronicle, arming): (&Arc<Chronicle>, &Arc<Arming>),
        calm: &CancellationToken,
    ) -> Result<(), ChaosError> {
        for (kind, count) in PROCESSES {
            for number in 1..=count {
                let port = ports.free()?;
                let address = format!("127.0.0.1:{port}");
                let variable = match kind {
                    Kind::CommandApi => "COMMAND_API_ADDR",
                    Kind::ReadApi => "READ_API_ADDR",
                    Kind::Processes | Kind::Followers | Kind::Ledgers | Kind::Gateway => "OPS_ADDR",
                };
                match kind {
                    Kind::CommandApi => self.command_urls.push(format!("http://{address}/api/v1")),
                    Kind::ReadApi => self.read_url = format!("http://{address}/api/v1"),
                    Kind::Followers => self.auditor_urls.push(format!("http://{address}")),
                    Kind::Processes | Kind::Ledgers | Kind::Gateway => {}
                }
                let probed = if kind == Kind::Gateway {
                    self.gateway_url.clone()
                } else {
                    format!("http://{address}")
                };
                self.probes.push(format!("{probed}/health/ready"));
                let mut environment = self.environment.clone();
                environment.push((variable.to_owned(), address));
                let recipe = Recipe {
                    kind,
                    number,
                    program: self.program.clone(),
                    environment,
                    log: folder.join(format!("{}-{number}.log", kind.name())),
                    fired: folder.join(format!("{}-{number}.fired", kind.name())),
                };
                let name = format!("{} {number}", kind.name());
                let (supervised, supervisor) = Supervised::start(
                    recipe,
                    chance::stream(seed, &name),
                    (Arc::clone(chronicle), Arc::clone(arming)),
                    calm.clone(),
                    self.end.clone(),
                );
                self.supervised.push(supervised);
                self.supervisors.push(supervisor);
            }
        }
        Ok(())
    }

    /// Waits until every process says that it is ready.
    pub(crate) async fn wait_until_ready(&self, patience: Duration) -> Result<(), ChaosError> {
        let started = Instant::now();
        for probe in &self.probes {
            while !is_ready(probe).await {
                if started.elapsed() > patience {
                    return Err(ChaosError::said(format!(
                        "{probe} is not ready after {patience:?}"
                    )));
                }
                tokio::time::sleep(LOOK_INTERVAL).await;
            }
        }
        Ok(())
    }

    /// Runs a verb of the program to its end; what it printed.
    pub(crate) async fn run_verb(
        &self,
        verb: &str,
        more: &[(&str, &str)],
    ) -> Result<String, ChaosError> {
        let output = Command::new(&self.program)
            .arg(verb)
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .envs(more.iter().copied())
            .output()
            .await
            .map_err(ChaosError::file(&self.program))?;
        let out = String::from_utf8_lossy(&output.stdout).into_owned();
        if output.status.success() {
            return Ok(out);
        }
        let err = String::from_utf8_lossy(&output.stderr);
        Err(ChaosError::said(format!("commerce {verb}: {out}{err}")))
    }

    /// A token for this subject.
    pub(crate) fn token(&self, subject: &str, role: Role) -> Result<String, ChaosError> {
        Ok(self.minter.mint(subject, &[role], TOKEN_TTL)?)
    }

    /// Those of a kind.
    pub(crate) fn of_kind(&self, kind: Kind) -> impl Iterator<Item = &Supervised> {
        self.supervised.iter().filter(move |one| one.kind == kind)
    }

    /// Ends every process in order.
    pub(crate) async fn close(self) {
        self.end.cancel();
        for supervisor in self.supervisors {
            // A supervisor that panicked has said so; its process dies with it.
            let _ = supervisor.await;
        }
    }
}

async fn is_ready(probe: &str) -> bool {
    let request = reqwest::Client::new()
        .get(probe)
        .timeout(Duration::from_secs(3));
    request
        .send()
        .await
        .is_ok_and(|response| response.status().is_success())
}

/// The ports of the processes. Below those that the system gives to outgoing connections: while a process is
/// away, nobody else may get its port by chance.
struct Ports(std::ops::Range<u16>);

impl Ports {
    const RANGE: std::ops::Range<u16> = 24_100..24_400;

    /// One that is free.
    fn free(&mut self) -> Result<u16, ChaosError> {
        let free = self
            .0
            .find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok());
        free.ok_or_else(|| ChaosError::said("no port is free for the shop's processes"))
    }
}
