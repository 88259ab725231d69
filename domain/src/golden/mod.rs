//! The storage format, pinned: every event has a golden file, and every golden file ever written is read.
//!
//! `domain/golden/<aggregate type>/<EventType>.v<version>[.<case>].json`. A golden file is never
//! edited: an event whose shape changes gets a new version, a new file and an upcaster, and the old file
//! stays. A missing file is written by a run with `GOLDEN_WRITE=1`, to be read before it is committed.

mod samples;
mod variants;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use cqrs_es::DomainEvent as _;
use serde_json::Value;

use crate::coupon_pool::{CouponPool, CouponPoolEvent};
use crate::decider::Decider;
use crate::inventory::{Inventory, InventoryEvent};
use crate::order::{Order, OrderEvent};
use crate::payment::{Payment, PaymentEvent};
use crate::payment_method::{PaymentMethodEvent, PaymentMethods};
use crate::points::{PointAccount, PointsEvent};
use crate::product::{Product, ProductEvent};
use crate::recorded::DomainEvent;
use crate::streams::aggregate_types;

pub(crate) use samples::{Sample, samples};

/// Set, missing golden files are written instead of being a failure.
const WRITE: &str = "GOLDEN_WRITE";

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("golden")
}

/// An event's aggregate type, stored name, stored version, and JSON as it is stored.
fn stored(event: &DomainEvent) -> (&'static str, String, String, String) {
    fn of<D: Decider>(event: &D::Event) -> (&'static str, String, String, String) {
        let json = serde_json::to_string(event).unwrap();
        (D::TYPE, event.event_type(), event.event_version(), json)
    }
    match event {
        DomainEvent::Order(event) => of::<Order>(event),
        DomainEvent::Inventory(event) => of::<Inventory>(event),
        DomainEvent::CouponPool(event) => of::<CouponPool>(event),
        DomainEvent::Payment(event) => of::<Payment>(event),
        DomainEvent::PaymentMethod(event) => of::<PaymentMethods>(event),
        DomainEvent::Points(event) => of::<PointAccount>(event),
        DomainEvent::Product(event) => of::<Product>(event),
    }
}

/// The same JSON with line breaks, its keys in the order in which they are stored.
fn pretty(event: &DomainEvent) -> String {
    let json = match event {
        DomainEvent::Order(event) => serde_json::to_string_pretty(event),
        DomainEvent::Inventory(event) => serde_json::to_string_pretty(event),
        DomainEvent::CouponPool(event) => serde_json::to_string_pretty(event),
        DomainEvent::Payment(event) => serde_json::to_string_pretty(event),
        DomainEvent::PaymentMethod(event) => serde_json::to_string_pretty(event),
        DomainEvent::Points(event) => serde_json::to_string_pretty(event),
        DomainEvent::Product(event) => serde_json::to_string_pretty(event),
    };
    format!("{}\n", json.unwrap())
}

fn file_of(sample: &Sample) -> PathBuf {
    let (room, name, version, _) = stored(&sample.event);
    let case = sample.case.map_or(String::new(), |case| format!(".{case}"));
    folder()
        .join(room)
        .join(format!("{name}.v{version}{case}.json"))
}

/// Every golden file: its aggregate type, event type, version and text.
fn corpus() -> Vec<(String, String, String, String)> {
    let mut files = Vec::new();
    for room in fs::read_dir(folder()).unwrap() {
        let room = room.unwrap().path();
        let room_name = room.file_name().unwrap().to_str().unwrap().to_owned();
        for file in fs::read_dir(&room).unwrap() {
            let file = file.unwrap().path();
            let name = file.file_name().unwrap().to_str().unwrap();
            let parts: Vec<&str> = name.split('.').collect();
            let version = parts.get(1).and_then(|part| part.strip_prefix('v'));
            assert!(
                (3..=4).contains(&parts.len()) && parts.last() == Some(&"json"),
                "{name}"
            );
            let version = version.unwrap_or_else(|| panic!("{name} has no version"));
            let text = fs::read_to_string(&file).unwrap();
            files.push((
                room_name.clone(),
                parts[0].to_owned(),
                version.to_owned(),
                text,
            ));
        }
    }
    files.sort();
    files
}

