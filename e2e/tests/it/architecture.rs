//! The rooms depend on each other only as ARCHITECTURE.md says. What may not be known cannot be named.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value;

/// Each room, and the rooms that its program code may depend on. Tests may use more.
const ALLOWED: [(&str, &[&str]); 22] = [
    ("domain", &[]),
    ("failpoints", &[]),
    ("event-store", &["domain", "failpoints"]),
    ("invariants", &["domain"]),
    (
        "auditor",
        &["domain", "event-store", "failpoints", "invariants"],
    ),
    ("payment-gateways", &["failpoints"]),
    (
        "payment-ledger",
        &[
            "domain",
            "event-store",
            "failpoints",
            "payment-gateways",
            "platform",
        ],
    ),
    ("payment-vault", &["failpoints"]),
    ("event-schemas", &["domain"]),
    ("platform", &[]),
    (
        "command-api",
        &["domain", "event-store", "failpoints", "platform"],
    ),
    (
        "processes",
        &[
            "domain",
            "event-store",
            "failpoints",
            "payment-gateways",
            "payment-vault",
        ],
    ),
    (
        "projections",
        &[
            "domain",
            "event-schemas",
            "event-store",
            "failpoints",
            "platform",
        ],
    ),
    ("read-api", &["failpoints", "platform"]),
    ("migrations", &[]),
    ("legacy-migration", &["domain", "platform"]),
    ("testkit", &["migrations"]),
    ("e2e", &[]),
    ("chaos", &["event-store", "failpoints", "platform"]),
    (
        "simulation",
        &[
            "domain",
            "event-store",
            "invariants",
            "payment-gateways",
            "payment-vault",
            "processes",
            "projections",
        ],
    ),
    (
        "bench",
        &[
            "command-api",
            "domain",
            "event-store",
            "migrations",
            "payment-gateways",
            "platform",
        ],
    ),
    (
        "commerce",
        &[
            "auditor",
            "command-api",
            "domain",
            "event-schemas",
            "event-store",
            "failpoints",
            "invariants",
            "legacy-migration",
            "migrations",
            "payment-gateways",
            "payment-ledger",
            "payment-vault",
            "platform",
            "processes",
            "projections",
            "read-api",
        ],
    ),
];

/// Libraries that only these rooms may speak to.
const CONFINED: [(&str, &[&str]); 3] = [
    ("rdkafka", &["bench", "commerce", "projections", "testkit"]),
    ("deadpool-redis", &["command-api"]),
    ("jsonwebtoken", &["platform"]),
];

/// What the rules must never touch: clocks, I/O, randomness.
const NOT_IN_DOMAIN: [&str; 5] = ["tokio", "sqlx", "actix-web", "reqwest", "rand"];

fn direct_dependencies() -> BTreeMap<String, BTreeSet<String>> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version=1", "--no-deps", "--offline"])
        .output()
        .expect("cargo runs");
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo metadata is JSON");
    let packages = metadata["packages"].as_array().expect("packages");
    packages
        .iter()
        .map(|package| {
            let dependencies = package["dependencies"]
                .as_array()
                .expect("dependencies")
                .iter();
            let names = dependencies
                .filter(|dependency| dependency["kind"].is_null())
                .map(|dependency| dependency["name"].as_str().expect("a name").to_owned());
            (
                package["name"].as_str().expect("a name").to_owned(),
                names.collect(),
            )
        })
        .collect()
}

#[test]
fn every_room_depends_only_on_the_rooms_that_it_may() {
    let actual = direct_dependencies();
    let rooms: BTreeSet<&str> = actual.keys().map(String::as_str).collect();
    let listed: BTreeSet<&str> = ALLOWED.iter().map(|(room, _)| *room).collect();
    assert_eq!(
        rooms, listed,
        "a room came or went: say here what it may depend on"
    );
    for (room, allowed) in ALLOWED {
        let used = actual[room]
            .iter()
            .map(String::as_str)
            .filter(|name| rooms.contains(name));
        for dependency in used {
            assert!(
                allowed.contains(&dependency),
                "{room} may not depend on {dependency}"
            );
        }
    }
}

#[test]
fn the_rules_know_no_clock_no_network_and_no_database() {
    let actual = direct_dependencies();
    for forbidden in NOT_IN_DOMAIN {
        assert!(
            !actual["domain"].contains(forbidden),
            "domain may not depend on {forbidden}"
        );
    }
}

#[test]
fn a_library_with_a_room_of_its_own_stays_there() {
    let actual = direct_dependencies();
    for (library, rooms) in CONFINED {
        for (room, dependencies) in &actual {
            let allowed = rooms.contains(&room.as_str()) || !dependencies.contains(library);
            assert!(allowed, "{room} may not speak to {library}");
        }
    }
}
