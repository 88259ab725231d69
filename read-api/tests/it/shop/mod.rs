//! A small shop: a database of its own, the store, the projectors, the read API on a free port.

mod client;
mod commands;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use event_store::{EventStore, StoreConfig};
use platform::Role;
use platform::auth::{DevKeys, Minter, Verifier};
use platform::config::Env;
use platform::health::Health;
use platform::http::{HttpConfig, RunningServer, Service, serve};
use projections::ProjectionsConfig;
use read_api::{ReadApi, ReadApiConfig, SchemaRegistry};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{Connection, PgConnection, PgPool};
use testkit::TestDatabase;
use tokio_util::sync::CancellationToken;

pub(crate) use client::{Answer, Caller, column};
pub(crate) use commands::{TOKEN, krw};

/// How long any step of a test may take before it counts as stuck.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);
/// Long enough for any projector, also on a busy machine.
const WAIT: Duration = Duration::from_secs(15);

pub(crate) struct Shop {
    pub(crate) owner: PgPool,
    pub(crate) store: EventStore,
    database: TestDatabase,
    api: Api,
    stop: CancellationToken,
}

/// The read API, running.
pub(crate) struct Api {
    server: RunningServer,
    pub(crate) addr: SocketAddr,
    minter: Minter,
    client: reqwest::Client,
    stop: CancellationToken,
}

impl Shop {
    /// With projectors that run.
    pub(crate) async fn open() -> Self {
        let shop = Self::open_without_projectors(ReadApiConfig::default()).await;
        shop.start_projectors().await;
        shop
    }

    /// Read models that stay as they are.
    pub(crate) async fn open_without_projectors(config: ReadApiConfig) -> Self {
        let config = ReadApiConfig {
            wait: config.wait.min(WAIT),
            ..config
        };
        let database = TestDatabase::create().await;
        let owner = database.owner_pool().await;
        install(&database).await;
        let stop = CancellationToken::new();
        let app = database.app_pool().await;
        let store = EventStore::open(app, StoreConfig::default(), stop.clone()).await;
        let payment = lazy_pool(database.role_options("payment_service"));
        let api = Api::start_with(lazy_pool(database.read_options()), Some(payment), config);
        Self {
            owner,
            store: store.expect("the store opens"),
            database,
            api,
            stop,
        }
    }

    /// From now on the read models follow the log.
    pub(crate) async fn start_projectors(&self) {
        let (app, log) = (self.database.app_pool().await, self.store.log().clone());
        // The task ends with `stop`; nobody needs its end.
        drop(projections::start(
            app,
            log,
            ProjectionsConfig::default(),
            self.stop.clone(),
        ));
    }

    pub(crate) fn caller<'a>(&'a self, subject: &str, roles: &[Role]) -> Caller<'a> {
        self.api.caller(subject, roles)
    }

    pub(crate) fn customer(&self, subject: &str) -> Caller<'_> {
        self.caller(subject, &[Role::Customer])
    }

    pub(crate) fn operator(&self) -> Caller<'_> {
        self.caller("olga", &[Role::Operator])
    }

    pub(crate) fn stranger(&self) -> Caller<'_> {
        self.api.stranger()
    }

    /// How queries connect.
    pub(crate) fn read_options(&self) -> PgConnectOptions {
        self.database.read_options()
    }

    /// How the program itself connects.
    pub(crate) fn app_options(&self) -> PgConnectOptions {
        self.database.app_options()
    }

    /// Runs SQL as the owner of the database.
    pub(crate) async fn sql(&self, sql: &str) {
        sqlx::raw_sql(sql).execute(&self.owner).await.expect(sql);
    }

    /// Ends everything. What is not closed, because its test failed, stays for a look.
    pub(crate) async fn close(self) {
        self.stop.cancel();
        self.api.close().await;
        self.database.drop_now().await;
    }
}

impl Api {
    /// On this which need not lead anywhere.
    pub(crate) fn start(pool: PgPool, config: ReadApiConfig) -> Self {
        Self::start_with(pool, None, config)
    }

    /// The same, with the payment service's own data.
    fn start_with(pool: PgPool, payment: Option<PgPool>, config: ReadApiConfig) -> Self {
        let mut api = ReadApi::new(pool, config.clone(), registry());
        if let Some(payment) = payment {
            api = api.with_payment_service(payment, &config);
        }
        let any_port = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let http = Env::of::<&str, &str>([])
            .read(|env| HttpConfig {
                workers: 2,
                ..HttpConfig::read(env, "READ_API", any_port)
            })
            .expect("the defaults are valid");
        let keys = DevKeys::generate().expect("keys can be made");
        let (auth, mint) = keys.configs("https://login.test/", "commerce");
        let service = Service {
            name: "read-api",
            document: ReadApi::document(),
            health: Arc::new(api.add_checks(Health::new())),
            verifier: Some(Arc::new(Verifier::new(&auth).expect("the key is valid"))),
        };
        let stop = CancellationToken::new();
        let server = serve(&http, service, stop.clone(), move |config| {
            api.configure(config)
        })
        .expect("there is a free port");
        Self {
            addr: server.addr(),
            server,
            minter: Minter::new(&mint).expect("the key is valid"),
            client: reqwest::Client::builder()
                .timeout(PATIENCE)
                .build()
                .expect("a client"),
            stop,
        }
    }

    pub(crate) fn caller<'a>(&'a self, subject: &str, roles: &[Role]) -> Caller<'a> {
        let token = self.minter.mint(subject, roles, Duration::from_secs(600));
        Caller::new(&self.client, self.addr, Some(token.expect("the key signs")))
    }

    pub(crate) fn stranger(&self) -> Caller<'_> {
        Caller::new(&self.client, self.addr, None)
    }

    pub(crate) async fn close(self) {
        self.stop.cancel();
        self.server
            .stopped()
            .await
            .expect("the server ends in order");
    }
}

async fn install(database: &TestDatabase) {
    let mut owner = PgConnection::connect_with(&database.owner_options())
        .await
        .expect("the database is there");
    projections::install(&mut owner)
        .await
        .expect("the read models can be made");
    owner.close().await.expect("the connection closes");
}

/// As the composition root makes it: connected when it is first used.
pub(crate) fn lazy_pool(options: PgConnectOptions) -> PgPool {
    PgPoolOptions::new()
        .max_connections(8)
        .acquire_timeout(Duration::from_secs(2))
        .connect_lazy_with(options)
}

fn registry() -> SchemaRegistry {
    let registry = event_schemas::Registry::embedded().expect("the schemas are whole");
    SchemaRegistry {
        path_roots: &event_schemas::PATH_ROOTS,
        content_type: event_schemas::CONTENT_TYPE,
        answer: Arc::new(|method, segments, body| registry.answer(method, segments, body)),
    }
}
