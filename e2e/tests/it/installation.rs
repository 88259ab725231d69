//! An installation of the shop for one test: a database, keys, a gateway and the program's processes,
//! started as an operator starts them.

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use platform::Role;
use platform::auth::{DevKeys, Minter};
use serde_json::{Value, json};
use tempfile::TempDir;
use testkit::{TestDatabase, eventually, kafka_brokers, redis_url, required_env, unique};

use crate::client::Client;

/// The issuer and the audience of the tokens.
const ISSUER: &str = "e2e";
const AUDIENCE: &str = "commerce";
/// What billing keys are sealed with.
pub(crate) const METHOD_KEYS: &str = "e2e:MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTI=";
/// A debug build on a busy machine starts within this.
const START_PATIENCE: Duration = Duration::from_secs(60);
/// How often a starting process is looked at.
const LOOK_INTERVAL: Duration = Duration::from_millis(20);
/// How long tokens live.
const TOKEN_TTL: Duration = Duration::from_secs(3_600);

/// An installation.
pub(crate) struct Installation {
    pub(crate) database: TestDatabase,
    pub(crate) topic_prefix: String,
    folder: TempDir,
    minter: Minter,
    environment: Vec<(String, String)>,
    command_port: u16,
    read_port: u16,
    gateway_port: u16,
    gateway: Option<Process>,
}

/// A process of the program; killed when dropped.
pub(crate) struct Process {
    child: Child,
    what: String,
}

impl Installation {
    /// A migrated database, keys and a running mock gateway; no `serve` yet.
    pub(crate) async fn new() -> Self {
        let database = TestDatabase::create().await;
        let folder = tempfile::tempdir().expect("a temporary folder");
        let keys = DevKeys::generate().expect("keys");
        let public_key = folder.path().join("public.pem");
        std::fs::write(&public_key, &keys.public_pem).expect("the key can be written");
        let private_key = folder.path().join("private.pem");
        std::fs::write(&private_key, keys.private_pem.reveal()).expect("the key can be written");
        let (_, mint) = keys.configs(ISSUER, AUDIENCE);
        let topic_prefix = format!("{}.", unique("e2e"));
        let [command_port, read_port, ops_port, gateway_port] = free_ports();
        let environment = [
            ("OWNER_DATABASE_URL", database.owner_url()),
            ("DATABASE_URL", database.url("commerce_app")),
            ("READ_DATABASE_URL", database.url("commerce_read")),
            ("PAYMENT_DATABASE_URL", database.url("payment_service")),
            ("MAIN_SERVICE_DATABASE_URL", database.url("main_service")),
            ("PAYMENT_METHOD_KEYS", METHOD_KEYS.to_owned()),
            ("REDIS_URL", redis_url()),
            ("KAFKA_BROKERS", kafka_brokers()),
            ("KAFKA_TOPIC_PREFIX", topic_prefix.clone()),
            ("JWT_PUBLIC_KEY_FILE", public_key.display().to_string()),
            ("JWT_PRIVATE_KEY_FILE", private_key.display().to_string()),
            (
                "COMMAND_API_URL",
                format!("http://127.0.0.1:{command_port}"),
            ),
            ("READ_API_URL", format!("http://127.0.0.1:{read_port}")),
            ("JWT_ISSUER", ISSUER.to_owned()),
            ("JWT_AUDIENCE", AUDIENCE.to_owned()),
            ("COMMAND_API_ADDR", format!("127.0.0.1:{command_port}")),
            ("READ_API_ADDR", format!("127.0.0.1:{read_port}")),
            ("OPS_ADDR", format!("127.0.0.1:{ops_port}")),
            ("MOCK_GATEWAY_ADDR", format!("127.0.0.1:{gateway_port}")),
            (
                "MOCK_GATEWAY_URL",
                format!("http://127.0.0.1:{gateway_port}"),
            ),
            (
                "MOCK_GATEWAY_LEDGER_FILE",
                folder.path().join("ledger.jsonl").display().to_string(),
            ),
            ("PAYMENT_INQUIRY_SCHEDULE", "1s,1s,2s,5s,10s".to_owned()),
            ("PAYMENT_REFUND_SCHEDULE", "1s,1s,2s,5s,10s".to_owned()),
            ("GATEWAY_TIMEOUT_MS", "1000".to_owned()),
            ("RUST_LOG", "info".to_owned()),
        ];
        let environment = environment
            .into_iter()
            .map(|(n, v)| (n.to_owned(), v))
            .collect();
        let mut installation = Self {
            database,
            topic_prefix,
            folder,
            minter: Minter::new(&mint).expect("the key signs"),
            environment,
            command_port,
            read_port,
            gateway_port,
            gateway: None,
        };
        let migrated = installation.run(&["migrate"]);
        assert!(
            migrated.status.success(),
            "migrate: {}",
            text(&migrated.stderr)
        );
        installation.gateway = Some(installation.start(&["mock-gateway"], &[]));
        installation
    }

