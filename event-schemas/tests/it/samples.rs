//! A sample of every domain event.

use chrono::{DateTime, Utc};
use cqrs_es::DomainEvent as _;
use domain::inventory::{Allocation, InventoryEvent};
use domain::order::{CancelReason, Discount, OrderEvent, OrderLine, RefundedLine};
use domain::product::{ProductDetails, ProductEvent};
use domain::{
    CouponCode, CouponPoolId, Currency, DomainEvent, Money, OrderId, OrderItemId, PaymentId,
    ProductId, Recorded, RefundId, UserId, WarehouseId,
};
use event_schemas::{PRIVATE_EVENT_TYPES, publish};
use uuid::Uuid;

use crate::coupon_samples::coupon_events;
use crate::payment_method_samples::payment_method_events;
use crate::payment_samples::{payment_events, waiting_events};
use crate::points_samples::points_events;

/// How many kinds of domain event there are: [`kind`] numbers them.
const KINDS: usize = 56;

/// Every domain event by a number of its own. Without a wildcard, so that a new event does not compile
/// here until it has a number; then the tests ask for its sample.
fn kind(event: &DomainEvent) -> usize {
    use domain::coupon_pool::CouponPoolEvent as C;
    use domain::payment::PaymentEvent as P;
    use domain::payment_method::PaymentMethodEvent as M;
    use domain::points::PointsEvent as L;
    use {InventoryEvent as I, OrderEvent as O, ProductEvent as D};
    match event {
        DomainEvent::Order(O::OrderPlaced { .. }) => 0,
        DomainEvent::Order(O::OrderDiscounted { .. }) => 1,
        DomainEvent::Order(O::OrderPaymentStarted { .. }) => 2,
        DomainEvent::Order(O::OrderPaid { .. }) => 3,
        DomainEvent::Order(O::OrderConfirmed {}) => 4,
        DomainEvent::Order(O::OrderShipped {}) => 5,
        DomainEvent::Order(O::OrderDelivered {}) => 6,
        DomainEvent::Order(O::OrderCancelled { .. }) => 7,
        DomainEvent::Inventory(I::StockReceived { .. }) => 8,
        DomainEvent::Inventory(I::StockAdjusted { .. }) => 9,
        DomainEvent::Inventory(I::StockReserved { .. }) => 10,
        DomainEvent::Inventory(I::StockDeducted { .. }) => 11,
        DomainEvent::Inventory(I::StockReleased { .. }) => 12,
        DomainEvent::Inventory(I::StockReturned { .. }) => 13,
        DomainEvent::CouponPool(C::CouponPoolCreated { .. }) => 14,
        DomainEvent::CouponPool(C::CouponIssued { .. }) => 15,
        DomainEvent::CouponPool(C::CouponHeld { .. }) => 16,
        DomainEvent::CouponPool(C::CouponUsed { .. }) => 17,
        DomainEvent::CouponPool(C::CouponReleased { .. }) => 18,
        DomainEvent::CouponPool(C::CouponGivenBack { .. }) => 19,
        DomainEvent::CouponPool(C::CouponPoolClosed {}) => 20,
        DomainEvent::Payment(P::PaymentRequested { .. }) => 21,
        DomainEvent::Payment(P::PaymentOutcomeUnknown { .. }) => 22,
        DomainEvent::Payment(P::PaymentSucceeded { .. }) => 23,
        DomainEvent::Payment(P::PaymentFailed { .. }) => 24,
        DomainEvent::Payment(P::PaymentMismatched { .. }) => 25,
        DomainEvent::Payment(P::PaymentRefundRequested { .. }) => 26,
        DomainEvent::Payment(P::PaymentRefundDelayed { .. }) => 27,
        DomainEvent::Payment(P::PaymentRefunded { .. }) => 28,
        DomainEvent::Product(D::ProductCreated { .. }) => 29,
        DomainEvent::Product(D::ProductDescribed { .. }) => 30,
        DomainEvent::Product(D::ProductRepriced { .. }) => 31,
        DomainEvent::Product(D::ProductPutOnSale {}) => 32,
        DomainEvent::Product(D::ProductMarkedSoldOut {}) => 33,
        DomainEvent::Order(O::OrderPointsApplied { .. }) => 34,
        DomainEvent::Order(O::OrderRefundStarted { .. }) => 35,
        DomainEvent::Order(O::OrderRefunded { .. }) => 36,
        DomainEvent::PaymentMethod(M::PaymentMethodRequested { .. }) => 48,
        DomainEvent::PaymentMethod(M::PaymentMethodRegistrationDelayed { .. }) => 49,
        DomainEvent::PaymentMethod(M::PaymentMethodRegistrationFailed { .. }) => 50,
        DomainEvent::PaymentMethod(M::PaymentMethodRegistered { .. }) => 51,
        DomainEvent::PaymentMethod(M::PaymentMethodMadeDefault { .. }) => 52,
        DomainEvent::PaymentMethod(M::PaymentMethodDeleted { .. }) => 53,
        DomainEvent::PaymentMethod(M::PaymentMethodErasureDelayed { .. }) => 54,
        DomainEvent::PaymentMethod(M::PaymentMethodErased { .. }) => 55,
        DomainEvent::Points(L::PointsEarned { .. }) => 37,
        DomainEvent::Points(L::PointsHeld { .. }) => 38,
        DomainEvent::Points(L::PointsSpent { .. }) => 39,
        DomainEvent::Points(L::PointsReleased { .. }) => 40,
        DomainEvent::Points(L::PointsReturned { .. }) => 41,
        DomainEvent::Points(L::PointsTakenBack { .. }) => 42,
        DomainEvent::Points(L::PointsExpired { .. }) => 43,
        DomainEvent::Points(L::PointsAdjusted { .. }) => 44,
        DomainEvent::Payment(P::PaymentDepositAwaited { .. }) => 45,
        DomainEvent::Payment(P::PaymentInquiryRequested { .. }) => 46,
        DomainEvent::Payment(P::PaymentReviewRequired { .. }) => 47,
    }
}

