//! The server under test, and a client for it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use command_api::{
    CommandApi, CommandApiConfig, CouponGate, CouponGateConfig, CustomerKeys, Gateways, Parts,
};
use event_store::{EventStore, StoreConfig};
use futures::StreamExt as _;
use platform::Role;
use platform::auth::{AuthConfig, DevKeys, MintConfig, Minter, Verifier};
use platform::config::{Env, Secret};
use platform::health::Health;
use platform::http::{HttpConfig, RunningServer, Service, serve};
use platform::shutdown::CancellationToken;
use serde_json::Value;
use sqlx::PgPool;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use testkit::TestDatabase;

use crate::contract::Contract;
use crate::refund_accounts::PaperAccounts;
use crate::webhooks::{PaperCompany, PaperKeys};

/// How long any answer may take before it counts as stuck.
const PATIENCE: Duration = Duration::from_secs(30);
/// The most requests that a crowd sends at the same time.
const CROWD_MAX: usize = 64;
/// The largest body that the tests' server takes.
pub(crate) const BODY_LIMIT_BYTES: usize = 32 * 1024;

/// What a test may set.
#[derive(Clone)]
pub(crate) struct Settings {
    pub(crate) api: CommandApiConfig,
    pub(crate) gate: CouponGateConfig,
    pub(crate) store: StoreConfig,
    /// Where PostgreSQL is, when not where the database is.
    pub(crate) postgres_port: Option<u16>,
    /// Where the accounts of refunds are kept.
    pub(crate) accounts: Arc<PaperAccounts>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            api: CommandApiConfig::default(),
            gate: CouponGateConfig {
                redis_url: Some(Secret::new(testkit::redis_url())),
                // Generous, since the machine may be busy; the tests of a slow Redis set their own.
                redis_timeout: Duration::from_secs(3),
                pending_ttl: Duration::from_secs(15),
                rebuild_wait: CouponGateConfig::REBUILD_WAIT,
                contest_wait: CouponGateConfig::CONTEST_WAIT,
            },
            store: StoreConfig::default(),
            postgres_port: None,
            accounts: Arc::default(),
        }
    }
}

/// A database, a server on it, and who may call.
pub(crate) struct World {
    pub(crate) database: Arc<Database>,
    pub(crate) settings: Settings,
    pub(crate) store: EventStore,
    pub(crate) contract: Contract,
    pub(crate) client: reqwest::Client,
    auth: AuthConfig,
    mint: MintConfig,
    server: Option<RunningServer>,
    stop: CancellationToken,
}

/// The test's database: dropped with the last world on it, or left for a look when the test failed.
pub(crate) struct Database(Option<TestDatabase>);

impl Drop for Database {
    fn drop(&mut self) {
        let Some(database) = self.0.take().filter(|_| !std::thread::panicking()) else {
            return;
        };
        // The test's own runtime is about to end.
        let dropping = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            runtime.expect("a runtime").block_on(database.drop_now());
        });
        dropping.join().expect("the database is dropped");
    }
}

impl std::ops::Deref for Database {
    type Target = TestDatabase;