    /// Changes a variable for the processes that are started from now on.
    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.environment.retain(|(known, _)| known != name);
        self.environment.push((name.to_owned(), value.to_owned()));
    }

    /// Offers Toss and NICE, mocked, to the processes that are started from now on.
    pub(crate) fn offer_companies(&mut self) {
        let gateway = self.gateway_url();
        self.set("TOSS_URL", &format!("{gateway}/toss"));
        self.set("TOSS_SECRET_KEY", "test_sk_e2e");
        self.set("NICE_URL", &format!("{gateway}/nice"));
        self.set("NICE_CLIENT_ID", "client");
        self.set("NICE_SECRET_KEY", "test_nice_secret_key");
    }

    /// Starts `serve` with all roles, and waits until it is ready.
    pub(crate) async fn serve(&self) -> Process {
        let mut process = self.start(&["serve"], &[]);
        let started = Instant::now();
        for port in [self.command_port, self.read_port] {
            while !is_ready(port).await {
                let alive = process.is_running() && started.elapsed() < START_PATIENCE;
                assert!(
                    alive,
                    "serve is not ready after {:?}:\n{}",
                    started.elapsed(),
                    self.log("serve")
                );
                tokio::time::sleep(LOOK_INTERVAL).await;
            }
        }
        process
    }

    /// Starts one process with these arguments, and more variables.
    pub(crate) fn start(&self, arguments: &[&str], more: &[(&str, &str)]) -> Process {
        let log = std::fs::File::options()
            .create(true)
            .append(true)
            .open(self.log_file(&arguments.join("-")))
            .expect("a log file");
        let child = self
            .command(arguments)
            .envs(more.iter().copied())
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("the same file"))
            .stderr(log)
            .spawn()
            .expect("the program starts");
        Process {
            child,
            what: arguments.join(" "),
        }
    }

    /// Runs one verb to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> std::process::Output {
        self.command(arguments).output().expect("the program runs")
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(required_env("COMMERCE_BIN"));
        command
            .args(arguments)
            .envs(self.environment.iter().map(|(n, v)| (n, v)));
        command
    }

    /// A client of both APIs, as this subject.
    pub(crate) fn client(&self, subject: &str, role: Role) -> Client {
        let token = self
            .minter
            .mint(subject, &[role], TOKEN_TTL)
            .expect("a token");
        Client::new(self.command_port, self.read_port, token)
    }

    /// Where the embedded schema registry answers.
    pub(crate) fn registry_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.read_port)
    }

    /// Where the mock gateway answers.
    pub(crate) fn gateway_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.gateway_port)
    }

    /// Where a company tells the shop of its payments.
    pub(crate) fn webhook_url(&self, company: &str) -> String {
        let port = self.command_port;
        format!("http://127.0.0.1:{port}/api/v1/webhooks/{company}")
    }

    /// A file of this installation's own.
    pub(crate) fn file(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    /// A port that was free a moment ago.
    pub(crate) fn free_port() -> u16 {
        let [port] = free_ports();
        port
    }

    /// What the mock gateway charged and gave back, all of it.
    pub(crate) async fn ledger(&self) -> Vec<Value> {
        let mut entries = Vec::new();
        let mut after = json!(0);
        while !after.is_null() {
            let url = format!("{}/ledger?after={after}", self.gateway_url());
            let response = reqwest::get(url).await.expect("the gateway answers");
            let bytes = response.bytes().await.expect("a body");
            let mut page: Value = serde_json::from_slice(&bytes).expect("JSON");
            entries.extend(page["entries"].as_array().expect("entries").iter().cloned());
            after = page["next"].take();
        }
        entries
    }

    /// What the processes count.
    pub(crate) async fn metrics(&self) -> String {
        let page = format!("http://127.0.0.1:{}/metrics", self.command_port);
        let page = reqwest::get(page).await.expect("the page is served");
        page.text().await.expect("a page")
    }

    /// The status and the body of a probe.
    pub(crate) async fn ready(&self) -> Option<(u16, String)> {
        probe(self.command_port).await
    }

    /// Waits until both APIs are ready, whichever processes serve them.
    pub(crate) async fn wait_until_ready(&self) {
        let started = Instant::now();
        for port in [self.command_port, self.read_port] {
            while !is_ready(port).await {
                assert!(
                    started.elapsed() < START_PATIENCE,
                    "port {port} is not ready"
                );
                tokio::time::sleep(LOOK_INTERVAL).await;
            }
        }
    }

    /// What processes of these arguments logged so far.
    pub(crate) fn log(&self, arguments: &str) -> String {
        std::fs::read_to_string(self.log_file(arguments)).unwrap_or_default()
    }

    fn log_file(&self, arguments: &str) -> std::path::PathBuf {
        self.folder
            .path()
            .join(format!("{}.log", arguments.replace('/', "_")))
    }

    /// Waits until what happened is in Kafka and in the ledgers.
    pub(crate) async fn wait_until_written(&self) {
        let owner = self.database.owner_pool().await;
        eventually("the relay and the ledgers catch up", async || {
            let behind: i64 = sqlx::query_scalar(
                "SELECT max(e.position) - least((SELECT position FROM relay.cursor),
                                                (SELECT position FROM payment.checkpoints),
                                                (SELECT min(position) FROM main.checkpoints))
                   FROM event_store.events e",
            )
            .fetch_one(&owner)
            .await
            .ok()?;
            (behind == 0).then_some(())
        })
        .await;
        owner.close().await;
    }

    /// Everything must still hold.
    pub(crate) fn verify(&self) {
        self.verify_to(0);
    }

    /// Everything that can be looked at must still hold, and not all of it can.
    pub(crate) fn verify_in_part(&self) {
        self.verify_to(3);
    }

    fn verify_to(&self, code: i32) {
        let verified = self.run(&["verify"]);
        let (out, err) = (text(&verified.stdout), text(&verified.stderr));
        assert_eq!(verified.status.code(), Some(code), "verify: {out}{err}");
    }

    /// Ends everything, and drops the database.
    pub(crate) async fn close(mut self) {
        self.gateway = None;
        self.database.drop_now().await;
    }
}

