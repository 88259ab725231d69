//! What holds for any event.

use std::collections::BTreeMap;

use chrono::DateTime;
use domain::inventory::{Inventory, InventoryCommand, InventoryState};
use domain::order::{CancelReason, Discount, OrderEvent, OrderLine};
use domain::{
    CouponCode, CouponPoolId, Currency, Decider as _, DomainEvent, Money, OrderId, OrderItemId,
    PaymentId, ProductId, Quantity, Recorded,
};
use event_schemas::publish;
use proptest::prelude::*;
use serde_json::Value;
use uuid::Uuid;

use crate::decode::{decode, encoded, round_trip};
use crate::samples::{allocation, moment, product, recorded};

fn uuids() -> impl Strategy<Value = Uuid> {
    any::<u128>().prop_map(Uuid::from_u128)
}

fn moneys() -> impl Strategy<Value = Money> {
    let currency = prop_oneof![
        Just(Currency::Krw),
        Just(Currency::Usd),
        Just(Currency::Eur),
        Just(Currency::Jpy)
    ];
    (0..=9_999_999_999_999_i64, currency)
        .prop_map(|(amount, currency)| Money::new(amount, currency).unwrap())
}

fn discounts() -> impl Strategy<Value = Discount> {
    (uuids(), any::<u32>(), moneys()).prop_map(|(pool, serial, amount)| Discount {
        code: CouponCode::new(CouponPoolId::new(pool), serial),
        amount,
    })
}

fn order_lines() -> impl Strategy<Value = OrderLine> {
    (
        uuids(),
        uuids(),
        any::<String>(),
        1..=Quantity::MAX,
        moneys(),
        moneys(),
    )
        .prop_map(
            |(item, product, name, quantity, unit_price, amount)| OrderLine {
                order_item_id: OrderItemId::new(item),
                product_id: ProductId::new(product),
                name,
                quantity,
                unit_price,
                amount,
                allocations: vec![allocation("seoul", quantity)],
            },
        )
}

fn placed_orders() -> impl Strategy<Value = OrderEvent> {
    (
        "[A-Za-z0-9._:@-]{1,64}",
        prop::collection::vec(order_lines(), 0..20),
        prop::option::of(discounts()),
        moneys(),
        moneys(),
    )
        .prop_map(
            |(user, lines, discount, subtotal, total)| OrderEvent::OrderPlaced {
                user_id: user.parse().unwrap(),
                lines,
                subtotal,
                discount,
                total,
                payment_due_at: moment("2025-03-01T09:45:00Z"),
            },
        )
}

fn order_events() -> impl Strategy<Value = OrderEvent> {
    let reasons = prop_oneof![
        any::<String>().prop_map(|code| CancelReason::PaymentFailed { code }),
        Just(CancelReason::PaymentTimedOut),
        any::<String>().prop_map(|reason| CancelReason::Requested { reason }),
    ];
    prop_oneof![
        4 => placed_orders(),
        1 => (discounts(), moneys())
            .prop_map(|(discount, total)| OrderEvent::OrderDiscounted { discount, total }),
        1 => uuids().prop_map(|payment| OrderEvent::OrderPaid {
            payment_id: PaymentId::new(payment),
            confirmation_due_at: moment("2025-03-01T10:00:00Z"),
        }),
        1 => (0..i64::MAX, moneys())
            .prop_map(|(points, payable)| OrderEvent::OrderPointsApplied { points, payable }),
        1 => (uuids(), moneys(), 0..i64::MAX, any::<bool>()).prop_map(|(refund, amount, points, whole)| {
            let refund_id = domain::RefundId::new(refund);
            OrderEvent::OrderRefunded { refund_id, amount, points, whole }
        }),
        1 => Just(OrderEvent::OrderConfirmed {}),
        1 => Just(OrderEvent::OrderShipped {}),
        1 => Just(OrderEvent::OrderDelivered {}),
        2 => (reasons, any::<bool>())
            .prop_map(|(reason, was_paid)| OrderEvent::OrderCancelled { reason, was_paid }),
    ]
}

