//! The batch that is decided while another is under way.

use domain::aggregate_types;

use super::fixture::{
    Reply, appended, core, create, decide, job, land, load_all, receive, written,
};
use crate::append::Verdict;
use crate::error::ExecuteError;

#[test]
fn the_next_batch_is_decided_on_top_of_the_one_under_way_and_can_follow_before_it_is_settled() {
    let (mut core, types) = (core(), aggregate_types());
    let (first, mut first_reply) = job(create(1), 1);
    core.offer(first);
    load_all(&mut core, &types);
    let under_way = decide(&mut core);
    let (second, mut second_reply) = job(receive(1), 2);
    core.offer(second);
    load_all(&mut core, &types);
    assert!(core.next_write().is_none(), "one batch is under way");
    assert_eq!(core.load(), 2);

    let landed = core.landed(Ok(appended(written(&under_way)))).unwrap();
    let next = core.launch().unwrap();
    assert_eq!(
        next.event_count(),
        1,
        "the product of the first batch is there for the second"
    );
    assert!(first_reply.try_recv().is_err(), "not settled yet");
    core.settle(landed);
    assert!(first_reply.try_recv().unwrap().is_ok());
    // A third one sees both.
    let (third, mut third_reply) = job(receive(1), 3);
    core.offer(third);
    assert_eq!(core.take_loads().len(), 0);
    assert!(core.next_write().is_none());
    land(&mut core, written(&next));
    assert!(second_reply.try_recv().unwrap().is_ok());
    let last = decide(&mut core);
    assert_eq!(last.event_count(), 1);
    land(&mut core, written(&last));
    assert!(third_reply.try_recv().unwrap().is_ok());
    assert_eq!(core.load(), 0);
}

#[test]
fn what_was_decided_on_top_of_a_refused_command_is_decided_again() {
    let (mut core, types) = (core(), aggregate_types());
    let (first, mut first_reply) = job(create(1), 1);
    core.offer(first);
    load_all(&mut core, &types);
    decide(&mut core);
    let (second, mut second_reply) = job(receive(1), 2);
    core.offer(second);
    load_all(&mut core, &types);
    assert!(core.next_write().is_none());

    let refused = appended(vec![Verdict::Duplicate(None)]);
    let landed = core.landed(Ok(refused)).unwrap();
    assert!(core.launch().is_none(), "it was built on what is not there");
    core.settle(landed);
    assert!(matches!(
        first_reply.try_recv().unwrap(),
        Err(ExecuteError::KeyReused)
    ));
    assert_eq!(load_all(&mut core, &types), 1, "the stream is read again");
    let batch = decide(&mut core);
    assert_eq!(
        (batch.len(), batch.event_count()),
        (1, 0),
        "no such product: refused"
    );
    land(&mut core, written(&batch));
    assert!(second_reply.try_recv().unwrap().is_ok());
}

#[test]
fn what_was_decided_on_top_of_a_batch_that_may_be_lost_is_decided_again_after_it() {
    let (mut core, types) = (core(), aggregate_types());
    let (first, _reply) = job(create(1), 1);
    core.offer(first);
    load_all(&mut core, &types);
    decide(&mut core);
    let (second, _reply) = job(receive(1), 2);
    core.offer(second);
    load_all(&mut core, &types);
    assert!(core.next_write().is_none());
    core.not_appended();
    assert!(core.launch().is_none());
    assert_eq!(load_all(&mut core, &types), 1);
    let batch = decide(&mut core);
    assert_eq!(
        (batch.len(), batch.event_count()),
        (2, 2),
        "in the order in which they came"
    );
}

#[test]
fn aggregates_that_a_batch_has_decided_are_not_forgotten() {
    let (mut core, types) = (core(), aggregate_types());
    let mut replies: Vec<Reply> = Vec::new();
    for n in 1..=10 {
        let (one, reply) = job(create(n), n);
        core.offer(one);
        replies.push(reply);
        assert_eq!(load_all(&mut core, &types), 1);
        assert_eq!(core.next_write().is_some(), n == 1, "one at a time");
    }
    for n in 1..=10 {
        let (again, reply) = job(create(n), 10 + n);
        core.offer(again);
        replies.push(reply);
    }
    assert_eq!(
        core.take_loads().len(),
        0,
        "all are in memory, though only four are kept"
    );
}
