//! A shop that has seen some of everything, in a database of its own, and ways to damage it.

use auditor::{Findings, Pass};
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
use event_store::{Command, CommandId, Context, EventStore, Fingerprint, StoreConfig};
use invariants::Invariant;
use sqlx::PgPool;
use testkit::TestDatabase;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// What a piece costs.
pub(crate) const PRICE: i64 = 1_000;

pub(crate) struct Shop {
    database: TestDatabase,
    pub(crate) store: EventStore,
    pub(crate) owner: PgPool,
    stop: CancellationToken,
    /// The clock: well before now, unless a test says otherwise, so that nothing is under way.
    pub(crate) now: DateTime<Utc>,
}

impl Shop {
    pub(crate) async fn open() -> Self {
        Self::open_with(StoreConfig::default()).await
    }

    pub(crate) async fn open_with(config: StoreConfig) -> Self {
        let database = TestDatabase::create().await;
        let stop = CancellationToken::new();
        let app = database.app_pool().await;
        let store = EventStore::open(app, config, stop.clone())
            .await
            .expect("the store opens");
        Self {
            owner: database.owner_pool().await,
            database,
            store,
            stop,
            now: Utc::now(),
        }
    }

    pub(crate) async fn close(self) {
        self.stop.cancel();
        self.owner.close().await;
        self.database.drop_now().await;
    }

    /// What a pass over the log finds.
    pub(crate) async fn audit(&self) -> Findings {
        self.pass().await.findings().clone()
    }

    pub(crate) async fn pass(&self) -> Pass {
        let head = self.store.log().head().await.expect("the head");
        let mut pass = Pass::new(self.owner.clone());
        pass.run(head).await.expect("the pass");
        assert_eq!(pass.shop().position(), head);
        assert_eq!(pass.progress().position(), head);
        pass
    }

    /// Something that only the owner may do; says what was broken by it, and undoes it.
    pub(crate) async fn broken_by(&self, damage: &str) -> Vec<Invariant> {
        let before = self.audit().await;
        assert_eq!(before, Findings::default(), "whole before: {damage}");
        self.as_owner(
            "CREATE TABLE saved_events AS TABLE event_store.events;
             CREATE TABLE saved_commands AS TABLE event_store.commands",
        )
        .await;
        self.as_owner(damage).await;
        let found = self.audit().await;
        self.as_owner(
            "TRUNCATE event_store.events, event_store.commands;
             INSERT INTO event_store.events SELECT * FROM saved_events ORDER BY position;
             INSERT INTO event_store.commands SELECT * FROM saved_commands ORDER BY position;
             DROP TABLE saved_events, saved_commands",
        )
        .await;
        found.broken()
    }

    pub(crate) async fn as_owner(&self, sql: &str) {
        sqlx::raw_sql(sql)
            .execute(&self.owner)
            .await
            .expect("the owner may");
    }

    pub(crate) async fn execute(&self, operation: impl Operation + 'static) -> serde_json::Value {
        let context = Context {
            principal: "tester".to_owned(),
            correlation_id: Uuid::now_v7(),
            causation_id: None,
            occurred_at: self.now,
        };
        let fingerprint = Fingerprint::of(&[format!("{operation:?}").as_bytes()]);
        let command = Command::new(
            CommandId::new(Uuid::now_v7()),
            fingerprint,
            operation,
            context,
        );
        let outcome = self.store.execute(command).await.expect("an outcome");
        assert_eq!(outcome.status, 200, "{}", outcome.body);
        serde_json::from_str(&outcome.body).expect("JSON")
    }

    pub(crate) async fn product(&self, pieces: u32) -> ProductId {
        let product_id = ProductId::new(Uuid::now_v7());
        let details = ProductDetails {
            name: "kettle".to_owned(),
            category: "kitchen".to_owned(),
            brand: "Acme".to_owned(),
            description: None,
            images: vec![],
        };
        let price = won(PRICE);
        for command in [
            ProductCommand::Create { details, price },
            ProductCommand::PutOnSale,
        ] {
            self.execute(ChangeProduct {
                product_id,
                command,
            })
            .await;
        }
        self.receive(product_id, pieces).await;
        product_id
    }

    pub(crate) async fn receive(&self, product_id: ProductId, pieces: u32) {
        self.execute(ReceiveStock {
            product_id,
            warehouse: "seoul".parse().expect("a warehouse"),
            quantity: Quantity::new(pieces).expect("a quantity"),
        })
        .await;
    }

    pub(crate) async fn order(
        &self,
        user: &str,
        product_id: ProductId,
        coupon: Option<CouponCode>,
    ) -> OrderId {
        let order_id = OrderId::new(Uuid::now_v7());
        self.execute(PlaceOrder {
            order_id,
            user_id: user_id(user),
            items: vec![OrderItem {
                order_item_id: OrderItemId::new(Uuid::now_v7()),
                product_id,
                quantity: Quantity::new(2).expect("a quantity"),
            }],
            coupon,
            now: self.now,
            payment_due_at: self.now + TimeDelta::minutes(15),
        })
        .await;
        order_id
    }

    pub(crate) async fn start_payment(&self, user: &str, order_id: OrderId) -> PaymentId {
        let payment_id = PaymentId::new(Uuid::now_v7());
        self.execute(RequestPayment {
            payment_id,
            order_id,
            user_id: user_id(user),
            gateway: "mock".to_owned(),
            token: "token".to_owned(),
            method_id: None,
            points: Points::ZERO,
            coupon: None,
            now: self.now,
            confirmation_due_at: self.now + TimeDelta::minutes(30),
        })
        .await;
        payment_id
    }