#[test]
fn the_samples_have_every_domain_event() {
    let mut seen: Vec<_> = samples().iter().map(|s| kind(&s.event)).collect();
    seen.dedup();
    assert_eq!(seen, (0..KINDS).collect::<Vec<_>>());
}

#[test]
fn what_is_private_is_listed() {
    for sample in samples() {
        let event_type = match &sample.event {
            DomainEvent::Order(event) => event.event_type(),
            DomainEvent::Inventory(event) => event.event_type(),
            DomainEvent::CouponPool(event) => event.event_type(),
            DomainEvent::Payment(event) => event.event_type(),
            DomainEvent::PaymentMethod(event) => event.event_type(),
            DomainEvent::Points(event) => event.event_type(),
            DomainEvent::Product(event) => event.event_type(),
        };
        let is_listed = PRIVATE_EVENT_TYPES.contains(&event_type.as_str());
        assert_eq!(publish(&sample).is_none(), is_listed, "{event_type}");
    }
}

/// At least one of each, those with options once with and once without; always the same.
pub(crate) fn samples() -> Vec<Recorded> {
    let of = |aggregate: Uuid| move |event| (aggregate, event);
    let events = order_events()
        .into_iter()
        .map(DomainEvent::Order)
        .map(of(order().uuid()))
        .chain(
            inventory_events()
                .into_iter()
                .map(DomainEvent::Inventory)
                .map(of(product().uuid())),
        )
        .chain(
            coupon_events()
                .into_iter()
                .map(DomainEvent::CouponPool)
                .map(of(pool().uuid())),
        )
        .chain(
            payment_events()
                .into_iter()
                .map(DomainEvent::Payment)
                .map(of(payment().uuid())),
        )
        .chain(
            product_events()
                .into_iter()
                .map(DomainEvent::Product)
                .map(of(product().uuid())),
        )
        .chain(
            refund_events()
                .into_iter()
                .map(DomainEvent::Order)
                .map(of(order().uuid())),
        );
    let methods = payment_method_events().into_iter();
    let methods = methods.map(|event| (user().to_string(), DomainEvent::PaymentMethod(event)));
    let of_users = points_events().into_iter().map(DomainEvent::Points);
    let of_users = of_users.map(|event| (user().to_string(), event));
    let events = events.map(|(aggregate, event)| (aggregate.to_string(), event));
    let waiting = waiting_events().into_iter().map(DomainEvent::Payment);
    let waiting = waiting.map(|event| (payment().to_string(), event));
    (1..)
        .zip(events.chain(of_users).chain(waiting).chain(methods))
        .map(|(position, (aggregate, event))| recorded(position, aggregate, event))
        .collect()
}

pub(crate) fn recorded(position: u64, aggregate_id: impl ToString, event: DomainEvent) -> Recorded {
    Recorded {
        position,
        event_id: Uuid::from_u128(0x0193_0000_0000_7000_8000_0000_0000_0000 + u128::from(position)),
        aggregate_id: aggregate_id.to_string(),
        sequence: position,
        occurred_at: moment("2025-03-01T09:30:00.123Z"),
        event,
    }
}

