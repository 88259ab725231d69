//! Every public event, encoded and decoded again, says what happened: no more and no less.

use domain::inventory::InventoryEvent;
use domain::order::{CancelReason, OrderEvent};
use domain::payment::PaymentEvent;
use domain::{DomainEvent, Recorded};
use event_schemas::{PRIVATE_EVENT_TYPES, Registry, publish, topics};
use serde_json::{Value, json};

use crate::decode::{decode, encoded, published, round_trip};
use crate::payment_samples::{ACCOUNT, TOKEN};
use crate::samples::{order, payment, recorded, samples};

fn sample(wanted: impl Fn(&DomainEvent) -> bool) -> Recorded {
    samples().into_iter().find(|s| wanted(&s.event)).unwrap()
}

/// The record of an order's event.
fn of_order(event: OrderEvent) -> Value {
    round_trip(&recorded(1, order().uuid(), DomainEvent::Order(event)))
}

#[test]
fn every_record_begins_alike_and_is_keyed_by_its_aggregate() {
    for sample in samples() {
        let Some(event) = publish(&sample) else {
            continue;
        };
        let value = decode(&encoded(&event)).value;
        assert_eq!(value["event_id"], sample.event_id.to_string());
        assert_eq!(value["event_type"], event.event_type);
        assert_eq!(value["timestamp"], 1_740_821_400_123_i64);
        assert_eq!(event.key, sample.aggregate_id);
        assert!(value.as_object().unwrap().values().any(|v| *v == event.key));
        assert!(topics().iter().any(|topic| topic.name == event.topic));
    }
}

#[test]
fn a_record_is_read_by_its_own_topics_schemas_only() {
    for sample in samples() {
        let Some(event) = publish(&sample) else {
            continue;
        };
        let record = encoded(&event);
        for ids_are_ours in [true, false] {
            let read = event_schemas::read(event.topic, &record, ids_are_ours).unwrap();
            assert_eq!(read.event_id(), Some(sample.event_id));
            assert_eq!(read.into_json(), Some(decode(&record).value));
        }
        let elsewhere = topics().iter().find(|t| t.name != event.topic).unwrap();
        assert!(event_schemas::read(elsewhere.name, &record, true).is_err());
        assert!(event_schemas::read(event.topic, &record[..20], true).is_err());
        assert!(event_schemas::read(event.topic, &[&record[..], &[0]].concat(), true).is_err());
        assert!(event_schemas::read(event.topic, &record[..4], true).is_err());
    }
}

#[test]
fn a_record_names_the_schema_that_it_was_told_to() {
    let event = published(&samples()[0]);
    assert_eq!(event.encode(0x0102_0304).unwrap()[..5], [0, 1, 2, 3, 4]);
    let registry = Registry::embedded().unwrap();
    let id = registry.topic_schema_id(event.topic).unwrap();
    assert_eq!(decode(&encoded(&event)).schema_id, id);
    assert!(registry.topic_schema_id("order.order.forgotten").is_err());
}

#[test]
fn an_order_created_is_as_the_requirements_write_it() {
    let placed = sample(|e| matches!(e, DomainEvent::Order(OrderEvent::OrderPlaced { .. })));
    assert_eq!(published(&placed).topic, "order.order.created");
    let value = round_trip(&placed);
    let expected = json!({
        "event_id": "01930000-0000-7000-8000-000000000001",
        "event_type": "ORDER_CREATED",
        "timestamp": 1_740_821_400_123_i64,
        "order_id": order().to_string(),
        "user_id": "user-7",
        "total_amount": 30_000,
        "currency": "KRW",
        "subtotal_amount": 30_000,
        "discount_amount": 0,
        "coupon_code": null,
        "payment_due_at": 1_740_822_300_000_i64,
        "items": [
            {
                "product_id": "0193aaaa-bbbb-7ccc-8ddd-0000000000c9",
                "quantity": 2,
                "price": 12_900,
                "order_item_id": "0193aaaa-bbbb-7ccc-8ddd-000000000065",
                "name": "상품 1",
            },
            {
                "product_id": "0193aaaa-bbbb-7ccc-8ddd-0000000000ca",
                "quantity": 1,
                "price": 4_200,
                "order_item_id": "0193aaaa-bbbb-7ccc-8ddd-000000000066",
                "name": "상품 2",
            },
        ],
    });
    assert_eq!(value, expected);
}

