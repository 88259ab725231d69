//! Several commands in one batch, and those that the log refuses.

use domain::aggregate_types;

use super::fixture::{core, create, decide, job, land, load_all, receive, written};
use crate::append::Verdict;
use crate::error::ExecuteError;

#[test]
fn commands_see_what_the_commands_before_them_in_the_batch_decided() {
    let (mut core, types) = (core(), aggregate_types());
    let (first, _reply) = job(create(1), 1);
    let (second, mut reply) = job(receive(1), 2);
    core.offer(first);
    core.offer(second);
    load_all(&mut core, &types);
    let batch = decide(&mut core);
    assert_eq!(
        (batch.len(), batch.event_count()),
        (2, 2),
        "the product exists for the second one"
    );
    land(&mut core, written(&batch));
    assert!(reply.try_recv().unwrap().is_ok());
}

#[test]
fn a_conflict_has_its_streams_read_anew_and_is_not_tried_for_ever() {
    let (mut core, types) = (core(), aggregate_types());
    let (contended, mut reply) = job(create(1), 1);
    core.offer(contended);
    for attempt in 1..=3 {
        assert_eq!(
            load_all(&mut core, &types),
            1,
            "attempt {attempt} reads the stream"
        );
        assert_eq!(decide(&mut core).len(), 1);
        land(&mut core, vec![Verdict::Conflict]);
    }
    assert!(matches!(
        reply.try_recv().unwrap(),
        Err(ExecuteError::Contended { .. })
    ));
    assert_eq!(core.load(), 0);
}

#[test]
fn a_refused_commands_neighbours_are_decided_again_on_what_is_really_there() {
    let (mut core, types) = (core(), aggregate_types());
    let (first, mut first_reply) = job(create(1), 1);
    let (second, mut second_reply) = job(receive(1), 2);
    core.offer(first);
    core.offer(second);
    load_all(&mut core, &types);
    decide(&mut core);
    // The first was a duplicate of another's, so the second was built on an event that is not there.
    land(&mut core, vec![Verdict::Duplicate(None), Verdict::Conflict]);
    assert!(matches!(
        first_reply.try_recv().unwrap(),
        Err(ExecuteError::KeyReused)
    ));
    load_all(&mut core, &types);
    let batch = decide(&mut core);
    assert_eq!(
        (batch.len(), batch.event_count()),
        (1, 0),
        "no such product: refused this time"
    );
    land(&mut core, written(&batch));
    assert!(second_reply.try_recv().unwrap().is_ok());
}

#[test]
fn the_same_command_twice_goes_into_two_batches() {
    let (mut core, types) = (core(), aggregate_types());
    let (first, _first_reply) = job(create(1), 7);
    let (again, _again_reply) = job(create(1), 7);
    core.offer(first);
    core.offer(again);
    load_all(&mut core, &types);
    let batch = decide(&mut core);
    assert_eq!(batch.len(), 1);
    land(&mut core, written(&batch));
    assert_eq!(decide(&mut core).len(), 1);
}
