//! A small shop for these tests: a database of its own with empty read models, commands that are short to
//! write, and projections that can be started, killed and waited for.
#![expect(
    clippy::expect_used,
    reason = "fixtures are for tests: a panic there is the report"
)]

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use domain::checkout::{
    AskedBy, CancelOrder, GatewayAnswer, OrderItem, PlaceOrder, RefundAnswer, RequestPayment,
    RetrySchedule, SettlePayment, SettleRefund,
};
use domain::coupon_pool::{ClaimCoupon, CreateCouponPool, DiscountRule};
use domain::inventory::ReceiveStock;
use domain::points::Points;
use domain::product::{ChangeProduct, ProductCommand, ProductDetails};
use domain::{
    CouponCode, CouponPoolId, Currency, Money, Operation, OrderId, OrderItemId, PaymentId,
    ProductId, Quantity, RefundId, UserId,
};
use event_store::follower::FollowLimits;
use event_store::{
    Command, CommandId, Context, EventLog, EventStore, Fingerprint, Outcome, StoreConfig,
};
use projections::ProjectionsConfig;
use sqlx::{Connection, PgConnection, PgPool, Row};
use testkit::{TestDatabase, eventually};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

pub(crate) struct Shop {
    pub(crate) database: TestDatabase,
    pub(crate) store: EventStore,
    pub(crate) app: PgPool,
    pub(crate) owner: PgPool,
    pub(crate) stop: CancellationToken,
    /// The clock's offset in milliseconds: every command is taken a little later than the one before.
    clock_ms: AtomicI64,
}

impl Shop {
    pub(crate) async fn open() -> Self {
        Self::open_with(StoreConfig::default()).await
    }

    /// A shop whose subscribers get every event from the database, where a test may damage it.
    pub(crate) async fn open_without_memory() -> Self {
        Self::open_with(StoreConfig {
            feed_events_max: 0,
            ..StoreConfig::default()
        })
        .await
    }

    async fn open_with(config: StoreConfig) -> Self {
        let database = TestDatabase::create().await;
        let mut connection = PgConnection::connect_with(&database.owner_options())
            .await
            .expect("the owner connects");
        projections::install(&mut connection)
            .await
            .expect("the read models are installed");
        let (app, owner) = (database.app_pool().await, database.owner_pool().await);
        let stop = CancellationToken::new();
        let store = EventStore::open(app.clone(), config, stop.clone())
            .await
            .expect("the store opens");
        Self {
            database,
            store,
            app,
            owner,
            stop,
            clock_ms: AtomicI64::new(0),
        }
    }

    pub(crate) fn log(&self) -> &EventLog {
        self.store.log()
    }

    /// Starts the projections in this process, until the shop closes.
    pub(crate) fn project(&self) {
        self.project_with(quick());
    }

    pub(crate) fn project_with(&self, config: ProjectionsConfig) {
        drop(projections::start(
            self.app.clone(),
            self.log().clone(),
            config,
            self.stop.clone(),
        ));
    }

    /// Waits until every live read model has all events.
    pub(crate) async fn caught_up(&self) {
        let head = self.head().await;
        eventually("the read models catch up", async || {
            let behind: i64 = sqlx::query_scalar(
                "SELECT count(*) FROM projections.generations
                  WHERE state = 'live' AND position < $1",
            )
            .bind(head)
            .fetch_one(&self.owner)
            .await
            .expect("the registry is read");
            (behind == 0).then_some(())
        })
        .await;
    }

    pub(crate) async fn head(&self) -> i64 {
        i64::try_from(self.log().head().await.expect("the log is read")).expect("a small log")
    }

    /// One row of a query on the read models, as JSON; `Null` when there is none.
    pub(crate) async fn row(&self, sql: &str) -> serde_json::Value {
        self.rows(sql).await.into_iter().next().unwrap_or_default()
    }

    /// The rows of a query on the read models, as JSON.
    pub(crate) async fn rows(&self, sql: &str) -> Vec<serde_json::Value> {
        let rows = sqlx::query(&format!("SELECT to_jsonb(r) AS row FROM ({sql}) r"))
            .fetch_all(&self.owner)
            .await
            .expect("the query runs");
        rows.iter().map(|row| row.get("row")).collect()
    }

