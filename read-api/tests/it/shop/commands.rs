//! Making things happen, as the write side does.

use chrono::{DateTime, Duration, Utc};
use domain::checkout::{
    AskedBy, CancelOrder, GatewayAnswer, OrderItem, PlaceOrder, RequestPayment, RetrySchedule,
    SettlePayment,
};
use domain::coupon_pool::{ClaimCoupon, CreateCouponPool, DiscountRule};
use domain::inventory::ReceiveStock;
use domain::points::Points;
use domain::product::{ChangeProduct, ProductCommand, ProductDetails};
use domain::{
    CouponCode, CouponPoolId, Currency, Money, Operation, OrderId, OrderItemId, PaymentId,
    ProductId, Quantity, RefundId,
};
use event_store::{Command, CommandId, Context, Fingerprint};
use serde_json::Value;
use uuid::Uuid;

use super::Shop;

/// What every payment here is made with: it must not be seen in any answer.
pub(crate) const TOKEN: &str = "tok_approve_7f3a";

/// An order that is paid.
pub(crate) struct PaidOrder {
    pub(crate) order_id: Uuid,
    pub(crate) payment_id: Uuid,
    pub(crate) position: u64,
}

impl Shop {
    /// Executes an operation; gives its reply and the position that it reached.
    pub(crate) async fn execute(&self, operation: impl Operation + 'static) -> (Value, u64) {
        let context = Context {
            principal: "tester".to_owned(),
            correlation_id: Uuid::now_v7(),
            causation_id: None,
            occurred_at: now(),
        };
        let fingerprint = Fingerprint::of(&[format!("{operation:?}").as_bytes()]);
        let command = Command::new(
            CommandId::new(Uuid::now_v7()),
            fingerprint,
            operation,
            context,
        );
        let outcome = self
            .store
            .execute(command)
            .await
            .expect("the store decides");
        assert!(outcome.status < 300, "refused: {}", outcome.body);
        (
            serde_json::from_str(&outcome.body).expect("it is JSON"),
            outcome.position,
        )
    }

    pub(crate) async fn create_product(
        &self,
        name: &str,
        category: &str,
        brand: &str,
        won: i64,
    ) -> (Uuid, u64) {
        let id = Uuid::now_v7();
        let details = ProductDetails {
            name: name.to_owned(),
            category: category.to_owned(),
            brand: brand.to_owned(),
            description: None,
            images: vec!["https://img.example/1.jpg".to_owned()],
        };
        let create = ProductCommand::Create {
            details,
            price: krw(won),
        };
        let (_, position) = self.change_product(id, create).await;
        (id, position)
    }

    pub(crate) async fn change_product(&self, id: Uuid, command: ProductCommand) -> (Value, u64) {
        self.execute(ChangeProduct {
            product_id: ProductId::new(id),
            command,
        })
        .await
    }

    pub(crate) async fn receive(&self, product_id: Uuid, warehouse: &str, pieces: u32) -> u64 {
        let receive = ReceiveStock {
            product_id: ProductId::new(product_id),
            warehouse: warehouse.parse().expect("a warehouse"),
            quantity: Quantity::new(pieces).expect("a quantity"),
        };
        self.execute(receive).await.1
    }

    /// A product on sale, with this many pieces in Seoul.
    pub(crate) async fn product_on_sale(&self, name: &str, won: i64, pieces: u32) -> Uuid {
        let (id, _) = self.create_product(name, "tea", "Osulloc", won).await;
        self.receive(id, "seoul", pieces).await;
        self.change_product(id, ProductCommand::PutOnSale).await;
        id
    }

