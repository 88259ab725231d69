//! A small shop on a database of its own: commands that are short to write, the ledger's books, and waiting for them.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use domain::checkout::{
    AskedBy, CancelOrder, GatewayAnswer, OrderItem, PlaceOrder, RefundAnswer, RefundPayment,
    RequestPayment, RetrySchedule, SettlePayment, SettleRefund,
};
use domain::inventory::ReceiveStock;
use domain::order::RefundScope;
use domain::points::Points;
use domain::product::{ChangeProduct, ProductCommand, ProductDetails};
use domain::{
    Currency, Money, Operation, OrderId, OrderItemId, PaymentId, ProductId, Quantity, RefundId,
    UserId,
};
use event_store::follower::FollowLimits;
use event_store::{Command, CommandId, Context, EventStore, Fingerprint, StoreConfig};
use payment_ledger::{Ledger, LedgerComparison, LedgerConfig, TableComparison, rebuild, verify};
use serde_json::Value;
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;
use testkit::{TestDatabase, eventually};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// What everything costs.
pub(crate) const PRICE: i64 = 12_900;

pub(crate) struct Shop {
    pub(crate) database: TestDatabase,
    pub(crate) store: EventStore,
    pub(crate) owner: PgPool,
    pub(crate) stop: CancellationToken,
    product: ProductId,
    /// The clock's offset in milliseconds: every command is taken a little later than the one before.
    clock_ms: AtomicI64,
}

impl Shop {
    /// A shop with one product and much of it.
    pub(crate) async fn open() -> Self {
        let database = TestDatabase::create().await;
        let stop = CancellationToken::new();
        let app = database.app_pool().await;
        let store = EventStore::open(app, StoreConfig::default(), stop.clone())
            .await
            .expect("the store opens");
        let shop = Self {
            owner: database.owner_pool().await,
            database,
            store,
            stop,
            product: ProductId::new(Uuid::now_v7()),
            clock_ms: AtomicI64::new(0),
        };
        shop.stock_up().await;
        shop
    }

    async fn stock_up(&self) {
        let details = ProductDetails {
            name: "Kettle".to_owned(),
            category: "kitchen".to_owned(),
            brand: "Acme".to_owned(),
            description: None,
            images: Vec::new(),
        };
        let price = won(PRICE);
        let create = ProductCommand::Create { details, price };
        for command in [create, ProductCommand::PutOnSale] {
            let product_id = self.product;
            self.execute(ChangeProduct {
                product_id,
                command,
            })
            .await;
        }
        self.execute(ReceiveStock {
            product_id: self.product,
            warehouse: "seoul".parse().expect("a warehouse"),
            quantity: pieces(10_000),
        })
        .await;
    }

    /// Starts all books in this process, until the shop closes.
    pub(crate) fn keep_books(&self) {
        drop(self.keep_transactions(&self.stop));
        for keep in [
            payment_ledger::keep_order_payments,
            payment_ledger::keep_user_methods,
        ] {
            drop(keep(
                self.pool("main_service"),
                self.store.log().clone(),
                quick(),
                self.stop.clone(),
            ));
        }
    }

    pub(crate) fn keep_transactions(&self, stop: &CancellationToken) -> JoinHandle<()> {
        payment_ledger::keep_transactions(
            self.pool("payment_service"),
            self.store.log().clone(),
            quick(),
            stop.clone(),
        )
    }

    pub(crate) fn pool(&self, role: &str) -> PgPool {
        PgPoolOptions::new()
            .max_connections(2)
            .connect_lazy_with(self.database.role_options(role))
    }

    /// Waits until all books have all events.
    pub(crate) async fn caught_up(&self) {
        let head = self.store.log().head().await.expect("the log is read");
        let head = i64::try_from(head).expect("a small log");
        eventually("the books are up to date", async || {
            let behind: bool = sqlx::query_scalar(
                "SELECT bool_or(position < $1)
                   FROM (TABLE payment.checkpoints UNION ALL TABLE main.checkpoints) checkpoint",
            )
            .bind(head)
            .fetch_one(&self.owner)
            .await
            .expect("the checkpoints are read");
            (!behind).then_some(())
        })
        .await;
    }

    /// The rows of a query, as JSON.
    pub(crate) async fn rows(&self, sql: &str) -> Vec<Value> {
        sqlx::query_scalar(&format!("SELECT to_jsonb(r) FROM ({sql}) r"))
            .fetch_all(&self.owner)
            .await
            .expect("the query runs")
    }

    /// What an owner's hand can do.
    pub(crate) async fn as_owner(&self, sql: &str) {
        let done = sqlx::raw_sql(sql).execute(&self.owner).await;
        done.expect("the owner may");
    }

    /// A part of the ledger beside the log.
    pub(crate) async fn verified(&self, ledger: Ledger) -> LedgerComparison {
        verify(&self.owner, self.store.log(), ledger)
            .await
            .expect("the ledger can be compared")
    }

    /// All tables of the ledger beside the log.
    pub(crate) async fn compared_tables(&self) -> Vec<TableComparison> {
        let mut tables = Vec::new();
        for ledger in Ledger::ALL {
            tables.extend(self.verified(ledger).await.tables);
        }
        tables
    }

    /// `payment.transactions` beside the log.
    pub(crate) async fn compared(&self) -> TableComparison {
        let transactions = self.verified(Ledger::Transactions).await;
        let mut tables = transactions.tables.into_iter();
        tables.next().expect("it is the first")
    }