pub(crate) fn moment(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn id(number: u128) -> Uuid {
    Uuid::from_u128(0x0193_aaaa_bbbb_7ccc_8ddd_0000_0000_0000 + number)
}

pub(crate) fn order() -> OrderId {
    OrderId::new(id(1))
}

pub(crate) fn product() -> ProductId {
    ProductId::new(id(2))
}

pub(crate) fn payment() -> PaymentId {
    PaymentId::new(id(3))
}

pub(crate) fn refund() -> RefundId {
    RefundId::new(Uuid::from_u128(0x0193_ffff_0000_7000_8000_0000_0000_0001))
}

pub(crate) fn pool() -> CouponPoolId {
    CouponPoolId::new(id(4))
}

pub(crate) fn code() -> CouponCode {
    CouponCode::new(pool(), 42)
}

pub(crate) fn user() -> UserId {
    "user-7".parse().unwrap()
}

pub(crate) fn krw(amount: i64) -> Money {
    Money::new(amount, Currency::Krw).unwrap()
}

pub(crate) fn usd(amount: i64) -> Money {
    Money::new(amount, Currency::Usd).unwrap()
}

pub(crate) fn allocation(warehouse: &str, quantity: u32) -> Allocation {
    let warehouse: WarehouseId = warehouse.parse().unwrap();
    Allocation {
        warehouse,
        quantity,
    }
}

fn line(number: u128, quantity: u32, price: i64) -> OrderLine {
    OrderLine {
        order_item_id: OrderItemId::new(id(100 + number)),
        product_id: ProductId::new(id(200 + number)),
        name: format!("상품 {number}"),
        quantity,
        unit_price: krw(price),
        amount: krw(price).times(quantity).unwrap(),
        allocations: vec![allocation("seoul", quantity)],
    }
}

fn order_events() -> Vec<OrderEvent> {
    let discount = Discount {
        code: code(),
        amount: krw(3_000),
    };
    let due = moment("2025-03-01T09:45:00Z");
    vec![
        OrderEvent::OrderPlaced {
            user_id: user(),
            lines: vec![line(1, 2, 12_900), line(2, 1, 4_200)],
            subtotal: krw(30_000),
            discount: None,
            total: krw(30_000),
            payment_due_at: due,
        },
        OrderEvent::OrderPlaced {
            user_id: user(),
            lines: vec![line(1, 1, 12_900)],
            subtotal: krw(12_900),
            discount: Some(discount.clone()),
            total: krw(9_900),
            payment_due_at: due,
        },
        OrderEvent::OrderDiscounted {
            discount,
            total: krw(27_000),
        },
        OrderEvent::OrderPaymentStarted {
            payment_id: payment(),
        },
        OrderEvent::OrderPaid {
            payment_id: payment(),
            confirmation_due_at: due,
        },
        OrderEvent::OrderConfirmed {},
        OrderEvent::OrderShipped {},
        OrderEvent::OrderDelivered {},
        OrderEvent::OrderCancelled {
            reason: CancelReason::PaymentFailed {
                code: "CARD_DECLINED".to_owned(),
            },
            was_paid: false,
        },
        OrderEvent::OrderCancelled {
            reason: CancelReason::PaymentTimedOut,
            was_paid: false,
        },
        OrderEvent::OrderCancelled {
            reason: CancelReason::Requested {
                reason: "my neighbour Kim has one".to_owned(),
            },
            was_paid: true,
        },
    ]
}

/// Behind all others, whose golden records have their places in them.
fn refund_events() -> Vec<OrderEvent> {
    vec![
        OrderEvent::OrderPointsApplied {
            points: 1_000,
            payable: krw(26_000),
        },
        OrderEvent::OrderRefundStarted {
            refund_id: refund(),
            payment_id: payment(),
            amount: krw(11_180),
            points: 430,
            lines: vec![RefundedLine {
                order_item_id: line(1, 2, 12_900).order_item_id,
                product_id: product(),
                quantity: 1,
                amount: krw(11_180),
                points: 430,
                left_quantity: 1,
                left_amount: krw(11_180),
                left_points: 430,
            }],
            restock: true,
            reason: "my neighbour Kim has one".to_owned(),
        },
        OrderEvent::OrderRefunded {
            refund_id: refund(),
            amount: krw(11_180),
            points: 430,
            whole: false,
        },
    ]
}

fn inventory_events() -> Vec<InventoryEvent> {
    let order_id = order();
    let allocations = vec![allocation("busan", 2), allocation("seoul", 5)];
    vec![
        InventoryEvent::StockReceived {
            warehouse: "seoul".parse().unwrap(),
            quantity: 100,
        },
        InventoryEvent::StockAdjusted {
            warehouse: "seoul".parse().unwrap(),
            delta: -3,
            reason: "dropped by Lee".to_owned(),
        },
        InventoryEvent::StockReserved {
            order_id,
            allocations: allocations.clone(),
        },
        InventoryEvent::StockDeducted {
            order_id,
            allocations: allocations.clone(),
        },
        InventoryEvent::StockReleased {
            order_id,
            allocations: allocations.clone(),
        },
        InventoryEvent::StockReturned {
            order_id,
            allocations,
        },
    ]
}

fn product_events() -> Vec<ProductEvent> {
    let bare = ProductDetails {
        name: "머그컵".to_owned(),
        category: "kitchen".to_owned(),
        brand: "Acme".to_owned(),
        description: None,
        images: vec![],
    };
    let full = ProductDetails {
        description: Some("a \"mug\"\n0.3 l".to_owned()),
        images: vec!["https://images.example/1.png".to_owned()],
        ..bare.clone()
    };
    vec![
        ProductEvent::ProductCreated {
            details: bare,
            price: krw(12_900),
        },
        ProductEvent::ProductDescribed { details: full },
        ProductEvent::ProductRepriced { price: usd(1_099) },
        ProductEvent::ProductPutOnSale {},
        ProductEvent::ProductMarkedSoldOut {},
    ]
}
