//! The workspace: what a command sees of itself, what it asks for, and what leaves it.

use std::collections::BTreeMap;

use super::*;
use crate::inventory::{Inventory, InventoryCommand, InventoryError};
use crate::mothers::{order_id, pieces, product_id, warehouse};
use crate::product::Product;
use crate::streams::aggregate_types;

/// Aggregates in memory; whatever is not here has to be loaded.
#[derive(Default)]
struct Memory(BTreeMap<StreamId, Loaded>);

impl States for Memory {
    fn loaded(&self, stream: &StreamId) -> Option<&Loaded> {
        self.0.get(stream)
    }
}

impl Memory {
    /// Inventories without events, with this sequence.
    fn of_inventories(numbers: &[u32], sequence: u64) -> Self {
        let empty = |number: &u32| {
            let state = aggregate_types().empty("inventory").unwrap();
            (inventory(*number), Loaded { state, sequence })
        };
        Self(numbers.iter().map(empty).collect())
    }
}

fn inventory(number: u32) -> StreamId {
    StreamId::of::<Inventory>(product_id(number))
}

fn receive(quantity: u32) -> InventoryCommand {
    InventoryCommand::Receive {
        warehouse: warehouse("seoul"),
        quantity: pieces(quantity),
    }
}

fn reserve(quantity: u32) -> InventoryCommand {
    InventoryCommand::Reserve {
        order_id: order_id(1),
        quantity: pieces(quantity),
    }
}

fn asked_for(halt: Halt) -> Vec<StreamId> {
    match halt {
        Halt::Load(streams) => streams,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_command_sees_what_it_has_itself_decided() {
    let memory = Memory::of_inventories(&[1], 0);
    let mut workspace = Workspace::new(&memory);
    workspace
        .execute::<Inventory>(product_id(1), receive(5))
        .unwrap();
    workspace
        .execute::<Inventory>(product_id(1), reserve(5))
        .unwrap();
    let state = workspace.read::<Inventory>(product_id(1)).unwrap();
    assert_eq!((state.stock(), state.available()), (5, 0));
}

#[test]
fn nobody_else_sees_it_before_it_is_done() {
    let memory = Memory::of_inventories(&[1], 0);
    let mut workspace = Workspace::new(&memory);
    workspace
        .execute::<Inventory>(product_id(1), receive(5))
        .unwrap();
    let mut other = Workspace::new(&memory);
    let state = other.read::<Inventory>(product_id(1)).unwrap();
    assert_eq!(state.stock(), 0);
}

#[test]
fn events_are_numbered_from_where_their_stream_stands() {
    let memory = Memory::of_inventories(&[1, 2], 7);
    let mut workspace = Workspace::new(&memory);
    for number in [1, 2, 1] {
        workspace
            .execute::<Inventory>(product_id(number), receive(5))
            .unwrap();
    }
    let decision = workspace.finish();
    let numbered: Vec<_> = decision
        .events
        .iter()
        .map(|e| (e.stream.clone(), e.sequence))
        .collect();
    assert_eq!(
        numbered,
        [(inventory(1), 8), (inventory(2), 8), (inventory(1), 9)]
    );
    let states: Vec<_> = decision
        .states
        .iter()
        .map(|(s, l)| (s.clone(), l.sequence))
        .collect();
    assert_eq!(states, [(inventory(1), 9), (inventory(2), 8)]);
    assert_eq!(decision.expected, [(inventory(1), 7), (inventory(2), 7)]);
}

#[test]
fn an_event_leaves_with_its_stored_name_version_and_json() {
    let memory = Memory::of_inventories(&[1], 0);
    let mut workspace = Workspace::new(&memory);
    workspace
        .execute::<Inventory>(product_id(1), receive(5))
        .unwrap();
    let decision = workspace.finish();
    let expected = StagedEvent {
        stream: inventory(1),
        sequence: 1,
        event_type: "StockReceived".to_owned(),
        event_version: "1".to_owned(),
        payload: r#"{"StockReceived":{"warehouse":"seoul","quantity":5}}"#.to_owned(),
    };
    assert_eq!(decision.events, [expected]);
}

#[test]
fn a_stream_that_was_only_read_is_expected_to_stand_where_it_stood() {
    let memory = Memory::of_inventories(&[1], 7);
    let mut workspace = Workspace::new(&memory);
    workspace.read::<Inventory>(product_id(1)).unwrap();
    let decision = workspace.finish();
    assert_eq!(decision.expected, [(inventory(1), 7)]);
    assert!(decision.events.is_empty() && decision.states.is_empty());
}

#[test]
fn a_stream_that_was_refused_or_changed_nothing_is_expected_too() {
    let memory = Memory::of_inventories(&[1, 2], 0);
    let mut workspace = Workspace::new(&memory);
    let refused = workspace
        .execute::<Inventory>(product_id(1), reserve(1))
        .unwrap_err();
    let insufficient = InventoryError::InsufficientStock {
        requested: 1,
        available: 0,
    };
    let Halt::Reject(rejection) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!(rejection, insufficient.into());
    let release = InventoryCommand::Release {
        order_id: order_id(1),
    };
    workspace
        .execute::<Inventory>(product_id(2), release)
        .unwrap();
    let decision = workspace.finish();
    assert_eq!(decision.expected, [(inventory(1), 0), (inventory(2), 0)]);
    assert!(decision.events.is_empty() && decision.states.is_empty());
}

#[test]
fn a_stream_that_is_not_in_memory_is_asked_for() {
    let memory = Memory::default();
    let mut workspace = Workspace::new(&memory);
    let halt = workspace
        .read::<Inventory>(product_id(1))
        .map(|_| ())
        .unwrap_err();
    assert_eq!(asked_for(halt), [inventory(1)]);
    let halt = workspace
        .execute::<Inventory>(product_id(2), receive(1))
        .unwrap_err();
    assert_eq!(asked_for(halt), [inventory(2)]);
    assert!(workspace.finish().expected.is_empty());
}

#[test]
fn streams_that_are_missing_are_asked_for_together() {
    let memory = Memory::of_inventories(&[2], 0);
    let workspace = Workspace::new(&memory);
    let streams = [inventory(1), inventory(2), inventory(3)];
    let halt = workspace.require(&streams).unwrap_err();
    assert_eq!(asked_for(halt), [inventory(1), inventory(3)]);
    assert!(workspace.require(&[inventory(2)]).is_ok());
    assert!(workspace.require(&[]).is_ok());
}

#[test]
fn a_state_of_another_type_in_memory_is_not_trusted() {
    let wrong = aggregate_types().empty("product").unwrap();
    let mut memory = Memory::default();
    let loaded = Loaded {
        state: wrong,
        sequence: 0,
    };
    memory.0.insert(inventory(1), loaded);
    let mut workspace = Workspace::new(&memory);
    let halt = workspace
        .read::<Inventory>(product_id(1))
        .map(|_| ())
        .unwrap_err();
    assert_eq!(asked_for(halt), [inventory(1)]);
    let product = workspace
        .read::<Product>(product_id(1))
        .map(|_| ())
        .unwrap_err();
    assert_eq!(asked_for(product), [StreamId::of::<Product>(product_id(1))]);
}
