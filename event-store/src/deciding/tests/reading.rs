//! What has to be read first, and for how long it is remembered.

use std::time::{Duration, Instant};

use domain::inventory::Inventory;
use domain::{Loaded, StreamId, aggregate_types};

use super::super::core::Core;
use super::fixture::{
    Reply, core, create, create_unseen, decide, job, land, load_all, product, receive, written,
};
use crate::append::Verdict;
use crate::error::{ExecuteError, StoreError};
use crate::load::Read;

#[test]
fn a_command_whose_streams_are_being_read_does_not_keep_the_others_waiting() {
    let (mut core, types) = (core(), aggregate_types());
    let (warm, _reply) = job(create(1), 1);
    core.offer(warm);
    assert_eq!(load_all(&mut core, &types), 1);
    let batch = decide(&mut core);
    land(&mut core, written(&batch));

    let (cold, mut cold_reply) = job(create(2), 2);
    let (warm, mut warm_reply) = job(create(1), 3);
    core.offer(cold);
    core.offer(warm);
    let batch = decide(&mut core);
    assert_eq!(batch.len(), 1, "only the warm one is decided");
    land(&mut core, written(&batch));
    assert!(warm_reply.try_recv().unwrap().is_ok());
    assert!(cold_reply.try_recv().is_err(), "the cold one still waits");
    load_all(&mut core, &types);
    assert_eq!(decide(&mut core).len(), 1);
}

fn a_read_fails(core: &mut Core) -> usize {
    let wanted = core.next_loads();
    let streams: Vec<_> = wanted.into_iter().map(|one| one.stream).collect();
    let count = streams.len();
    core.read(streams, Err(StoreError::away()));
    count
}

#[test]
fn one_read_that_fails_is_repeated_and_turns_nobody_away() {
    let (mut core, types) = (core(), aggregate_types());
    let (cold, mut reply) = job(create(1), 1);
    core.offer(cold);
    assert_eq!(a_read_fails(&mut core), 1);
    assert!(!core.is_away());
    assert_eq!(load_all(&mut core, &types), 1, "it is read again");
    let batch = decide(&mut core);
    land(&mut core, written(&batch));
    assert!(reply.try_recv().unwrap().is_ok());
    // It counts from one success to the next.
    let (cold, _reply) = job(create(2), 2);
    core.offer(cold);
    a_read_fails(&mut core);
    assert!(!core.is_away());
}

#[test]
fn reads_that_fail_one_after_the_other_mean_that_the_database_is_away() {
    let mut core = core();
    let (cold, _reply) = job(create(1), 1);
    core.offer(cold);
    a_read_fails(&mut core);
    a_read_fails(&mut core);
    assert!(core.is_away());
}

#[test]
fn what_nobody_waits_for_any_more_is_not_read_again() {
    let mut core = core();
    let (cold, _reply) = job(create(1), 1);
    core.offer(cold);
    let wanted = core.next_loads();
    let streams: Vec<_> = wanted.into_iter().map(|one| one.stream).collect();
    core.expire(Instant::now() + Duration::from_secs(60));
    core.read(streams, Err(StoreError::away()));
    assert!(core.next_loads().is_empty());
}

#[test]
fn the_least_recently_used_aggregates_are_forgotten_between_batches() {
    let (mut core, types) = (core(), aggregate_types());
    for n in 1..=10 {
        let (one, _reply) = job(create(n), n);
        core.offer(one);
        load_all(&mut core, &types);
        let batch = decide(&mut core);
        land(&mut core, written(&batch));
    }
    let (old, _reply) = job(create(1), 100);
    core.offer(old);
    assert_eq!(
        load_all(&mut core, &types),
        1,
        "the first product was forgotten"
    );
    let (recent, _reply) = job(create(10), 101);
    core.offer(recent);
    assert_eq!(load_all(&mut core, &types), 0, "the last one was not");
}

#[test]
fn an_unreadable_stream_fails_its_own_commands_only() {
    let (mut core, types) = (core(), aggregate_types());
    let (bad, mut bad_reply) = job(receive(1), 1);
    let (good, _good_reply) = job(create(2), 2);
    core.offer(bad);
    core.offer(good);
    let unreadable = StreamId::of::<Inventory>(product(1));
    let results = core.take_loads().into_iter().map(|one| {
        if one.stream == unreadable {
            let error = types
                .from_snapshot(unreadable.aggregate_type(), "rubbish")
                .err()
                .unwrap();
            return Err((one.stream, error));
        }
        let state = types.empty(one.stream.aggregate_type()).unwrap();
        Ok(Read {
            stream: one.stream,
            loaded: Loaded { state, sequence: 0 },
            snapshot: None,
        })
    });
    core.loaded(results.collect());
    assert!(matches!(
        bad_reply.try_recv().unwrap(),
        Err(ExecuteError::Defect(_))
    ));
    assert_eq!(decide(&mut core).len(), 1);
}

#[test]
fn a_conflict_that_no_tail_explains_has_its_streams_read_from_the_start() {
    let (mut core, types) = (core(), aggregate_types());
    let (warm, _reply) = job(create(1), 1);
    core.offer(warm);
    load_all(&mut core, &types);
    let batch = decide(&mut core);
    land(&mut core, written(&batch));
    let (contended, _reply) = job(create(1), 2);
    core.offer(contended);
    assert_eq!(decide(&mut core).len(), 1);
    land(&mut core, vec![Verdict::Conflict]);
    let wanted = core.take_loads();
    assert!(wanted.iter().all(|one| one.base.is_none()));
    assert_eq!(wanted.len(), 1);
}

#[test]
fn a_query_for_cold_streams_has_a_limit() {
    let mut core = core();
    let replies: Vec<Reply> = (1..=1_500)
        .map(|n| {
            let (cold, reply) = job(create(n), n);
            core.offer(cold);
            reply
        })
        .collect();
    assert_eq!(core.take_loads().len(), 1_000);
    assert_eq!(core.take_loads().len(), 500);
    assert_eq!(core.take_loads().len(), 0);
    drop(replies);
}

#[test]
fn a_new_stream_is_taken_for_empty_without_a_look_and_read_when_it_is_not() {
    let (mut core, types) = (core(), aggregate_types());
    let (new, mut reply) = job(create_unseen(1), 1);
    core.offer(new);
    assert_eq!(load_all(&mut core, &types), 0, "nothing is read");
    assert_eq!(decide(&mut core).len(), 1);
    // The id was somebody else's: the append says so, and now it is read.
    land(&mut core, vec![Verdict::Conflict]);
    assert_eq!(load_all(&mut core, &types), 1);
    let batch = decide(&mut core);
    land(&mut core, written(&batch));
    assert!(reply.try_recv().unwrap().is_ok());
}