    /// Something that only the owner may do.
    pub(crate) async fn as_owner(&self, sql: &str) {
        sqlx::raw_sql(sql)
            .execute(&self.owner)
            .await
            .expect("the owner may");
    }

    /// The first row of what `verify` says, or nothing when all read models are what the log says.
    pub(crate) async fn differences(&self) -> String {
        let comparisons =
            projections::verify(&self.owner, &self.app, self.log(), None, |_| ()).await;
        let comparisons = comparisons.expect("the read models are verified");
        let differing: Vec<_> = comparisons
            .iter()
            .filter(|comparison| !comparison.is_same())
            .map(|comparison| format!("{}: {comparison}", comparison.projection))
            .collect();
        differing.join("\n")
    }

    pub(crate) async fn close(self) {
        self.stop.cancel();
        self.app.close().await;
        self.owner.close().await;
        self.database.drop_now().await;
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        let ms = self.clock_ms.fetch_add(1, Ordering::Relaxed);
        DateTime::from_timestamp(1_700_000_000, 0).expect("a time") + TimeDelta::milliseconds(ms)
    }

    /// Executes an operation that must succeed.
    pub(crate) async fn execute(&self, operation: impl Operation + 'static) -> Outcome {
        let outcome = self.try_execute(operation).await;
        assert_eq!(outcome.status, 200, "{}", outcome.body);
        outcome
    }

    pub(crate) async fn try_execute(&self, operation: impl Operation + 'static) -> Outcome {
        let context = Context {
            principal: "tester".to_owned(),
            correlation_id: Uuid::now_v7(),
            causation_id: None,
            occurred_at: self.now(),
        };
        let fingerprint = Fingerprint::of(&[format!("{operation:?}").as_bytes()]);
        let id = CommandId::new(Uuid::now_v7());
        let command = Command::new(id, fingerprint, operation, context);
        self.store
            .execute(command)
            .await
            .expect("the command has an outcome")
    }

    /// A product on sale, with stock in two warehouses.
    pub(crate) async fn product(&self, name: &str, price: i64, pieces: u32) -> ProductId {
        let product_id = ProductId::new(Uuid::now_v7());
        let details = ProductDetails {
            name: name.to_owned(),
            category: "kitchen".to_owned(),
            brand: "Acme".to_owned(),
            description: Some("boils".to_owned()),
            images: vec!["https://img.example/1".to_owned()],
        };
        self.change(
            product_id,
            ProductCommand::Create {
                details,
                price: won(price),
            },
        )
        .await;
        self.change(product_id, ProductCommand::PutOnSale).await;
        let near = pieces / 2;
        for (warehouse, quantity) in [("seoul", pieces - near), ("busan", near)] {
            if quantity > 0 {
                self.receive(product_id, warehouse, quantity).await;
            }
        }
        product_id
    }

    pub(crate) async fn change(&self, product_id: ProductId, command: ProductCommand) {
        self.execute(ChangeProduct {
            product_id,
            command,
        })
        .await;
    }

    pub(crate) async fn receive(&self, product_id: ProductId, warehouse: &str, pieces: u32) {
        let warehouse = warehouse.parse().expect("a warehouse");
        let quantity = Quantity::new(pieces).expect("a quantity");
        self.execute(ReceiveStock {
            product_id,
            warehouse,
            quantity,
        })
        .await;
    }

    pub(crate) async fn order(&self, user: &str, items: &[(ProductId, u32)]) -> OrderId {
        self.order_with(user, items, None).await
    }

    pub(crate) async fn order_with(
        &self,
        user: &str,
        items: &[(ProductId, u32)],
        coupon: Option<CouponCode>,
    ) -> OrderId {
        let order_id = OrderId::new(Uuid::now_v7());
        let now = self.now();
        self.execute(PlaceOrder {
            order_id,
            user_id: user_id(user),
            items: items
                .iter()
                .map(|(product_id, pieces)| item(*product_id, *pieces))
                .collect(),
            coupon,
            now,
            payment_due_at: now + TimeDelta::minutes(15),
        })
        .await;
        order_id
    }

    pub(crate) async fn request_payment(&self, user: &str, order_id: OrderId) -> PaymentId {
        let payment_id = PaymentId::new(Uuid::now_v7());
        let now = self.now();
        self.execute(RequestPayment {
            payment_id,
            order_id,
            user_id: user_id(user),
            gateway: "mock".to_owned(),
            token: "tok_approve_secret".to_owned(),
            method_id: None,
            points: Points::ZERO,
            coupon: None,
            now,
            confirmation_due_at: now + TimeDelta::minutes(30),
        })
        .await;
        payment_id
    }