    fn deref(&self) -> &TestDatabase {
        self.0.as_ref().expect("a database until it is dropped")
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl World {
    pub(crate) async fn start() -> Self {
        Self::start_with(Settings::default()).await
    }

    pub(crate) async fn start_with(settings: Settings) -> Self {
        let keys = DevKeys::generate().expect("keys");
        let (mut auth, mint) = keys.configs("https://login.test/", "commerce");
        auth.leeway_s = 0;
        let database = Arc::new(Database(Some(TestDatabase::create().await)));
        Self::on(database, settings, auth, mint).await
    }

    async fn on(
        database: Arc<Database>,
        settings: Settings,
        auth: AuthConfig,
        mint: MintConfig,
    ) -> Self {
        let stop = CancellationToken::new();
        let mut options = database.app_options();
        if let Some(port) = settings.postgres_port {
            options = options.host("127.0.0.1").port(port);
        }
        let store = EventStore::open(pool(options), settings.store.clone(), stop.clone())
            .await
            .expect("the store opens");
        let server = start_server(&settings, &auth, &store, &stop);
        let client = reqwest::Client::builder()
            .timeout(PATIENCE)
            .build()
            .expect("a client");
        let document = client
            .get(format!("http://{}/openapi.json", server.addr()))
            .send()
            .await
            .expect("the document")
            .json()
            .await
            .expect("JSON");
        let contract = Contract::new(document);
        Self {
            database,
            settings,
            store,
            contract,
            client,
            auth,
            mint,
            server: Some(server),
            stop,
        }
    }

    /// A second process on the same database, with a store and a gate of its own.
    pub(crate) async fn another_process(&self) -> Self {
        self.another_process_with(self.settings.clone()).await
    }

    pub(crate) async fn another_process_with(&self, settings: Settings) -> Self {
        let database = self.database.clone();
        Self::on(database, settings, self.auth.clone(), self.mint.clone()).await
    }

    /// Stops everything and starts it again on the same database, with nothing left in memory.
    pub(crate) async fn restart(mut self) -> Self {
        self.stop.cancel();
        let server = self.server.take().expect("it runs");
        server.stopped().await.expect("the server stops");
        self.store.log().pool().close().await;
        let (database, settings) = (self.database.clone(), self.settings.clone());
        Self::on(database, settings, self.auth.clone(), self.mint.clone()).await
    }

    pub(crate) fn addr(&self) -> SocketAddr {
        self.server.as_ref().expect("it runs").addr()
    }

    /// A token of this subject.
    pub(crate) fn token(&self, subject: &str, role: Role) -> String {
        self.token_for(subject, role, Duration::from_secs(600))
    }

    pub(crate) fn token_for(&self, subject: &str, role: Role, ttl: Duration) -> String {
        let minter = Minter::new(&self.mint).expect("a minter");
        minter.mint(subject, &[role], ttl).expect("a token")
    }

    /// Tokens of another issuer's key, with everything else as it should be.
    pub(crate) fn forger(&self) -> Minter {
        let keys = DevKeys::generate().expect("keys");
        let (_, mint) = keys.configs(&self.mint.issuer, &self.mint.audience);
        Minter::new(&mint).expect("a minter")
    }

    pub(crate) fn post(&self, path: &str) -> Request<'_> {
        self.request("POST", path)
    }

    pub(crate) fn request(&self, method: &'static str, path: &str) -> Request<'_> {
        let url = format!("http://{}/api/v1{path}", self.addr());
        let verb = reqwest::Method::from_bytes(method.as_bytes()).expect("a method");
        Request {
            world: self,
            method,
            path: format!("/api/v1{path}"),
            builder: self.client.request(verb, url),
        }
    }

    /// Whatever is not a command: probes, for instance.
    pub(crate) async fn get(&self, path: &str) -> (u16, Value) {
        let url = format!("http://{}{path}", self.addr());
        let response = self.client.get(url).send().await.expect("an answer");
        let status = response.status().as_u16();
        (status, response.json().await.expect("JSON"))
    }

    pub(crate) async fn owner_pool(&self) -> PgPool {
        self.database.owner_pool().await
    }

    /// How many events and how many commands the log has.
    pub(crate) async fn log_size(&self) -> (i64, i64) {
        let counts = "SELECT (SELECT count(*) FROM event_store.events),
                             (SELECT count(*) FROM event_store.commands)";
        let pool = self.store.log().pool();
        sqlx::query_as(counts)
            .fetch_one(pool)
            .await
            .expect("the log can be counted")
    }

    /// How many events of this type the log has.
    pub(crate) async fn events_of_type(&self, event_type: &str) -> i64 {
        sqlx::query_scalar("SELECT count(*) FROM event_store.events WHERE event_type = $1")
            .bind(event_type)
            .fetch_one(self.store.log().pool())
            .await
            .expect("the log can be counted")
    }
}

fn pool(options: PgConnectOptions) -> PgPool {
    PgPoolOptions::new()
        .max_connections(10)
        .acquire_timeout(Duration::from_secs(3))
        .connect_lazy_with(options)
}

fn start_server(
    settings: &Settings,
    auth: &AuthConfig,
    store: &EventStore,
    stop: &CancellationToken,
) -> RunningServer {
    let any_port = SocketAddr::from(([127, 0, 0, 1], 0));
    let http = Env::of::<&str, &str>([])
        .read(|env| HttpConfig {
            workers: 2,
            body_limit_bytes: BODY_LIMIT_BYTES,
            // The machine may be busy with other tests.
            head_timeout: PATIENCE,
            ..HttpConfig::read(env, "COMMAND_API", any_port)
        })
        .expect("a configuration");
    let gate = CouponGate::new(&settings.gate, store.clone()).expect("a gate");
    let gateways = Gateways::new(vec!["MOCK".into(), "TOSS".into()], "MOCK".into());
    let names = CustomerKeys::new(|user_id| format!("customer-{user_id}"));
    let parts = Parts {
        store: store.clone(),
        gate,
        gateways: gateways
            .expect("gateways")
            .with_customer_keys(names)
            .with_saved_keys(Arc::new(PaperKeys))
            .with_refund_accounts(Arc::clone(&settings.accounts) as _)
            .with_webhooks(Arc::new(PaperCompany)),
        config: settings.api.clone(),
    };
    let api = CommandApi::start(parts, stop.clone());
    let verifier = Arc::new(Verifier::new(auth).expect("a verifier"));
    let service = Service {
        document: CommandApi::document(),
        ..Service::new(
            "command-api",
            "Commands",
            Arc::new(api.add_checks(Health::new())),
        )
    };
    let service = service.with_verifier(verifier);
    serve(&http, service, stop.clone(), move |config| {
        api.configure(config);
    })
    .expect("a free port")
}

/// Sends requests, many at a time, as a crowd of clients would.
pub(crate) async fn crowd<'w>(requests: impl IntoIterator<Item = Request<'w>>) -> Vec<Answer> {
    let requests = futures::stream::iter(requests).map(Request::send);
    requests.buffer_unordered(CROWD_MAX).collect().await
}

/// A request that is being put together.
pub(crate) struct Request<'w> {
    world: &'w World,
    method: &'static str,
    path: String,
    builder: reqwest::RequestBuilder,
}

