//! The list of points is what the source says.
#![expect(
    clippy::expect_used,
    reason = "a test that cannot read the source fails"
)]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use failpoints::{POINTS, is_listed};

/// The rooms that have points.
const ROOMS: [&str; 9] = [
    "auditor",
    "command-api",
    "event-store",
    "payment-gateways",
    "payment-ledger",
    "payment-vault",
    "processes",
    "projections",
    "read-api",
];

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// Every point in the source, with the room that it is in.
fn in_the_source() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the workspace");
    let mut points = Vec::new();
    for room in ROOMS {
        let mut files = Vec::new();
        sources(&root.join(room).join("src"), &mut files);
        for file in files {
            let text = std::fs::read_to_string(file).expect("a source file");
            for rest in text.split("failpoint!(").skip(1) {
                let name = rest.split('"').nth(1).expect("a name in quotes");
                points.push((room.to_owned(), name.to_owned()));
            }
        }
    }
    points
}

#[test]
fn every_listed_point_is_somewhere_in_the_source_and_every_point_there_is_listed() {
    let used: BTreeSet<String> = in_the_source().into_iter().map(|(_, name)| name).collect();
    let listed: BTreeSet<String> = POINTS.iter().map(|point| point.name.to_owned()).collect();
    assert_eq!(listed, used);
    assert_eq!(listed.len(), POINTS.len(), "each once");
}

#[test]
fn a_point_is_named_after_its_room_and_stands_in_one_place() {
    let mut seen = BTreeSet::new();
    for (room, name) in in_the_source() {
        assert!(name.starts_with(&format!("{room}.")), "{name} in {room}");
        assert!(seen.insert(name.clone()), "{name} stands in two places");
    }
}

#[test]
fn a_name_that_is_not_listed_is_none() {
    assert!(is_listed("event-store.append.after"));
    for other in ["", "event-store.append", "event-store.append.afterwards"] {
        assert!(!is_listed(other), "{other}");
    }
}