    pub(crate) async fn settle(&self, payment_id: PaymentId, answer: GatewayAnswer) {
        let now = self.now();
        self.execute(SettlePayment {
            payment_id,
            answer,
            refund_id: RefundId::new(Uuid::now_v7()),
            now,
            confirmation_due_at: now + TimeDelta::minutes(30),
            inquiries: RetrySchedule::default(),
            out_of_turn: false,
            asked_at: u32::MAX,
            deposit_window: domain::checkout::DEPOSIT_WINDOW_DEFAULT,
        })
        .await;
    }

    /// Pays an order of so much.
    pub(crate) async fn pay(&self, user: &str, order_id: OrderId, amount: i64) -> PaymentId {
        let payment_id = self.request_payment(user, order_id).await;
        self.settle(payment_id, approved(amount)).await;
        payment_id
    }

    /// Cancels an order; the id is that of the refund, should there be one.
    pub(crate) async fn cancel(&self, user: &str, order_id: OrderId) -> RefundId {
        let refund_id = RefundId::new(Uuid::now_v7());
        let by = AskedBy::User(user_id(user));
        self.execute(CancelOrder {
            order_id,
            by,
            reason: "changed my mind".to_owned(),
            refund_id,
        })
        .await;
        refund_id
    }

    pub(crate) async fn settle_refund(
        &self,
        payment_id: PaymentId,
        refund_id: RefundId,
        answer: RefundAnswer,
    ) {
        let (now, attempts) = (self.now(), RetrySchedule::default());
        self.execute(SettleRefund {
            payment_id,
            refund_id,
            answer,
            now,
            attempts,
        })
        .await;
    }

    pub(crate) async fn coupon_pool(&self, quantity: u32) -> CouponPoolId {
        let pool_id = CouponPoolId::new(Uuid::now_v7());
        let now = self.now();
        self.execute(CreateCouponPool {
            pool_id,
            name: "Spring".to_owned(),
            quantity,
            discount: DiscountRule::Percent {
                percent: 10,
                max_amount: Some(won(5_000)),
            },
            valid_from: now,
            valid_until: now + TimeDelta::days(1),
        })
        .await;
        pool_id
    }

    pub(crate) async fn claim(&self, user: &str, pool_id: CouponPoolId) -> CouponCode {
        let claim = ClaimCoupon {
            pool_id,
            user_id: user_id(user),
            now: self.now(),
        };
        let outcome = self.execute(claim).await;
        let body: serde_json::Value = serde_json::from_str(&outcome.body).expect("JSON");
        body["code"]
            .as_str()
            .expect("a code")
            .parse()
            .expect("a coupon code")
    }
}

/// Limits that let a test see soon what it waits for.
pub(crate) fn quick() -> ProjectionsConfig {
    quick_in_batches_of(FollowLimits::default().batch_events_max)
}

pub(crate) fn quick_in_batches_of(batch_events_max: usize) -> ProjectionsConfig {
    ProjectionsConfig {
        follow: FollowLimits {
            batch_events_max,
            standby_interval: Duration::from_millis(50),
            retry_wait_min: Duration::from_millis(10),
            retry_wait_max: Duration::from_millis(200),
            ..FollowLimits::default()
        },
        ..ProjectionsConfig::default()
    }
}

pub(crate) fn approved(amount: i64) -> GatewayAnswer {
    let gateway_transaction_id = format!("gw-{}", Uuid::now_v7().simple());
    GatewayAnswer::Approved {
        gateway_transaction_id,
        charged: won(amount),
    }
}

pub(crate) fn won(amount: i64) -> Money {
    Money::new(amount, Currency::Krw).expect("an amount")
}

pub(crate) fn user_id(user: &str) -> UserId {
    user.parse().expect("a user id")
}

pub(crate) fn item(product_id: ProductId, pieces: u32) -> OrderItem {
    OrderItem {
        order_item_id: OrderItemId::new(Uuid::now_v7()),
        product_id,
        quantity: Quantity::new(pieces).expect("a quantity"),
    }
}
