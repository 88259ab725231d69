//! 19: saved payment methods.

use domain::payment_method::{DeletionReason, MethodKind, PaymentMethodEvent};
use domain::{DomainEvent, PaymentMethodId};
use uuid::Uuid;

use super::story::Story;
use crate::Invariant;

fn method(number: u128) -> PaymentMethodId {
    PaymentMethodId::new(Uuid::from_u128(0xa0 << 64 | number))
}

fn requested(number: u128) -> PaymentMethodEvent {
    PaymentMethodEvent::PaymentMethodRequested {
        method_id: method(number),
        gateway: "toss".to_owned(),
        auth_token: "auth".to_owned(),
    }
}

fn registered(number: u128) -> PaymentMethodEvent {
    PaymentMethodEvent::PaymentMethodRegistered {
        method_id: method(number),
        gateway: "toss".to_owned(),
        kind: MethodKind::Card,
        card_company: None,
        card_last4: None,
    }
}

fn made_default(number: u128) -> PaymentMethodEvent {
    let method_id = method(number);
    PaymentMethodEvent::PaymentMethodMadeDefault { method_id }
}

fn deleted(number: u128) -> PaymentMethodEvent {
    PaymentMethodEvent::PaymentMethodDeleted {
        method_id: method(number),
        gateway: "toss".to_owned(),
        reason: DeletionReason::Requested,
    }
}

fn erased(number: u128) -> PaymentMethodEvent {
    let method_id = method(number);
    PaymentMethodEvent::PaymentMethodErased { method_id }
}

/// These commands' events, one after the other.
fn story(commands: &[&[PaymentMethodEvent]]) -> Story {
    let mut story = Story::new();
    for events in commands {
        for event in *events {
            let recorded = story.next("ann", DomainEvent::PaymentMethod(event.clone()));
            story.apply(&recorded);
        }
        story.commit();
    }
    story
}

/// The last of these breaks the invariant, for this reason; what is before it does not.
#[track_caller]
fn seen(commands: &[&[PaymentMethodEvent]], why: &str) {
    let (_, before) = commands.split_last().unwrap();
    assert_eq!(story(before).violations(), []);
    let story = story(commands);
    let found = story.violations().iter();
    let found: Vec<_> = found
        .filter(|violation| violation.invariant == Invariant::PaymentMethods)
        .collect();
    assert!(
        found
            .iter()
            .any(|violation| violation.evidence.contains(why)),
        "{found:?}"
    );
}

#[test]
fn methods_that_come_and_go_hold() {
    let first: &[_] = &[registered(1), made_default(1)];
    let whole = [
        &[requested(1)],
        first,
        &[requested(2)],
        &[registered(2)],
        &[deleted(1), made_default(2)],
        &[erased(1)],
        &[deleted(2)],
    ];
    assert_eq!(story(&whole).violations(), []);
}

#[test]
fn a_deleted_method_that_comes_back_is_seen() {
    let gone: [&[_]; 3] = [
        &[requested(1)],
        &[registered(1), made_default(1)],
        &[deleted(1)],
    ];
    for back in [registered(1), requested(1), deleted(1)] {
        let back = [back];
        let commands = [gone[0], gone[1], gone[2], back.as_slice()];
        seen(&commands, "was Some(Deleted)");
    }
}

#[test]
fn a_default_that_cannot_be_charged_is_seen() {
    seen(&[&[requested(1)], &[made_default(1)]], "was Some(Pending)");
}

#[test]
fn a_user_left_without_a_default_is_seen() {
    let first: &[_] = &[registered(1), made_default(1)];
    let commands = [
        &[requested(1)],
        first,
        &[requested(2)],
        &[registered(2)],
        &[deleted(1)],
    ];
    seen(&commands, "none of its methods is the default");
}