#[test]
fn every_event_is_written_as_its_golden_file_has_it() {
    for sample in samples() {
        let file = file_of(&sample);
        if !file.exists() && std::env::var_os(WRITE).is_some() {
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(&file, pretty(&sample.event)).unwrap();
        }
        let golden = fs::read_to_string(&file);
        let golden = golden.unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        assert_eq!(pretty(&sample.event), golden, "{}", file.display());
    }
}

#[test]
fn every_golden_file_is_read_as_the_event_that_wrote_it() {
    for sample in samples() {
        let (room, name, version, _) = stored(&sample.event);
        let golden = fs::read_to_string(file_of(&sample)).unwrap();
        let read = DomainEvent::parse(room, &name, &version, &golden).unwrap();
        assert_eq!(read, sample.event);
    }
}

#[test]
fn no_two_samples_share_a_golden_file() {
    let files: BTreeSet<PathBuf> = samples().iter().map(file_of).collect();
    assert_eq!(files.len(), samples().len());
}

/// The names come from the types themselves, so an event that is added without a golden file fails here.
#[test]
fn every_event_of_every_aggregate_has_a_golden_file() {
    let all = [
        (Order::TYPE, variants::of::<OrderEvent>()),
        (Inventory::TYPE, variants::of::<InventoryEvent>()),
        (CouponPool::TYPE, variants::of::<CouponPoolEvent>()),
        (Payment::TYPE, variants::of::<PaymentEvent>()),
        (PaymentMethods::TYPE, variants::of::<PaymentMethodEvent>()),
        (PointAccount::TYPE, variants::of::<PointsEvent>()),
        (Product::TYPE, variants::of::<ProductEvent>()),
    ];
    let mut sampled: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for sample in samples() {
        let (room, name, ..) = stored(&sample.event);
        sampled.entry(room).or_default().insert(name);
    }
    let types = aggregate_types();
    let known: BTreeSet<&str> = types.names().collect();
    assert_eq!(
        known,
        all.iter().map(|(room, _)| *room).collect(),
        "the aggregates"
    );
    for (room, names) in all {
        let names: BTreeSet<String> = names.iter().map(|name| (*name).to_owned()).collect();
        assert_eq!(
            sampled.remove(room).unwrap_or_default(),
            names,
            "the events of {room}"
        );
    }
}

#[test]
fn the_stored_name_of_an_event_is_the_tag_of_its_json() {
    for sample in samples() {
        let (_, name, _, json) = stored(&sample.event);
        let json: Value = serde_json::from_str(&json).unwrap();
        let tags: Vec<&String> = json.as_object().unwrap().keys().collect();
        assert_eq!(tags, [&name]);
    }
}

#[test]
fn every_golden_file_ever_written_still_parses_and_folds() {
    let types = aggregate_types();
    let mut folded = 0;
    for (room, name, version, text) in corpus() {
        let read = DomainEvent::parse(&room, &name, &version, &text);
        let event = read.unwrap_or_else(|error| panic!("{error}: {:?}", error.source));
        assert_eq!(stored(&event).1, name, "an event of another name");
        let mut state = types.empty(&room).unwrap();
        state.evolve_stored(&name, &version, &text).unwrap();
        state.snapshot().unwrap();
        folded += 1;
    }
    assert!(folded >= samples().len(), "{folded} files");
}

#[test]
fn a_field_that_disappears_or_changes_its_name_is_found() {
    let (room, name, version, text) = corpus().swap_remove(0);
    let golden: Value = serde_json::from_str(&text).unwrap();
    let fields = golden[&name].as_object().unwrap();
    assert!(!fields.is_empty());
    for field in fields.keys() {
        let mut tampered = golden.clone();
        let value = tampered[&name].as_object_mut().unwrap().remove(field);
        tampered[&name]["renamed"] = value.unwrap();
        let read = DomainEvent::parse(&room, &name, &version, &tampered.to_string());
        assert!(read.is_err(), "{name} is read without {field}");
    }
}