#[test]
fn a_status_change_says_from_where_to_where() {
    let paid = OrderEvent::OrderPaid {
        payment_id: payment(),
        confirmation_due_at: samples()[0].occurred_at,
    };
    let cancelled = |was_paid| OrderEvent::OrderCancelled {
        reason: CancelReason::PaymentTimedOut,
        was_paid,
    };
    for (event, from, to) in [
        (paid, "PENDING", "PAID"),
        (OrderEvent::OrderConfirmed {}, "PAID", "CONFIRMED"),
        (OrderEvent::OrderShipped {}, "CONFIRMED", "SHIPPED"),
        (OrderEvent::OrderDelivered {}, "SHIPPED", "DELIVERED"),
        (cancelled(false), "PENDING", "CANCELLED"),
        (cancelled(true), "PAID", "CANCELLED"),
    ] {
        let value = of_order(event);
        assert_eq!(value["previous_status"], from);
        assert_eq!(value["status"], to);
        assert_eq!(value["event_type"], format!("ORDER_{to}"));
    }
}

#[test]
fn the_start_of_a_payment_is_said_once() {
    let started = OrderEvent::OrderPaymentStarted {
        payment_id: payment(),
    };
    let started = recorded(1, order().uuid(), DomainEvent::Order(started));
    assert!(publish(&started).is_none());
    let private = samples().iter().filter(|s| publish(s).is_none()).count();
    assert_eq!(
        private,
        PRIVATE_EVENT_TYPES.len(),
        "any other event is public"
    );
}

#[test]
fn what_opens_a_payment_and_what_people_typed_never_leave() {
    for sample in samples() {
        let Some(event) = publish(&sample) else {
            continue;
        };
        let record = String::from_utf8_lossy(&encoded(&event)).into_owned();
        for secret in [TOKEN, ACCOUNT, "neighbour", "dropped by Lee"] {
            assert!(!record.contains(secret), "{secret} in {}", event.event_type);
        }
    }
    let requested = sample(
        |e| matches!(e, DomainEvent::Payment(PaymentEvent::PaymentRequested { token, .. }) if token == TOKEN),
    );
    assert_eq!(published(&requested).topic, "payment.payment.requested");
}

#[test]
fn a_charge_of_another_amount_is_a_failed_payment() {
    let mismatched = sample(|e| {
        matches!(
            e,
            DomainEvent::Payment(PaymentEvent::PaymentMismatched { .. })
        )
    });
    assert_eq!(published(&mismatched).topic, "payment.payment.failed");
    let value = round_trip(&mismatched);
    assert_eq!(value["event_type"], "PAYMENT_FAILED");
    assert_eq!(value["failure_code"], "AMOUNT_MISMATCH");
    assert_eq!(
        (&value["amount"], &value["currency"]),
        (&json!(27_000), &json!("KRW"))
    );
    assert_eq!(value["charged_amount"], 2_700);
    assert_eq!(value["charged_currency"], "USD");
}

#[test]
fn sold_stock_leaves_both_counts() {
    let deducted = sample(|e| {
        matches!(
            e,
            DomainEvent::Inventory(InventoryEvent::StockDeducted { .. })
        )
    });
    let value = round_trip(&deducted);
    assert_eq!(value["order_id"], order().to_string());
    let expected = json!([
        { "warehouse": "busan", "stock_delta": -2, "reserved_delta": -2 },
        { "warehouse": "seoul", "stock_delta": -5, "reserved_delta": -5 },
    ]);
    assert_eq!(value["changes"], expected);
}

#[test]
fn a_quantity_beyond_avros_int_is_an_error_and_not_another_number() {
    let mut placed = samples()[0].clone();
    let DomainEvent::Order(OrderEvent::OrderPlaced { lines, .. }) = &mut placed.event else {
        panic!("the first sample is a placed order");
    };
    lines[0].quantity = u32::MAX;
    let error = published(&placed).encode(1).unwrap_err();
    assert!(
        error.to_string().contains("ORDER_CREATED does not fit"),
        "{error}"
    );
}