/// What the record must say beside its head.
fn assert_says(value: &Value, event: &OrderEvent) {
    match event {
        OrderEvent::OrderPlaced {
            user_id,
            lines,
            subtotal,
            discount,
            total,
            ..
        } => {
            assert_eq!(value["user_id"], user_id.as_str());
            assert_eq!(value["total_amount"], total.amount());
            assert_eq!(value["currency"], total.currency().code());
            assert_eq!(value["subtotal_amount"], subtotal.amount());
            let off = discount.as_ref().map_or(0, |d| d.amount.amount());
            assert_eq!(value["discount_amount"], off);
            let code = discount.as_ref().map(|d| d.code.to_string());
            assert_eq!(value["coupon_code"].as_str(), code.as_deref());
            let items = value["items"].as_array().unwrap();
            assert_eq!(items.len(), lines.len());
            for (item, line) in items.iter().zip(lines) {
                assert_eq!(item["product_id"], line.product_id.to_string());
                assert_eq!(item["order_item_id"], line.order_item_id.to_string());
                assert_eq!(item["name"], *line.name);
                assert_eq!(item["quantity"], line.quantity);
                assert_eq!(item["price"], line.unit_price.amount());
            }
        }
        OrderEvent::OrderDiscounted { discount, total } => {
            assert_eq!(value["coupon_code"], discount.code.to_string());
            assert_eq!(value["discount_amount"], discount.amount.amount());
            assert_eq!(value["total_amount"], total.amount());
            assert_eq!(value["currency"], total.currency().code());
        }
        OrderEvent::OrderPointsApplied { points, payable } => {
            assert_eq!(value["points"], *points);
            assert_eq!(value["payable_amount"], payable.amount());
        }
        OrderEvent::OrderRefundStarted { amount, lines, .. } => {
            assert_eq!(value["amount"], amount.amount());
            assert_eq!(value["items"].as_array().map(Vec::len), Some(lines.len()));
        }
        OrderEvent::OrderRefunded { amount, whole, .. } => {
            assert_eq!(value["amount"], amount.amount());
            assert_eq!(value["whole"], *whole);
        }
        OrderEvent::OrderPaymentStarted { .. } => panic!("a private event was published"),
        OrderEvent::OrderPaid { payment_id, .. } => {
            assert_eq!(value["status"], "PAID");
            assert_eq!(value["payment_id"], payment_id.to_string());
        }
        OrderEvent::OrderConfirmed {} => assert_eq!(value["status"], "CONFIRMED"),
        OrderEvent::OrderShipped {} => assert_eq!(value["status"], "SHIPPED"),
        OrderEvent::OrderDelivered {} => assert_eq!(value["status"], "DELIVERED"),
        OrderEvent::OrderCancelled { reason, was_paid } => {
            assert_eq!(value["status"], "CANCELLED");
            assert_eq!(value["previous_status"] == "PAID", *was_paid);
            let (kind, code) = match reason {
                CancelReason::PaymentFailed { code } => ("PAYMENT_FAILED", Some(code.as_str())),
                CancelReason::PaymentTimedOut => ("PAYMENT_TIMED_OUT", None),
                CancelReason::Requested { .. } => ("REQUESTED", None),
            };
            assert_eq!(value["reason"], kind);
            assert_eq!(value["failure_code"].as_str(), code);
        }
    }
}

fn inventory_commands() -> impl Strategy<Value = InventoryCommand> {
    let warehouse = || prop_oneof![Just("busan"), Just("seoul"), Just("daegu")];
    let order_id = || (0..4_u128).prop_map(|n| OrderId::new(Uuid::from_u128(n)));
    let quantity = || (1..50_u32).prop_map(|n| Quantity::new(n).unwrap());
    prop_oneof![
        (warehouse(), quantity()).prop_map(|(warehouse, quantity)| InventoryCommand::Receive {
            warehouse: warehouse.parse().unwrap(),
            quantity,
        }),
        (warehouse(), -20..20_i32).prop_map(|(warehouse, delta)| InventoryCommand::Adjust {
            warehouse: warehouse.parse().unwrap(),
            delta,
            reason: "counted".to_owned(),
        }),
        (order_id(), quantity())
            .prop_map(|(order_id, quantity)| InventoryCommand::Reserve { order_id, quantity }),
        order_id().prop_map(|order_id| InventoryCommand::Deduct { order_id }),
        order_id().prop_map(|order_id| InventoryCommand::Release { order_id }),
        (order_id(), warehouse(), 1..9_u32).prop_map(|(order_id, warehouse, quantity)| {
            InventoryCommand::TakeBack {
                order_id,
                allocations: vec![allocation(warehouse, quantity)],
            }
        }),
    ]
}

proptest! {
    #[test]
    fn any_order_event_says_what_happened(
        event in order_events(),
        (event_id, order_id) in (uuids(), uuids()),
        millis in 0..4_000_000_000_000_i64,
    ) {
        let recorded = Recorded {
            position: 1,
            event_id,
            aggregate_id: order_id.to_string(),
            sequence: 1,
            occurred_at: DateTime::from_timestamp_millis(millis).unwrap(),
            event: DomainEvent::Order(event.clone()),
        };
        let value = round_trip(&recorded);
        prop_assert_eq!(&value["event_id"], &event_id.to_string());
        prop_assert_eq!(&value["order_id"], &order_id.to_string());
        prop_assert_eq!(&value["timestamp"], millis);
        assert_says(&value, &event);
    }

    #[test]
    fn an_event_published_again_is_the_same_record(event in order_events()) {
        let recorded = recorded(1, Uuid::nil(), DomainEvent::Order(event));
        let [first, second] = [(); 2].map(|()| publish(&recorded).map(|e| encoded(&e)));
        prop_assert_eq!(first, second);
    }

    #[test]
    fn a_consumer_that_adds_up_the_changes_has_the_stock(
        commands in prop::collection::vec(inventory_commands(), 1..40),
    ) {
        let mut state = InventoryState::default();
        let mut sums = BTreeMap::<String, (i64, i64)>::new();
        for command in commands {
            let Ok(events) = Inventory::decide(&state, command) else { continue };
            for event in events {
                Inventory::evolve(&mut state, &event);
                let event = recorded(1, product().uuid(), DomainEvent::Inventory(event));
                let record = encoded(&publish(&event).unwrap());
                for change in decode(&record).value["changes"].as_array().unwrap() {
                    let sum = sums.entry(change["warehouse"].as_str().unwrap().to_owned());
                    let sum = sum.or_default();
                    sum.0 += change["stock_delta"].as_i64().unwrap();
                    sum.1 += change["reserved_delta"].as_i64().unwrap();
                }
            }
        }
        let stock: BTreeMap<_, _> = state
            .warehouses()
            .map(|(name, w)| (name.to_string(), (i64::from(w.stock), i64::from(w.reserved))))
            .collect();
        prop_assert_eq!(sums, stock);
    }
}