impl Process {
    /// `kill -9`.
    pub(crate) fn kill(mut self) {
        self.child.kill().expect("the process can be killed");
        self.child.wait().expect("the process ends");
    }

    /// SIGTERM; returns the exit code, or `None` when it did not end in time.
    pub(crate) async fn terminate(mut self, patience: Duration) -> Option<i32> {
        self.signal("TERM");
        self.ended(patience).await
    }

    /// Its exit code once it has ended; `None` when it did not in time.
    pub(crate) async fn ended(&mut self, patience: Duration) -> Option<i32> {
        let started = Instant::now();
        while started.elapsed() < patience {
            if let Some(status) = self.child.try_wait().expect("the process can be asked") {
                return status.code();
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        None
    }

    fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Sends a signal by name.
    pub(crate) fn signal(&self, name: &str) {
        let sent = Command::new("kill")
            .args([&format!("-{name}"), &self.child.id().to_string()])
            .status()
            .expect("kill runs");
        assert!(sent.success(), "{name} to {}", self.what);
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

async fn is_ready(port: u16) -> bool {
    probe(port).await.is_some_and(|(status, _)| status == 200)
}

async fn probe(port: u16) -> Option<(u16, String)> {
    let response = reqwest::get(format!("http://127.0.0.1:{port}/health/ready"))
        .await
        .ok()?;
    let status = response.status().as_u16();
    Some((status, response.text().await.ok()?))
}

/// Ports that were free a moment ago, all different.
fn free_ports<const N: usize>() -> [u16; N] {
    let listeners: [TcpListener; N] =
        std::array::from_fn(|_| TcpListener::bind(("127.0.0.1", 0)).expect("a free port"));
    listeners.map(|listener| listener.local_addr().expect("an address").port())
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