    /// Every table is what the log says.
    pub(crate) async fn all_same(&self) {
        for table in self.compared_tables().await {
            assert!(table.is_same(), "{table:?}");
        }
    }

    /// Makes a part of the ledger anew, as its owner; how many events made it.
    pub(crate) async fn rebuild(&self, ledger: Ledger) -> u64 {
        let role = format!("{}_service", ledger.schema());
        let rebuilt = rebuild(&self.pool(&role), self.store.log(), ledger, |_, _| {}).await;
        rebuilt.expect("it is rebuilt").events
    }

    pub(crate) async fn close(self) {
        self.stop.cancel();
        self.owner.close().await;
        self.database.drop_now().await;
    }

    fn now(&self) -> DateTime<Utc> {
        let ms = self.clock_ms.fetch_add(1, Ordering::Relaxed);
        DateTime::from_timestamp(1_700_000_000, 0).expect("a time") + TimeDelta::milliseconds(ms)
    }

    pub(crate) async fn execute(&self, operation: impl Operation + 'static) {
        let context = Context {
            principal: "tester".to_owned(),
            correlation_id: Uuid::now_v7(),
            causation_id: None,
            occurred_at: self.now(),
        };
        let fingerprint = Fingerprint::of(&[format!("{operation:?}").as_bytes()]);
        let id = CommandId::new(Uuid::now_v7());
        let outcome = self
            .store
            .execute(Command::new(id, fingerprint, operation, context))
            .await
            .expect("the command has an outcome");
        assert_eq!(outcome.status, 200, "{}", outcome.body);
    }

    pub(crate) async fn order(&self, quantity: u32) -> OrderId {
        let order_id = OrderId::new(Uuid::now_v7());
        let now = self.now();
        self.execute(PlaceOrder {
            order_id,
            user_id: ann(),
            items: vec![OrderItem {
                order_item_id: OrderItemId::new(Uuid::now_v7()),
                product_id: self.product,
                quantity: pieces(quantity),
            }],
            coupon: None,
            now,
            payment_due_at: now + TimeDelta::minutes(15),
        })
        .await;
        order_id
    }

    pub(crate) async fn request_payment(&self, order_id: OrderId, gateway: &str) -> PaymentId {
        let payment_id = PaymentId::new(Uuid::now_v7());
        let now = self.now();
        self.execute(RequestPayment {
            payment_id,
            order_id,
            user_id: ann(),
            gateway: gateway.to_owned(),
            token: "tok_approve_secret".to_owned(),
            method_id: None,
            coupon: None,
            points: Points::ZERO,
            now,
            confirmation_due_at: now + TimeDelta::minutes(30),
        })
        .await;
        payment_id
    }

    /// What the gateway said; the id is that of the refund, should one follow.
    pub(crate) async fn settle(&self, payment_id: PaymentId, answer: GatewayAnswer) -> RefundId {
        let (now, refund_id) = (self.now(), RefundId::new(Uuid::now_v7()));
        self.execute(SettlePayment {
            payment_id,
            answer,
            refund_id,
            now,
            confirmation_due_at: now + TimeDelta::minutes(30),
            out_of_turn: false,
            asked_at: u32::MAX,
            deposit_window: domain::checkout::DEPOSIT_WINDOW_DEFAULT,
            inquiries: RetrySchedule::default(),
        })
        .await;
        refund_id
    }

    /// An order of so many pieces that Toss charged, under its own id.
    pub(crate) async fn paid(&self, quantity: u32, company_id: &str) -> (OrderId, PaymentId) {
        let order_id = self.order(quantity).await;
        let payment_id = self.request_payment(order_id, "toss").await;
        let charged = won(PRICE * i64::from(quantity));
        self.settle(payment_id, approved(company_id, charged)).await;
        (order_id, payment_id)
    }

    /// Cancels an order; the id is that of the refund, should there be one.
    pub(crate) async fn cancel(&self, order_id: OrderId) -> RefundId {
        let refund_id = RefundId::new(Uuid::now_v7());
        self.execute(CancelOrder {
            order_id,
            by: AskedBy::User(ann()),
            reason: "changed my mind".to_owned(),
            refund_id,
        })
        .await;
        refund_id
    }

    pub(crate) async fn refund(&self, payment_id: PaymentId, amount: i64) -> RefundId {
        let refund_id = RefundId::new(Uuid::now_v7());
        self.execute(RefundPayment {
            refund_id,
            payment_id,
            scope: RefundScope::Amount(won(amount)),
            reason: "a scratch".to_owned(),
            by: AskedBy::Operator,
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
}

/// Limits that let a test see soon what it waits for.
pub(crate) fn quick() -> LedgerConfig {
    let config = LedgerConfig::default();
    LedgerConfig {
        follow: FollowLimits {
            batch_events_max: 7,
            standby_interval: Duration::from_millis(50),
            retry_wait_min: Duration::from_millis(10),
            retry_wait_max: Duration::from_millis(200),
            ..config.follow
        },
        ..config
    }
}

pub(crate) fn approved(company_id: &str, charged: Money) -> GatewayAnswer {
    GatewayAnswer::Approved {
        gateway_transaction_id: company_id.to_owned(),
        charged,
    }
}

pub(crate) fn won(amount: i64) -> Money {
    Money::new(amount, Currency::Krw).expect("an amount")
}

pub(crate) fn ann() -> UserId {
    "ann".parse().expect("a user id")
}

fn pieces(quantity: u32) -> Quantity {
    Quantity::new(quantity).expect("a quantity")
}
