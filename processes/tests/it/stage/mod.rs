//! A shop with a catalogue of one product, a gateway, and a clock that a test moves.
#![expect(
    clippy::expect_used,
    reason = "fixtures are for tests: a panic there is the report"
)]

mod bank;
mod books;
mod clock;
mod orders;
pub(crate) mod saving;
mod table;
mod watched;

use std::sync::Arc;
use std::time::Duration;

use domain::ProductId;
use event_store::{EventStore, Lease, StoreConfig};
use payment_gateways::Gateways;
use payment_vault::{KeySafe, Vault};
use processes::{Processes, ProcessesConfig};
use testkit::TestDatabase;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

pub(crate) use self::bank::Bank;
pub(crate) use self::clock::TestClock;
pub(crate) use self::orders::{PRICE, STOCK, Sale, buyer};
pub(crate) use self::table::{Blockade, Row};
pub(crate) use self::watched::{Call, Moment, Watched};

/// Long enough for any healthy answer on a busy machine.
pub(crate) const PATIENT: Duration = Duration::from_secs(20);
/// Short enough to wait for; for calls that are not answered.
pub(crate) const HASTY: Duration = Duration::from_millis(1_500);

/// Everything that a runner needs, and what a test looks at.
pub(crate) struct Shop {
    pub(crate) database: TestDatabase,
    /// As the owner: for faults, and for looking.
    pub(crate) owner: sqlx::PgPool,
    pub(crate) store: EventStore,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) bank: Bank,
    pub(crate) gateway: Arc<Watched>,
    pub(crate) product_id: ProductId,
    stop: CancellationToken,
}

/// One instance of the runner.
pub(crate) struct Runner {
    pub(crate) handle: JoinHandle<()>,
    pub(crate) stop: CancellationToken,
}

impl Shop {
    /// A shop whose gateway is waited for as long as it takes.
    pub(crate) async fn open() -> Self {
        Self::open_with(PATIENT, StoreConfig::default()).await
    }

    /// A shop whose gateway is soon given up.
    pub(crate) async fn open_hasty() -> Self {
        Self::open_with(HASTY, StoreConfig::default()).await
    }

    /// A shop whose gateway is Toss.
    pub(crate) async fn open_with_toss() -> Self {
        let mut shop = Self::open().await;
        shop.gateway = Arc::new(Watched::new(shop.bank.toss(PATIENT)));
        shop
    }

    pub(crate) async fn open_with(deadline: Duration, config: StoreConfig) -> Self {
        let database = TestDatabase::create().await;
        let stop = CancellationToken::new();
        let store = EventStore::open(database.app_pool().await, config, stop.clone());
        let store = store.await.expect("the store opens");
        let bank = Bank::open().await;
        let gateway = Arc::new(Watched::new(bank.adapter(deadline)));
        let mut shop = Self {
            owner: database.owner_pool().await,
            database,
            store,
            clock: Arc::default(),
            bank,
            gateway,
            product_id: ProductId::new(uuid::Uuid::now_v7()),
            stop,
        };
        shop.fill_the_shelves().await;
        shop
    }

    /// The settings of these tests: as in production, but a free lease is taken at once.
    pub(crate) fn config() -> ProcessesConfig {
        ProcessesConfig {
            lease_retry_interval: Duration::from_millis(20),
            deposit_window: Duration::from_secs(30 * 24 * 60 * 60),
            ..ProcessesConfig::default()
        }
    }

    pub(crate) fn gateways(&self) -> Gateways {
        let gateway = Arc::clone(&self.gateway);
        Gateways::new("mock", [("mock".to_owned(), gateway as _)]).expect("a gateway")
    }

    pub(crate) fn start(&self) -> Runner {
        self.start_with(Self::config())
    }

    pub(crate) fn start_with(&self, config: ProcessesConfig) -> Runner {
        self.start_on(self.store.clone(), self.gateways(), config)
    }

    pub(crate) fn start_on(
        &self,
        store: EventStore,
        gateways: Gateways,
        config: ProcessesConfig,
    ) -> Runner {
        self.start_with_safe(store, gateways, None, config)
    }

    /// An instance that keeps secrets in this vault, with Toss beside the usual gateway.
    fn start_saving(&self, vault: Option<Vault>, config: ProcessesConfig) -> Runner {
        let mock = Arc::clone(&self.gateway) as _;
        let all = [
            ("mock".to_owned(), mock),
            ("toss".to_owned(), self.bank.toss(HASTY)),
        ];
        let gateways = Gateways::new("mock", all).expect("two gateways");
        let safe = vault.map(|vault| Arc::new(vault) as Arc<dyn KeySafe>);
        self.start_with_safe(self.store.clone(), gateways, safe, config)
    }

    fn start_with_safe(
        &self,
        store: EventStore,
        gateways: Gateways,
        safe: Option<Arc<dyn KeySafe>>,
        config: ProcessesConfig,
    ) -> Runner {
        let stop = CancellationToken::new();
        let clock = Arc::clone(&self.clock);
        let handle = Processes::start(store, gateways, safe, config, clock, stop.clone());
        let handle = handle.expect("the settings are right");
        Runner { handle, stop }
    }

    /// The store of another process on the same database.
    async fn another_store(&self) -> EventStore {
        let pool = self.database.app_pool().await;
        let store = EventStore::open(pool, StoreConfig::default(), self.stop.clone());
        store.await.expect("the store opens")
    }

    /// An instance as another process has it: its own store, its own view of the gateway.
    pub(crate) async fn start_rival(&self) -> (Runner, Arc<Watched>) {
        let watched = Arc::new(Watched::new(self.bank.adapter(PATIENT)));
        let gateways = Gateways::new("mock", [("mock".to_owned(), Arc::clone(&watched) as _)]);
        let store = self.another_store().await;
        let runner = self.start_on(store, gateways.expect("a gateway"), Self::config());
        (runner, watched)
    }

    /// Takes the lease from whoever has it, for an hour, as `thief`.
    pub(crate) async fn steal_lease(&self) -> Lease {
        self.expire_lease().await;
        let an_hour = Duration::from_secs(3_600);
        let stolen = Lease::acquire(&self.owner, "processes", "thief", an_hour).await;
        let stolen = stolen.expect("the database answers");
        stolen.expect("a lease that ran out can be taken")
    }

    /// Ends the lease of a runner that was killed, so that no test has to wait for it to run out.
    pub(crate) async fn expire_lease(&self) {
        sqlx::query("UPDATE event_store.leases SET expires_at = '-infinity'")
            .execute(&self.owner)
            .await
            .expect("the lease can be ended");
    }

    pub(crate) async fn close(self) {
        self.stop.cancel();
        self.bank.close().await;
        self.owner.close().await;
        self.database.drop_now().await;
    }
}

impl Runner {
    /// As the program ends it.
    pub(crate) async fn stop(self) {
        self.stop.cancel();
        self.handle.await.expect("the runner ends in order");
    }

    /// As `kill -9` ends it.
    pub(crate) async fn kill(self) {
        self.handle.abort();
        let _ = self.handle.await;
    }
}
