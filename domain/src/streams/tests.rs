//! Aggregates without their type: by name, from snapshots, and from events of older versions.

use cqrs_es::persist::SemanticVersionEventUpcaster;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::*;
use crate::inventory::{InventoryCommand, InventoryState};
use crate::mothers::{order_id, pieces, product_id, warehouse};
use crate::recorded::DomainEvent;

/// An aggregate whose one event has had three versions: `{"Stepped":{"cm":…}}`, then `mm`, then `mm` and
/// a `foot`.
struct Walker;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum WalkerEvent {
    Stepped { mm: u32, foot: String },
}

impl cqrs_es::DomainEvent for WalkerEvent {
    fn event_type(&self) -> String {
        "Stepped".to_owned()
    }
    fn event_version(&self) -> String {
        "3".to_owned()
    }
}

#[derive(Debug, thiserror::Error)]
#[error("a walker refuses nothing")]
struct Never;

impl From<Never> for crate::Rejection {
    fn from(_: Never) -> Self {
        unreachable!("a walker refuses nothing")
    }
}

impl Decider for Walker {
    const TYPE: &'static str = "walker";
    const STATE_VERSION: u32 = 1;
    type State = u32;
    type Command = ();
    type Event = WalkerEvent;
    type Error = Never;

    fn decide(_: &u32, (): ()) -> Result<Vec<WalkerEvent>, Never> {
        Ok(vec![])
    }

    fn evolve(walked_mm: &mut u32, event: &WalkerEvent) {
        let WalkerEvent::Stepped { mm, .. } = event;
        *walked_mm += mm;
    }

    fn upcasters() -> Vec<Box<dyn EventUpcaster>> {
        let to_2 = |mut payload: Value| {
            let cm = payload["Stepped"]["cm"].as_u64().unwrap();
            payload["Stepped"] = json!({ "mm": cm * 10 });
            payload
        };
        let to_3 = |mut payload: Value| {
            payload["Stepped"]["foot"] = json!("unknown");
            payload
        };
        vec![
            Box::new(SemanticVersionEventUpcaster::new(
                "Stepped",
                "2",
                Box::new(to_2),
            )),
            Box::new(SemanticVersionEventUpcaster::new(
                "Stepped",
                "3",
                Box::new(to_3),
            )),
        ]
    }
}

fn stepped(mm: u32, foot: &str) -> WalkerEvent {
    let foot = foot.to_owned();
    WalkerEvent::Stepped { mm, foot }
}

#[test]
fn an_event_of_the_present_version_is_read_as_it_is() {
    let payload = r#"{"Stepped":{"mm":700,"foot":"left"}}"#;
    let event = parse_event::<Walker>("Stepped", "3", payload).unwrap();
    assert_eq!(event, stepped(700, "left"));
}

