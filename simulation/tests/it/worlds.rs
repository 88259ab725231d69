//! Worlds: the same from the same seed, quiet without faults, and short when they fail.

use std::collections::BTreeSet;
use std::thread;

use simulation::campaign::campaign;
use simulation::fault::{Fault, Kind};
use simulation::plant::Plant;
use simulation::run::{Options, run};
use simulation::shrink::shrink;

fn told() -> Options {
    Options {
        tells: true,
        ..Options::default()
    }
}

#[test]
fn the_same_seed_is_the_same_world() {
    for seed in 1..=8 {
        let one = run(seed, &told());
        // Another thread has other keys for what hashes by chance, and another stack.
        let other = thread::spawn(move || run(seed, &Options::default())).join();
        let (other, again) = (other.unwrap(), run(seed, &told()));
        assert_eq!(one.story, again.story, "seed {seed}");
        assert_eq!(
            (one.hash, one.faults),
            (other.hash, other.faults),
            "seed {seed}"
        );
        assert!(one.failure.is_none(), "seed {seed}: {:?}", one.failure);
    }
    assert_ne!(run(1, &told()).hash, run(2, &told()).hash);
}

#[test]
fn a_world_sees_a_hundred_faults() {
    for seed in 1..=30 {
        let report = run(seed, &Options::default());
        assert!(
            report.failure.is_none(),
            "seed {seed}: {:?}",
            report.failure
        );
        assert!(
            report.faults.len() >= 100,
            "seed {seed}: {}",
            report.faults.len()
        );
        assert!(report.orders > 0 && report.events > 20, "seed {seed}");
    }
}

#[test]
fn what_a_gateway_does_to_us_happens() {
    // The rarest strikes about every thirtieth world; that each is frequent enough, the long run looks at.
    let summary = campaign(1, 150, 2, &Options::default(), |_, _| ());
    assert!(summary.failed.is_empty(), "{:?}", summary.failed);
    let kinds = Kind::ALL.iter().filter(|kind| {
        let rooms = ["gateway-", "notice-", "deposit-", "key-", "safe-"];
        rooms.iter().any(|room| kind.name().starts_with(room))
    });
    let never: Vec<_> = kinds
        .filter(|kind| !summary.faults.contains_key(*kind))
        .collect();
    assert!(never.is_empty(), "{never:?}");
}

#[test]
fn a_world_without_faults_has_none() {
    let calm = Options {
        kept_faults: Some(BTreeSet::new()),
        ..Options::default()
    };
    for seed in 1..=10 {
        let report = run(seed, &calm);
        assert!(
            report.failure.is_none(),
            "seed {seed}: {:?}",
            report.failure
        );
        assert!(report.faults.is_empty());
    }
}

#[test]
fn a_failing_story_is_shrunk_and_told_again() {
    let options = Options {
        plant: Some(Plant::ChargedTwice),
        ..Options::default()
    };
    let reports = (1..=20).map(|seed| run(seed, &options));
    let failing = reports.into_iter().find(|report| report.failure.is_some());
    let failing = failing.expect("a seed that fails");
    let (short, report) = shrink(&failing, &options);
    let what = |failure: Option<simulation::run::Failure>| failure.map(|failure| failure.what);
    assert_eq!(what(report.failure.clone()), what(failing.failure));
    assert!(
        report.faults.len() * 4 < failing.faults.len(),
        "{:?}",
        report.faults
    );
    let again = run(failing.seed, &short);
    assert_eq!((again.hash, again.failure), (report.hash, report.failure));
}

#[test]
fn a_fault_is_named_and_found_again() {
    let fault = Fault {
        kind: Kind::AppendUnacknowledged,
        who: 1,
        number: 7,
    };
    assert_eq!(fault.to_string(), "append-unacknowledged/1#7");
    assert_eq!("append-unacknowledged/1#7".parse(), Ok(fault));
    for nothing in ["", "append-lost", "append-lost/x#1", "nothing/1#7"] {
        assert!(nothing.parse::<Fault>().is_err(), "{nothing:?}");
    }
}