    pub(crate) async fn place(
        &self,
        user: &str,
        items: &[(Uuid, u32)],
        coupon: Option<CouponCode>,
    ) -> (Uuid, u64) {
        let order_id = Uuid::now_v7();
        let items = items.iter().map(|(product_id, pieces)| OrderItem {
            order_item_id: OrderItemId::new(Uuid::now_v7()),
            product_id: ProductId::new(*product_id),
            quantity: Quantity::new(*pieces).expect("a quantity"),
        });
        let place = PlaceOrder {
            order_id: OrderId::new(order_id),
            user_id: user.parse().expect("a user"),
            items: items.collect(),
            coupon,
            now: now(),
            payment_due_at: now() + Duration::minutes(15),
        };
        (order_id, self.execute(place).await.1)
    }

    pub(crate) async fn request_payment(&self, user: &str, order_id: Uuid) -> (Uuid, u64) {
        let payment_id = Uuid::now_v7();
        let request = RequestPayment {
            payment_id: PaymentId::new(payment_id),
            order_id: OrderId::new(order_id),
            user_id: user.parse().expect("a user"),
            gateway: "mock".to_owned(),
            token: TOKEN.to_owned(),
            method_id: None,
            points: Points::ZERO,
            coupon: None,
            now: now(),
            confirmation_due_at: now() + Duration::minutes(30),
        };
        (payment_id, self.execute(request).await.1)
    }

    pub(crate) async fn settle(&self, payment_id: Uuid, answer: GatewayAnswer) -> u64 {
        let settle = SettlePayment {
            payment_id: PaymentId::new(payment_id),
            answer,
            refund_id: RefundId::new(Uuid::now_v7()),
            now: now(),
            confirmation_due_at: now() + Duration::minutes(30),
            inquiries: RetrySchedule::default(),
            out_of_turn: false,
            asked_at: u32::MAX,
            deposit_window: domain::checkout::DEPOSIT_WINDOW_DEFAULT,
        };
        self.execute(settle).await.1
    }

    /// Places an order and pays it.
    pub(crate) async fn buy(&self, user: &str, items: &[(Uuid, u32)], won: i64) -> PaidOrder {
        let (order_id, _) = self.place(user, items, None).await;
        let (payment_id, _) = self.request_payment(user, order_id).await;
        let answer = GatewayAnswer::Approved {
            gateway_transaction_id: format!("mock-{payment_id}"),
            charged: krw(won),
        };
        let position = self.settle(payment_id, answer).await;
        PaidOrder {
            order_id,
            payment_id,
            position,
        }
    }

    pub(crate) async fn cancel(&self, user: &str, order_id: Uuid) -> u64 {
        let cancel = CancelOrder {
            order_id: OrderId::new(order_id),
            by: AskedBy::User(user.parse().expect("a user")),
            reason: "changed my mind".to_owned(),
            refund_id: RefundId::new(Uuid::now_v7()),
        };
        self.execute(cancel).await.1
    }

    pub(crate) async fn create_coupon_pool(&self, name: &str, quantity: u32) -> (Uuid, u64) {
        let pool_id = Uuid::now_v7();
        let create = CreateCouponPool {
            pool_id: CouponPoolId::new(pool_id),
            name: name.to_owned(),
            quantity,
            discount: DiscountRule::Fixed { amount: krw(700) },
            valid_from: now() - Duration::hours(1),
            valid_until: now() + Duration::hours(1),
        };
        (pool_id, self.execute(create).await.1)
    }

    pub(crate) async fn claim(&self, user: &str, pool_id: Uuid) -> (CouponCode, u64) {
        let claim = ClaimCoupon {
            pool_id: CouponPoolId::new(pool_id),
            user_id: user.parse().expect("a user"),
            now: now(),
        };
        let (reply, position) = self.execute(claim).await;
        let code = reply["code"]
            .as_str()
            .expect("a code")
            .parse()
            .expect("a code");
        (code, position)
    }
}

pub(crate) fn krw(amount: i64) -> Money {
    Money::new(amount, Currency::Krw).expect("an amount")
}

/// To the microsecond, as PostgreSQL keeps it.
fn now() -> DateTime<Utc> {
    DateTime::from_timestamp_micros(Utc::now().timestamp_micros()).expect("now is a time")
}
