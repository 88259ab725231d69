//! What buyers and operators do, as the command API would.

use chrono::{DateTime, TimeDelta, Utc};
use domain::checkout::{AskedBy, CancelOrder, OrderItem, PlaceOrder, RequestPayment};
use domain::coupon_pool::{CouponPool, CreateCouponPool, DiscountRule};
use domain::inventory::{Inventory, ReceiveStock};
use domain::order::{Order, OrderStatus};
use domain::payment::{Payment, PaymentStatus, RequestedPayment};
use domain::points::Points;
use domain::product::{ChangeProduct, ProductCommand, ProductDetails};
use domain::{
    CouponPoolId, Currency, Money, Operation, OrderId, OrderItemId, PaymentId, PaymentMethodId,
    Quantity, RefundId, UserId,
};
use event_store::{Command, CommandId, Context, Fingerprint};
use processes::Clock;
use testkit::eventually;
use uuid::Uuid;

use super::Shop;

/// What a piece costs, in won.
pub(crate) const PRICE: i64 = 12_900;
/// How many pieces there are at first.
pub(crate) const STOCK: u64 = 10_000;
/// How long an order waits for its payment (RS-05).
const PAYMENT_LIMIT: TimeDelta = TimeDelta::minutes(15);

/// An order of one piece and its payment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sale {
    pub(crate) order_id: OrderId,
    pub(crate) payment_id: PaymentId,
}

impl Shop {
    pub(super) async fn fill_the_shelves(&mut self) {
        let details = ProductDetails {
            name: "A kettle".to_owned(),
            category: "kitchen".to_owned(),
            brand: "Acme".to_owned(),
            description: None,
            images: vec![],
        };
        let price = Money::new(PRICE, Currency::Krw).expect("a price");
        for command in [
            ProductCommand::Create { details, price },
            ProductCommand::PutOnSale,
        ] {
            let product_id = self.product_id;
            self.accepted(ChangeProduct {
                product_id,
                command,
            })
            .await;
        }
        self.accepted(ReceiveStock {
            product_id: self.product_id,
            warehouse: "seoul".parse().expect("a warehouse"),
            quantity: Quantity::new(u32::try_from(STOCK).expect("fits")).expect("a quantity"),
        })
        .await;
    }

    /// Has an operation carried out that nothing forbids.
    pub(crate) async fn accepted(&self, operation: impl Operation + 'static) {
        let name = operation.name();
        let context = Context {
            principal: "tester".to_owned(),
            correlation_id: Uuid::now_v7(),
            causation_id: None,
            occurred_at: self.clock.now(),
        };
        let id = CommandId::new(Uuid::now_v7());
        let fingerprint = Fingerprint::of(&[id.uuid().as_bytes()]);
        let command = Command::new(id, fingerprint, operation, context);
        let outcome = self.store.execute(command).await.expect("an outcome");
        assert_eq!(outcome.status, 200, "{name}: {}", outcome.body);
    }

    /// Orders one piece.
    pub(crate) async fn place(&self) -> OrderId {
        let order_id = OrderId::new(Uuid::now_v7());
        let now = self.clock.now();
        let item = OrderItem {
            order_item_id: OrderItemId::new(Uuid::now_v7()),
            product_id: self.product_id,
            quantity: Quantity::new(1).expect("a quantity"),
        };
        self.accepted(PlaceOrder {
            order_id,
            user_id: buyer(),
            items: vec![item],
            coupon: None,
            now,
            payment_due_at: now + PAYMENT_LIMIT,
        })
        .await;
        order_id
    }

    pub(crate) async fn pay(&self, order_id: OrderId, gateway: &str, token: &str) -> Sale {
        let payment_id = PaymentId::new(Uuid::now_v7());
        let now = self.clock.now();
        self.accepted(RequestPayment {
            payment_id,
            order_id,
            user_id: buyer(),
            gateway: gateway.to_owned(),
            token: token.to_owned(),
            method_id: None,
            points: Points::ZERO,
            coupon: None,
            now,
            confirmation_due_at: now,
        })
        .await;
        Sale {
            order_id,
            payment_id,
        }
    }

    pub(crate) async fn place_and_pay(&self, token: &str) -> Sale {
        let order_id = self.place().await;
        self.pay(order_id, "mock", token).await
    }

