//! The adapter, proven on the stock `cqrs_es` framework: its test kit, its store, its snapshots.

use std::collections::HashMap;

use cqrs_es::mem_store::MemStore;
use cqrs_es::test::TestFramework;
use cqrs_es::{AggregateContext as _, AggregateError, CqrsFramework, EventStore as _};

use super::Aggregate;
use crate::inventory::{Inventory, InventoryCommand, InventoryError, InventoryEvent};
use crate::mothers::{allocations, at, krw, line, order_id, payment_id, pieces, user, warehouse};
use crate::order::{CancelReason, Order, OrderCommand, OrderError, OrderEvent, OrderStatus};
use crate::product::{Product, ProductCommand, ProductDetails, ProductEvent};
use crate::spec::history;

fn receive(quantity: u32) -> InventoryCommand {
    InventoryCommand::Receive {
        warehouse: warehouse("seoul"),
        quantity: pieces(quantity),
    }
}

fn received(quantity: u32) -> InventoryEvent {
    InventoryEvent::StockReceived {
        warehouse: warehouse("seoul"),
        quantity,
    }
}

fn reserve(order: u32, quantity: u32) -> InventoryCommand {
    InventoryCommand::Reserve {
        order_id: order_id(order),
        quantity: pieces(quantity),
    }
}

fn reserved(order: u32, quantity: u32) -> InventoryEvent {
    InventoryEvent::StockReserved {
        order_id: order_id(order),
        allocations: allocations(&[("seoul", quantity)]),
    }
}

fn placed_and_paying() -> Vec<OrderCommand> {
    vec![
        OrderCommand::Place {
            user_id: user("ann"),
            lines: vec![line(1, 2, krw(1_000))],
            discount: None,
            payment_due_at: at(15),
        },
        OrderCommand::StartPayment {
            payment_id: payment_id(1),
        },
    ]
}

#[test]
fn the_frameworks_test_kit_sees_the_events() {
    TestFramework::<Aggregate<Inventory>>::with(())
        .given(vec![received(5)])
        .when(reserve(1, 3))
        .then_expect_events(vec![reserved(1, 3)]);
}

#[test]
fn the_frameworks_test_kit_sees_the_typed_error() {
    TestFramework::<Aggregate<Inventory>>::with(())
        .given(vec![received(5)])
        .and(vec![reserved(1, 3)])
        .when(reserve(2, 3))
        .then_expect_error(InventoryError::InsufficientStock {
            requested: 3,
            available: 2,
        });
}

#[test]
fn the_frameworks_test_kit_pays_an_order() {
    let pay = OrderCommand::Pay {
        payment_id: payment_id(1),
        confirmation_due_at: at(31),
    };
    TestFramework::<Aggregate<Order>>::with(())
        .given(history::<Order>(placed_and_paying()))
        .when(pay)
        .then_expect_events(vec![OrderEvent::OrderPaid {
            payment_id: payment_id(1),
            confirmation_due_at: at(31),
        }]);
}

#[test]
fn a_command_of_two_events_writes_both() {
    let details = |name: &str| ProductDetails {
        name: name.to_owned(),
        category: "tea".to_owned(),
        brand: "Boseong".to_owned(),
        description: None,
        images: vec![],
    };
    let (details_now, price) = (details("white tea"), krw(900));
    TestFramework::<Aggregate<Product>>::with(())
        .given(vec![ProductEvent::ProductCreated {
            details: details("green tea"),
            price: krw(1_000),
        }])
        .when(ProductCommand::Edit {
            details: Some(details_now.clone()),
            price: Some(price),
            seen: Some(1),
        })
        .then_expect_events(vec![
            ProductEvent::ProductDescribed {
                details: details_now,
            },
            ProductEvent::ProductRepriced { price },
        ]);
}

#[tokio::test]
async fn the_stock_framework_runs_an_order_from_its_store() {
    let store = MemStore::<Aggregate<Order>>::default();
    let shop = CqrsFramework::new(store.clone(), vec![], ());
    for command in placed_and_paying() {
        shop.execute("1", command).await.unwrap();
    }
    let cancel = || OrderCommand::Cancel {
        reason: CancelReason::PaymentTimedOut,
    };
    shop.execute("1", cancel()).await.unwrap();
    let refused = shop.execute("1", cancel()).await.unwrap_err();
    let AggregateError::UserError(OrderError::AlreadyCancelled) = refused else {
        panic!("{refused:?}");
    };

    let mut context = store.load_aggregate("1").await.unwrap();
    let order = context.aggregate().0.placed().unwrap();
    assert_eq!(order.status, OrderStatus::Cancelled);
    let events = store.load_events("1").await.unwrap();
    let mut expected = history::<Order>(placed_and_paying());
    expected.push(OrderEvent::OrderCancelled {
        reason: CancelReason::PaymentTimedOut,
        was_paid: false,
    });
    let stored: Vec<OrderEvent> = events.into_iter().map(|event| event.payload).collect();
    assert_eq!(stored, expected);
}

#[tokio::test]
async fn the_stock_framework_and_the_rules_yield_the_same_events() {
    let commands = || {
        vec![
            receive(5),
            reserve(1, 2),
            reserve(1, 2),
            reserve(2, 3),
            receive(1),
        ]
    };
    let store = MemStore::<Aggregate<Inventory>>::default();
    let shop = CqrsFramework::new(store.clone(), vec![], ());
    for command in commands() {
        let metadata = HashMap::from([("principal".to_owned(), "ann".to_owned())]);
        shop.execute_with_metadata("tea", command, metadata)
            .await
            .unwrap();
    }
    let stored = store.load_events("tea").await.unwrap();
    let stored: Vec<InventoryEvent> = stored.into_iter().map(|event| event.payload).collect();
    assert_eq!(stored, history::<Inventory>(commands()));
}

#[test]
fn the_adapter_is_its_state_in_a_snapshot() {
    let mut inventory = Aggregate::<Inventory>::default();
    cqrs_es::Aggregate::apply(&mut inventory, received(5));
    cqrs_es::Aggregate::apply(&mut inventory, reserved(1, 3));
    let snapshot = serde_json::to_value(&inventory).unwrap();
    assert_eq!(snapshot, serde_json::to_value(&inventory.0).unwrap());
    let read: Aggregate<Inventory> = serde_json::from_value(snapshot).unwrap();
    assert_eq!(read.0, inventory.0);
}

#[test]
fn a_copy_of_an_aggregate_is_in_the_same_state() {
    let mut aggregate = Aggregate::<Inventory>::default();
    cqrs_es::Aggregate::apply(&mut aggregate, received(7));
    assert_eq!(aggregate.clone().0.stock(), 7);
}