#[test]
fn an_event_of_an_older_version_is_lifted() {
    let event = parse_event::<Walker>("Stepped", "2", r#"{"Stepped":{"mm":700}}"#).unwrap();
    assert_eq!(event, stepped(700, "unknown"));
}

#[test]
fn an_event_of_the_oldest_version_is_lifted_step_by_step() {
    let event = parse_event::<Walker>("Stepped", "1", r#"{"Stepped":{"cm":70}}"#).unwrap();
    assert_eq!(event, stepped(700, "unknown"));
}

#[test]
fn a_history_of_all_versions_folds_into_one_state() {
    let mut walker = Fold::<Walker>(0);
    let history = [
        ("1", r#"{"Stepped":{"cm":70}}"#),
        ("2", r#"{"Stepped":{"mm":701}}"#),
        ("3", r#"{"Stepped":{"mm":702,"foot":"left"}}"#),
    ];
    for (version, payload) in history {
        walker.evolve_stored("Stepped", version, payload).unwrap();
    }
    assert_eq!(walker.0, 2_103);
    assert_eq!(walker.snapshot().unwrap(), "2103");
}

#[test]
fn an_old_event_without_its_upcaster_does_not_parse() {
    // As version 3, it is not lifted: the shape of version 1 is refused, not guessed.
    let error = parse_event::<Walker>("Stepped", "3", r#"{"Stepped":{"cm":70}}"#).unwrap_err();
    let StreamStateError::Malformed { what, .. } = error else {
        panic!("{error}");
    };
    assert_eq!(what, "Stepped version 3");
}

#[test]
fn what_is_not_json_is_malformed_in_every_version() {
    for version in ["1", "2", "3"] {
        let error = parse_event::<Walker>("Stepped", version, "{").unwrap_err();
        assert!(
            matches!(error, StreamStateError::Malformed { .. }),
            "{version}"
        );
    }
}

#[test]
fn the_shop_has_these_aggregate_types() {
    let types = aggregate_types();
    let names: Vec<&str> = types.names().collect();
    assert_eq!(
        names,
        [
            "coupon_pool",
            "inventory",
            "order",
            "payment",
            "payment_methods",
            "points",
            "product"
        ]
    );
    for name in names {
        assert!(types.state_version(name).unwrap() >= 1);
        assert!(types.empty(name).is_ok());
    }
}

#[test]
fn an_unknown_aggregate_type_is_an_error_and_not_a_guess() {
    let types = aggregate_types();
    let unknown = |error: StreamStateError| error.to_string() == "unknown aggregate type cart";
    assert!(types.stream("cart", "1").is_err_and(unknown));
    assert!(types.empty("cart").is_err_and(unknown));
    assert!(types.state_version("cart").is_err_and(unknown));
    assert!(types.from_snapshot("cart", "{}").is_err_and(unknown));
    let event = DomainEvent::parse("cart", "CartEmptied", "1", "{}").unwrap_err();
    assert_eq!(
        event.to_string(),
        "cart CartEmptied version 1 cannot be read"
    );
}

#[test]
fn a_stream_is_the_same_by_type_and_by_row() {
    let by_type = StreamId::of::<Inventory>(product_id(1));
    let id = product_id(1).to_string();
    let by_row = aggregate_types().stream("inventory", &id).unwrap();
    assert_eq!(by_row, by_type);
    assert_eq!(by_type.to_string(), format!("inventory/{id}"));
    assert_eq!(
        (by_type.aggregate_type(), by_type.aggregate_id()),
        ("inventory", id.as_str())
    );
    assert_ne!(StreamId::of::<Product>(product_id(1)), by_type);
}

/// Five in Seoul, two of them held.
fn an_inventory() -> Fold<Inventory> {
    let commands = [
        InventoryCommand::Receive {
            warehouse: warehouse("seoul"),
            quantity: pieces(5),
        },
        InventoryCommand::Reserve {
            order_id: order_id(1),
            quantity: pieces(2),
        },
    ];
    let mut state = InventoryState::default();
    for event in crate::spec::history::<Inventory>(commands) {
        Inventory::evolve(&mut state, &event);
    }
    Fold(state)
}

#[test]
fn a_snapshot_is_the_state_again() {
    let inventory = an_inventory();
    let types = aggregate_types();
    let read = types
        .from_snapshot("inventory", &inventory.snapshot().unwrap())
        .unwrap();
    let read = read.as_any().downcast_ref::<Fold<Inventory>>().unwrap();
    assert_eq!(read.0, inventory.0);
}

#[test]
fn a_snapshot_of_another_shape_is_refused() {
    for json in ["", "[]", r#"{"warehouses":1}"#] {
        let error = aggregate_types()
            .from_snapshot("inventory", json)
            .err()
            .unwrap();
        assert_eq!(error.to_string(), "a snapshot of inventory does not parse");
    }
}

#[test]
fn a_copy_goes_its_own_way() {
    let inventory = an_inventory();
    let mut copy = inventory.clone_boxed();
    let released = format!(
        r#"{{"StockReleased":{{"order_id":"{}","allocations":[{{"warehouse":"seoul","quantity":2}}]}}}}"#,
        order_id(1),
    );
    copy.evolve_stored("StockReleased", "1", &released).unwrap();
    assert_ne!(copy.snapshot().unwrap(), inventory.snapshot().unwrap());
    assert_eq!(inventory.0, an_inventory().0);
}

#[test]
fn an_event_under_a_wrong_name_or_of_a_newer_version_is_not_taken_for_one_of_ours() {
    let mut state = an_inventory();
    let received = r#"{"StockReceived":{"warehouse":"seoul","quantity":2}}"#;
    for (event_type, version) in [("StockAdjusted", "1"), ("StockReceived", "2")] {
        let refused = state.evolve_stored(event_type, version, received);
        let expected = format!("{event_type} version {version} is not known here");
        assert_eq!(refused.unwrap_err().to_string(), expected);
    }
    assert_eq!(state.0, an_inventory().0);
    state.evolve_stored("StockReceived", "1", received).unwrap();
}