    /// Orders one piece, to be charged by a saved payment method.
    pub(crate) async fn place_and_pay_by(&self, method_id: PaymentMethodId) -> Sale {
        let order_id = self.place().await;
        let payment_id = PaymentId::of_order(order_id);
        let now = self.clock.now();
        self.accepted(RequestPayment {
            payment_id,
            order_id,
            user_id: buyer(),
            gateway: "mock".to_owned(),
            token: String::new(),
            method_id: Some(method_id),
            points: Points::ZERO,
            coupon: None,
            now,
            confirmation_due_at: now,
        })
        .await;
        Sale {
            order_id,
            payment_id,
        }
    }

    pub(crate) async fn cancel(&self, order_id: OrderId) {
        self.accepted(CancelOrder {
            order_id,
            by: AskedBy::User(buyer()),
            reason: "another one was cheaper".to_owned(),
            refund_id: RefundId::new(Uuid::now_v7()),
        })
        .await;
    }

    pub(crate) async fn create_coupon_pool(&self, valid_until: DateTime<Utc>) -> CouponPoolId {
        let pool_id = CouponPoolId::new(Uuid::now_v7());
        let percent = 10;
        self.accepted(CreateCouponPool {
            pool_id,
            name: "Spring".to_owned(),
            quantity: 10,
            discount: DiscountRule::Percent {
                percent,
                max_amount: None,
            },
            valid_from: self.clock.now(),
            valid_until,
        })
        .await;
        pool_id
    }

    /// How many events the pool has: its state does not say whether it is closed.
    pub(crate) async fn coupon_pool_events(&self, pool_id: CouponPoolId) -> u64 {
        self.store
            .load::<CouponPool>(pool_id)
            .await
            .expect("the pool")
            .1
    }

    pub(crate) async fn order_status(&self, order_id: OrderId) -> OrderStatus {
        let (order, _) = self.store.load::<Order>(order_id).await.expect("the order");
        order.placed().expect("it was placed").status
    }

    pub(crate) async fn payment(&self, payment_id: PaymentId) -> RequestedPayment {
        let (payment, _) = self
            .store
            .load::<Payment>(payment_id)
            .await
            .expect("the payment");
        payment.requested().expect("it was requested").clone()
    }

    /// Stock, and what of it is reserved.
    pub(crate) async fn stock(&self) -> (u64, u64) {
        let inventory = self.store.load::<Inventory>(self.product_id).await;
        let (inventory, _) = inventory.expect("the inventory");
        (inventory.stock(), inventory.reserved())
    }

    pub(crate) async fn until_order(&self, order_id: OrderId, status: OrderStatus) {
        eventually(&format!("order {order_id} is {status:?}"), async || {
            (self.order_status(order_id).await == status).then_some(())
        })
        .await;
    }

    pub(crate) async fn until_payment(&self, payment_id: PaymentId, status: PaymentStatus) {
        eventually(&format!("payment {payment_id} is {status:?}"), async || {
            (self.payment(payment_id).await.status == status).then_some(())
        })
        .await;
    }

    /// Waits until an action's row says that it failed so often.
    pub(crate) async fn until_failed(&self, times: usize) {
        let times = i32::try_from(times).expect("a few");
        eventually(
            &format!("an action that failed {times} times"),
            async || {
                let most =
                    "SELECT max(attempts) FROM processes.actions WHERE name = 'confirm-payment'";
                let most: Option<i32> = sqlx::query_scalar(most)
                    .fetch_one(&self.owner)
                    .await
                    .expect("the agenda can be read");
                (most >= Some(times)).then_some(())
            },
        )
        .await;
    }

    /// Waits until an action has failed with these words.
    pub(crate) async fn until_it_waits_because(&self, words: &str) {
        eventually(&format!("an action waits: {words}"), async || {
            let actions = self.actions().await;
            let says = |error: &Option<String>| error.as_ref().is_some_and(|e| e.contains(words));
            let waiting = actions.iter().find(|action| says(&action.last_error))?;
            assert!(!waiting.is_parked, "{waiting:?}");
            Some(())
        })
        .await;
    }

    /// Waits until its outcome was found unknown so often.
    pub(crate) async fn until_inquired(&self, payment_id: PaymentId, inquiries: u32) {
        eventually(
            &format!("{inquiries} inquiries of {payment_id}"),
            async || {
                let payment = self.payment(payment_id).await;
                (payment.status == PaymentStatus::Unknown && payment.inquiries >= inquiries)
                    .then_some(())
            },
        )
        .await;
    }
}

pub(crate) fn buyer() -> UserId {
    "buyer-1".parse().expect("a user")
}