    pub(crate) async fn settle(&self, payment_id: PaymentId, answer: GatewayAnswer) {
        self.execute(SettlePayment {
            payment_id,
            answer,
            refund_id: RefundId::new(Uuid::now_v7()),
            now: self.now,
            confirmation_due_at: self.now + TimeDelta::minutes(30),
            inquiries: RetrySchedule::default(),
            out_of_turn: false,
            asked_at: u32::MAX,
            deposit_window: domain::checkout::DEPOSIT_WINDOW_DEFAULT,
        })
        .await;
    }

    pub(crate) async fn pay(&self, user: &str, order_id: OrderId, amount: i64) -> PaymentId {
        let payment_id = self.start_payment(user, order_id).await;
        let charged = won(amount);
        let gateway_transaction_id = format!("charge {payment_id}");
        self.settle(
            payment_id,
            GatewayAnswer::Approved {
                gateway_transaction_id,
                charged,
            },
        )
        .await;
        payment_id
    }

    pub(crate) async fn cancel(&self, user: &str, order_id: OrderId) -> RefundId {
        let refund_id = RefundId::new(Uuid::now_v7());
        self.execute(CancelOrder {
            order_id,
            by: AskedBy::User(user_id(user)),
            reason: "changed my mind".to_owned(),
            refund_id,
        })
        .await;
        refund_id
    }

    pub(crate) async fn refund(&self, payment_id: PaymentId, refund_id: RefundId) {
        self.execute(SettleRefund {
            payment_id,
            refund_id,
            answer: RefundAnswer::Done,
            now: self.now,
            attempts: RetrySchedule::default(),
        })
        .await;
    }

    pub(crate) async fn coupon_pool(&self, quantity: u32) -> CouponPoolId {
        let pool_id = CouponPoolId::new(Uuid::now_v7());
        self.execute(CreateCouponPool {
            pool_id,
            name: "spring".to_owned(),
            quantity,
            discount: DiscountRule::Fixed { amount: won(100) },
            valid_from: self.now,
            valid_until: self.now + TimeDelta::days(1),
        })
        .await;
        pool_id
    }

    pub(crate) async fn claim(&self, user: &str, pool_id: CouponPoolId) -> CouponCode {
        let body = self
            .execute(ClaimCoupon {
                pool_id,
                user_id: user_id(user),
                now: self.now,
            })
            .await;
        let code = body["code"].as_str().expect("a code");
        code.parse().expect("a coupon code")
    }

    /// One of everything: sold with a coupon, cancelled paid and unpaid, declined, late, and one open.
    pub(crate) async fn live(&self) -> Lived {
        let product = self.product(100).await;
        let pool = self.coupon_pool(2).await;
        let code = self.claim("ann", pool).await;
        let sold = self.order("ann", product, Some(code)).await;
        let sold_by = self.pay("ann", sold, 2 * PRICE - 100).await;
        self.execute(domain::checkout::ConfirmOrder {
            order_id: sold,
            lot_id: domain::LotId::new(Uuid::now_v7()),
            earning: domain::points::EarningPolicy::default(),
            now: self.now,
        })
        .await;
        let cancelled = self.order("bob", product, None).await;
        let refunded = self.pay("bob", cancelled, 2 * PRICE).await;
        let refund = self.cancel("bob", cancelled).await;
        self.refund(refunded, refund).await;
        let declined = self.order("cid", product, None).await;
        let payment = self.start_payment("cid", declined).await;
        let (code, message) = ("CARD_DECLINED".to_owned(), "no".to_owned());
        self.settle(payment, GatewayAnswer::Declined { code, message })
            .await;
        let late = self.order("dan", product, None).await;
        let payment = self.start_payment("dan", late).await;
        self.cancel("dan", late).await;
        let charged = won(2 * PRICE);
        let gateway_transaction_id = "late".to_owned();
        self.settle(
            payment,
            GatewayAnswer::Approved {
                gateway_transaction_id,
                charged,
            },
        )
        .await;
        let open = self.order("eve", product, None).await;
        Lived {
            product,
            pool,
            sold,
            sold_by,
            refunded,
            open,
        }
    }
}

/// What the shop has seen.
pub(crate) struct Lived {
    pub(crate) product: ProductId,
    pub(crate) pool: CouponPoolId,
    pub(crate) sold: OrderId,
    pub(crate) sold_by: PaymentId,
    pub(crate) refunded: PaymentId,
    pub(crate) open: OrderId,
}

pub(crate) fn won(amount: i64) -> Money {
    Money::new(amount, Currency::Krw).expect("an amount")
}

fn user_id(user: &str) -> UserId {
    user.parse().expect("a user id")
}

/// SQL that writes an event around the append function, as a command of its own with its outcome: nothing
/// is wrong with it but what it says.
pub(crate) fn by_hand(stream: (&str, impl ToString), event: &str, payload: &str) -> String {
    let (aggregate_type, aggregate_id) = (stream.0, stream.1.to_string());
    let command = Uuid::now_v7();
    let id = event_store::event_id(command, 0);
    let at = Utc::now().to_rfc3339();
    format!(
        r#"INSERT INTO event_store.events
           SELECT '{aggregate_type}', '{aggregate_id}',
                  (SELECT coalesce(max(sequence), 0) + 1 FROM event_store.events
                    WHERE aggregate_type = '{aggregate_type}' AND aggregate_id = '{aggregate_id}'),
                  '{event}', '1', '{{"{event}":{payload}}}',
                  '{{"eventId":"{id}","commandId":"{command}","occurredAt":"{at}"}}',
                  (SELECT max(position) + 1 FROM event_store.events), now();
           INSERT INTO event_store.commands
           SELECT '{command}', '\x00', 200, '{{}}', max(position), now() FROM event_store.events;"#
    )
}
