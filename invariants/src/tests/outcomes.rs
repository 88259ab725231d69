//! 2 and 11: commands and their outcomes.

use uuid::Uuid;

use crate::{Invariant, Outcomes, Violation};

fn id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

fn broken(found: &[Violation]) -> Vec<Invariant> {
    found.iter().map(|violation| violation.invariant).collect()
}

#[test]
fn events_and_outcomes_match_in_whatever_order_they_come() {
    for outcomes_first in [true, false] {
        let mut outcomes = Outcomes::new();
        let stored = |outcomes: &mut Outcomes| {
            outcomes.outcome(id(1), 2);
            outcomes.outcome(id(9), 2);
            outcomes.outcome(id(2), 3);
        };
        if outcomes_first {
            stored(&mut outcomes);
        }
        assert!(outcomes.event(1, id(1)));
        assert!(!outcomes.event(2, id(1)));
        assert!(outcomes.event(3, id(2)));
        if !outcomes_first {
            stored(&mut outcomes);
        }
        outcomes.forget_empty();
        assert_eq!(outcomes.finish(&[]), []);
    }
}

#[test]
fn an_event_whose_command_has_no_outcome_is_seen() {
    let mut outcomes = Outcomes::new();
    outcomes.event(1, id(1));
    outcomes.event(2, id(2));
    outcomes.outcome(id(2), 2);
    let found = outcomes.finish(&[]);
    assert_eq!(broken(&found), [Invariant::OutcomeStored]);
    assert_eq!(found[0].position, Some(1));
}

#[test]
fn an_outcome_that_says_another_end_is_seen() {
    let mut outcomes = Outcomes::new();
    outcomes.outcome(id(1), 1);
    outcomes.event(1, id(1));
    outcomes.event(2, id(1));
    assert_eq!(broken(&outcomes.finish(&[])), [Invariant::OneOutcome]);
}

#[test]
fn a_command_that_happened_twice_is_seen() {
    let mut outcomes = Outcomes::new();
    outcomes.event(1, id(1));
    outcomes.event(2, id(2));
    outcomes.event(3, id(1));
    outcomes.outcome(id(2), 2);
    outcomes.outcome(id(1), 1);
    assert_eq!(outcomes.unmatched(), [id(1)]);
    assert_eq!(broken(&outcomes.finish(&[id(1)])), [Invariant::OneOutcome]);
}

#[test]
fn outcomes_of_commands_without_events_are_not_kept() {
    let mut outcomes = Outcomes::new();
    for number in 1..=100 {
        outcomes.outcome(id(number), 0);
        outcomes.outcome(id(1_000 + number), u64::try_from(number).unwrap());
    }
    for number in 1..=100_u64 {
        outcomes.event(number, id(1_000 + u128::from(number)));
    }
    outcomes.forget_empty();
    assert_eq!(outcomes.waiting(), 1, "the last command may go on");
    assert_eq!(outcomes.finish(&[]), []);
}
