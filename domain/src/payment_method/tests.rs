//! The rules of a user's payment methods, by example, as a table, and for any history.

use proptest::prelude::*;

use super::*;
use crate::decider::Decider as _;
use crate::mothers::{at, method_id};
use crate::spec::{Given, Table, given};

const TABLE: Table<PaymentMethods> = Table {
    stages: &[
        ("(none)", ""),
        ("pending", "request"),
        ("active", "request register"),
        ("second", "request register request-2 register-2"),
        ("deleted", "request register delete"),
        ("erased", "request register delete erase"),
        ("failed", "request fail"),
    ],
    command,
    additive: &["delay", "delay-erasure"],
    cells: "
    none = PAYMENT_METHOD_NOT_FOUND
    exists = PAYMENT_METHOD_ALREADY_EXISTS
    inactive = PAYMENT_METHOD_NOT_ACTIVE
    Requested = PaymentMethodRequested
    Registered = PaymentMethodRegistered
    Registered1st = PaymentMethodRegistered+PaymentMethodMadeDefault
    Failed = PaymentMethodRegistrationFailed
    Delayed = PaymentMethodRegistrationDelayed
    Default = PaymentMethodMadeDefault
    Deleted = PaymentMethodDeleted
    Handed = PaymentMethodDeleted+PaymentMethodMadeDefault
    Erased = PaymentMethodErased
    ErasureDelayed = PaymentMethodErasureDelayed

              request    request-other  register       fail    delay    default   default-2  delete    delete-2  erase    delay-erasure
    (none)    Requested  Requested      none           -       none     none      none       none      none      -        none
    pending   -          exists         Registered1st  Failed  Delayed  inactive  none       inactive  none      exists   exists
    active    exists     exists         -              exists  -        -         none       Deleted   none      exists   exists
    second    exists     exists         -              exists  -        -         Default    Handed    Deleted   exists   exists
    deleted   exists     exists         -              exists  -        none      none       -         none      Erased   ErasureDelayed
    erased    Requested  Requested      none           -       none     none      none       none      none      -        none
    failed    Requested  Requested      none           -       none     none      none       none      none      -        none
    ",
};

fn command(name: &str) -> PaymentMethodCommand {
    let (first, second) = (method_id(1), method_id(2));
    match name {
        "request" => request(1, "auth-1"),
        "request-other" => request(1, "auth-other"),
        "request-2" => request(2, "auth-2"),
        "register" => register(1),
        "register-2" => register(2),
        "fail" => PaymentMethodCommand::FailRegistration {
            method_id: first,
            code: "INVALID_AUTH_KEY".to_owned(),
            message: "no".to_owned(),
        },
        "delay" => PaymentMethodCommand::DelayRegistration {
            method_id: first,
            reason: "TIMEOUT".to_owned(),
            next_attempt_at: at(1),
        },
        "default" => PaymentMethodCommand::MakeDefault { method_id: first },
        "default-2" => PaymentMethodCommand::MakeDefault { method_id: second },
        "delete" => delete(1),
        "delete-2" => delete(2),
        "erase" => PaymentMethodCommand::CompleteErasure { method_id: first },
        "delay-erasure" => PaymentMethodCommand::DelayErasure {
            method_id: first,
            reason: "TIMEOUT".to_owned(),
            next_attempt_at: None,
        },
        other => panic!("no command {other}"),
    }
}

fn request(number: u32, auth_token: &str) -> PaymentMethodCommand {
    PaymentMethodCommand::Request {
        method_id: method_id(number),
        gateway: "toss".to_owned(),
        auth_token: auth_token.to_owned(),
    }
}

fn register(number: u32) -> PaymentMethodCommand {
    PaymentMethodCommand::Register {
        method_id: method_id(number),
        kind: MethodKind::Card,
        card_company: Some("71".to_owned()),
        card_last4: Some("1234".to_owned()),
    }
}

fn delete(number: u32) -> PaymentMethodCommand {
    PaymentMethodCommand::Delete {
        method_id: method_id(number),
        reason: DeletionReason::Requested,
    }
}

/// So many methods, registered one after the other.
fn wallet(count: u32) -> Given<PaymentMethods> {
    let commands = (1..=count).flat_map(|number| [request(number, "auth"), register(number)]);
    given(crate::spec::history::<PaymentMethods>(commands))
}

#[test]
fn every_command_in_every_stage_does_what_the_table_says() {
    TABLE.check();
}

#[test]
fn the_default_is_handed_to_the_newest_of_those_left() {
    let left = wallet(3).when(delete(1)).then(vec![
        PaymentMethodEvent::PaymentMethodDeleted {
            method_id: method_id(1),
            gateway: "toss".to_owned(),
            reason: DeletionReason::Requested,
        },
        PaymentMethodEvent::PaymentMethodMadeDefault {
            method_id: method_id(3),
        },
    ]);
    assert_eq!(left.state().default_method(), Some(method_id(3)));
    assert_eq!(left.state().count(), 2);
}

#[test]
fn the_twenty_first_method_is_refused_until_another_goes() {
    let full = PaymentMethodError::TooMany { max: 20 };
    wallet(20).when(request(21, "auth")).then_refused(full);
    let commands = (1..=20).flat_map(|number| [request(number, "auth"), register(number)]);
    let commands = commands.chain([delete(7), request(21, "auth")]);
    let room = given::<PaymentMethods>(crate::spec::history::<PaymentMethods>(commands));
    assert_eq!(room.state().count(), 20);
}

#[test]
fn what_a_browser_brings_has_bounds() {
    let invalid = |field, reason| PaymentMethodError::Invalid { field, reason };
    let too_long = "a".repeat(301);
    for auth_token in ["", too_long.as_str()] {
        wallet(0)
            .when(request(1, auth_token))
            .then_refused(invalid("authKey", "1 to 300 characters"));
    }
}

#[test]
fn what_a_browser_brought_is_forgotten_with_the_answer() {
    let registered = wallet(1);
    let state = serde_json::to_string(registered.state()).unwrap();
    assert!(!state.contains("auth"), "{state}");
}

proptest! {
    #[test]
    fn the_default_is_one_of_the_active_and_there_is_one_while_any_is(
        steps in prop::collection::vec((0_usize..11, 1_u32..5), 0..60)
    ) {
        let names = [
            "request", "request-2", "register", "register-2", "fail", "delay", "default",
            "default-2", "delete", "delete-2", "erase",
        ];
        let mut state = PaymentMethodsState::default();
        for (index, _) in steps {
            let decided = PaymentMethods::decide(&state, command(names[index]));
            for event in decided.unwrap_or_default() {
                PaymentMethods::evolve(&mut state, &event);
            }
            let active = [1, 2].map(method_id).into_iter();
            let active: Vec<_> = active.filter(|id| state.active(*id).is_ok()).collect();
            match state.default_method() {
                Some(default) => prop_assert!(active.contains(&default)),
                None => prop_assert!(active.is_empty()),
            }
        }
    }
}
