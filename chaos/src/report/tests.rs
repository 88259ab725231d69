//! Each of the report's own checks turns red by what it is there for, and by nothing else.

use super::*;

/// A run that was long enough and in which nothing went wrong.
fn good() -> Report {
    let counts = |counts: &[(&str, u64)]| {
        let counts = counts
            .iter()
            .map(|(what, count)| ((*what).to_owned(), *count));
        counts.collect::<BTreeMap<_, _>>()
    };
    let faults: Vec<(&str, u64)> = Fault::all().map(|fault| (fault.name(), 1)).collect();
    Report {
        seed: 1,
        minutes: FULL_MINUTES,
        rate: 1.0,
        took_s: 600,
        orders: 1,
        coupons: 1,
        attempts: 2,
        acknowledged: 2,
        lost: 0,
        later: BTreeMap::new(),
        kills: counts(&[("processes", 1)]),
        faults: counts(&faults),
        not_injected: BTreeMap::new(),
        ended_by_themselves: BTreeMap::new(),
        aborts: BTreeMap::new(),
        fail_points: [("a.point in processes".to_owned(), counts(&[("abort", 1)]))].into(),
        not_recovered: BTreeMap::new(),
        recoveries_ms: BTreeMap::new(),
        undisturbed_recoveries_ms: BTreeMap::new(),
        reads: counts(&[
            ("200", 90),
            ("404", 8),
            ("503", 1),
            ("none", 5),
            ("timeout", 2),
        ]),
        own_reads: counts(&[("200", 30), ("503", 3)]),
        checks: Vec::new(),
    }
}

#[test]
fn reading_is_broken_by_a_defect_by_many_late_answers_and_when_nobody_finds_an_order() {
    let whole = good().reading();
    assert!(whole.iter().all(Check::holds), "{whole:?}");
    assert_eq!(whole.map(|check| check.looked_at), [106, 33]);
    let broken = |report: &Report| report.reading().map(|check| check.broken);
    let damages: [&[(&str, u64)]; 3] = [
        &[("500", 1)],
        &[("timeout", 3)],
        &[("200", 0), ("timeout", 0)],
    ];
    for damage in damages {
        let mut report = good();
        for (status, count) in damage {
            report.reads.insert((*status).to_owned(), *count);
        }
        report.reads.retain(|_, count| *count > 0);
        assert_eq!(broken(&report), [1, 0], "{:?}", report.reads);
    }
    let mut denied = good();
    denied.own_reads.insert("404".to_owned(), 1);
    assert_eq!(broken(&denied), [0, 1]);
}

#[test]
fn coverage_is_asked_of_long_runs_and_broken_by_a_point_or_a_fault_that_never_came() {
    let broken = |report: &Report| -> Vec<u64> {
        let checks = report.coverage();
        checks.iter().map(|check| check.broken).collect()
    };
    assert_eq!(broken(&good()), [0, 0]);
    let mut without_point = good();
    without_point
        .fail_points
        .values_mut()
        .for_each(BTreeMap::clear);
    assert_eq!(broken(&without_point), [1, 0]);
    let mut without_fault = good();
    without_fault.faults.remove("disk full");
    assert_eq!(broken(&without_fault), [0, 1]);
    // Where nothing can be mounted, that is said elsewhere.
    without_fault.not_injected.insert("disk full".to_owned(), 7);
    assert_eq!(broken(&without_fault), [0, 0]);
    let mut short = good();
    short.rate = 0.5;
    assert_eq!(broken(&short), [0; 0]);
}

#[test]
fn endings_are_broken_by_a_bad_one_and_by_one_that_is_missing() {
    let folder = tempfile::tempdir().expect("a folder");
    let chronicle = Chronicle::create(&folder.path().join("c.jsonl")).expect("a chronicle");
    chronicle.add(ENDED, 100);
    chronicle.add(CLOSED, 7);
    assert_eq!(
        Report::endings(&chronicle, 8).broken,
        1,
        "one was never told"
    );
    chronicle.add(CLOSED, 1);
    assert!(Report::endings(&chronicle, 8).holds());
    chronicle.add("ended badly:processes", 1);
    assert_eq!(Report::endings(&chronicle, 8).broken, 1);
}
