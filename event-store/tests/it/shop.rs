//! A small shop for the store's tests: a database of its own, and commands that are short to write.
#![expect(
    clippy::expect_used,
    reason = "fixtures are for tests: a panic there is the report"
)]

use chrono::{DateTime, Utc};
use domain::inventory::ReceiveStock;
use domain::product::{ChangeProduct, ProductCommand, ProductDetails};
use domain::{Currency, Money, Operation, ProductId, Quantity};
use event_store::{Command, CommandId, Context, EventStore, Fingerprint, StoreConfig};
use sqlx::PgPool;
use testkit::TestDatabase;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// A database and a store on it, as one process has it.
pub(crate) struct Shop {
    pub(crate) database: TestDatabase,
    pub(crate) store: EventStore,
    pub(crate) stop: CancellationToken,
}

impl Shop {
    pub(crate) async fn open() -> Self {
        Self::open_with(StoreConfig::default()).await
    }

    pub(crate) async fn open_with(config: StoreConfig) -> Self {
        let database = TestDatabase::create().await;
        let stop = CancellationToken::new();
        let store = open_store(database.app_pool().await, config, &stop).await;
        Self {
            database,
            store,
            stop,
        }
    }

    /// Another process on the same database.
    pub(crate) async fn another_store(&self) -> EventStore {
        open_store(
            self.database.app_pool().await,
            StoreConfig::default(),
            &self.stop,
        )
        .await
    }

    pub(crate) async fn close(self) {
        self.stop.cancel();
        self.database.drop_now().await;
    }
}

pub(crate) async fn open_store(
    pool: PgPool,
    config: StoreConfig,
    stop: &CancellationToken,
) -> EventStore {
    EventStore::open(pool, config, stop.clone())
        .await
        .expect("the store opens")
}

/// A command under a new id.
pub(crate) fn command(operation: impl Operation + 'static) -> Command {
    command_with_id(CommandId::new(Uuid::now_v7()), operation)
}

/// A command under this id; its fingerprint is that of the operation's debug form.
pub(crate) fn command_with_id(id: CommandId, operation: impl Operation + 'static) -> Command {
    let fingerprint = Fingerprint::of(&[format!("{operation:?}").as_bytes()]);
    Command::new(id, fingerprint, operation, context())
}

pub(crate) fn context() -> Context {
    Context {
        principal: "tester".to_owned(),
        correlation_id: Uuid::now_v7(),
        causation_id: None,
        occurred_at: now(),
    }
}

/// To the microsecond, as PostgreSQL keeps it.
pub(crate) fn now() -> DateTime<Utc> {
    let micros = Utc::now().timestamp_micros();
    DateTime::from_timestamp_micros(micros).expect("now is a time")
}

pub(crate) fn product_id() -> ProductId {
    ProductId::new(Uuid::now_v7())
}

pub(crate) fn create_product(product_id: ProductId) -> ChangeProduct {
    let details = ProductDetails {
        name: "A kettle".to_owned(),
        category: "kitchen".to_owned(),
        brand: "Acme".to_owned(),
        description: None,
        images: vec![],
    };
    let price = Money::new(12_900, Currency::Krw).expect("a price");
    ChangeProduct {
        product_id,
        command: ProductCommand::Create { details, price },
    }
}

pub(crate) fn receive(product_id: ProductId, pieces: u32) -> ReceiveStock {
    ReceiveStock {
        product_id,
        warehouse: "seoul".parse().expect("a warehouse"),
        quantity: Quantity::new(pieces).expect("a quantity"),
    }
}