impl Request<'_> {
    pub(crate) fn customer(self, subject: &str) -> Self {
        let token = self.world.token(subject, Role::Customer);
        self.bearer(&token)
    }

    pub(crate) fn operator(self) -> Self {
        let token = self.world.token("operator-1", Role::Operator);
        self.bearer(&token)
    }

    pub(crate) fn bearer(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    pub(crate) fn key(self, key: &str) -> Self {
        self.header("idempotency-key", key)
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.builder = self.builder.header(name, value);
        self
    }

    pub(crate) fn json(mut self, body: &Value) -> Self {
        self.builder = self.builder.json(body);
        self
    }

    pub(crate) fn raw(mut self, content_type: &str, body: impl Into<reqwest::Body>) -> Self {
        self.builder = self.builder.header("content-type", content_type).body(body);
        self
    }

    /// Gives up after this long, as a client that goes away.
    pub(crate) async fn abandon_after(self, patience: Duration) {
        let answer = self.builder.timeout(patience).send().await;
        assert!(
            answer.is_err_and(|error| error.is_timeout()),
            "it is still being worked on"
        );
    }

    pub(crate) async fn send(self) -> Answer {
        let response = self.builder.send().await.expect("an answer");
        let status = response.status().as_u16();
        let headers = response.headers().clone();
        let text = response.text().await.expect("a body");
        let json = serde_json::from_str(&text).unwrap_or(Value::Null);
        self.world
            .contract
            .check(self.method, &self.path, status, &json);
        Answer {
            status,
            headers,
            text,
            json,
        }
    }
}

/// An answer that the contract allows.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) text: String,
    pub(crate) json: Value,
    headers: reqwest::header::HeaderMap,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    pub(crate) fn is_replayed(&self) -> bool {
        self.header("idempotent-replayed") == Some("true")
    }

    /// Status and code of an error.
    pub(crate) fn error(&self) -> (u16, &str) {
        (self.status, self.json["error"].as_str().unwrap_or_default())
    }

    /// The fields that were wrong, each with its code, sorted.
    pub(crate) fn details(&self) -> Vec<(String, String)> {
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        let details = self.json["details"].as_array().cloned().unwrap_or_default();
        let mut details: Vec<_> = details
            .iter()
            .map(|detail| (text(&detail["field"]), text(&detail["code"])))
            .collect();
        details.sort();
        details
    }

    pub(crate) fn data(&self) -> &Value {
        assert!(
            self.status < 400,
            "a success: {} {}",
            self.status,
            self.text
        );
        &self.json["data"]
    }

    pub(crate) fn id(&self) -> String {
        self.data()["id"].as_str().expect("an id").to_owned()
    }

    pub(crate) fn position(&self) -> u64 {
        self.json["meta"]["position"].as_u64().expect("a position")
    }
}
