//! Trouble: with the database, with an operation.

use std::time::{Duration, Instant};

use domain::{Halt, StreamId, Workspace, aggregate_types};

use super::super::core::Core;
use super::fixture::{Reply, core, create, decide, job, land, load_all, written};
use crate::config::StoreConfig;
use crate::error::ExecuteError;

#[test]
fn an_unanswered_batch_is_decided_again_and_a_late_command_is_told() {
    let (mut core, types) = (core(), aggregate_types());
    let (lost, mut reply) = job(create(1), 1);
    core.offer(lost);
    load_all(&mut core, &types);
    decide(&mut core);
    core.not_appended();
    load_all(&mut core, &types);
    core.expire(Instant::now());
    assert!(reply.try_recv().is_err(), "there is still time");
    core.expire(Instant::now() + Duration::from_secs(60));
    assert!(matches!(
        reply.try_recv().unwrap(),
        Err(ExecuteError::Unavailable { .. })
    ));
    assert_eq!(core.load(), 0);
}

#[derive(Debug)]
struct Faulty;

impl domain::Operation for Faulty {
    fn name(&self) -> &'static str {
        "faulty"
    }

    fn streams(&self) -> Vec<StreamId> {
        Vec::new()
    }

    fn decide(&self, _: &mut Workspace<'_>) -> Result<serde_json::Value, Halt> {
        panic!("planted")
    }
}

#[test]
fn an_operation_that_panics_fails_alone() {
    let (mut core, types) = (core(), aggregate_types());
    let (faulty, mut faulty_reply) = job(Faulty, 1);
    let (good, mut good_reply) = job(create(1), 2);
    core.offer(faulty);
    core.offer(good);
    load_all(&mut core, &types);
    let batch = decide(&mut core);
    assert!(matches!(
        faulty_reply.try_recv().unwrap(),
        Err(ExecuteError::Defect(_))
    ));
    land(&mut core, written(&batch));
    assert!(good_reply.try_recv().unwrap().is_ok());
}

#[test]
fn of_a_batch_that_the_database_refuses_each_command_is_tried_by_itself() {
    let (mut core, types) = (Core::new(StoreConfig::default()), aggregate_types());
    let mut replies: Vec<Reply> = Vec::new();
    for n in 1..=4 {
        let (one, reply) = job(create(n), n);
        core.offer(one);
        replies.push(reply);
    }
    load_all(&mut core, &types);
    assert_eq!(decide(&mut core).len(), 4);
    core.refused_by_database("one of them");
    // The loop turns now and then while the streams are read anew: that must not wear the rule off.
    for _ in 0..10 {
        assert_eq!(decide(&mut core).len(), 0);
    }
    let (healthy, mut healthy_reply) = job(create(5), 5);
    core.offer(healthy);
    load_all(&mut core, &types);
    for n in 0..4 {
        let batch = decide(&mut core);
        assert_eq!(batch.len(), 1, "batch {n}");
        if n == 2 {
            core.refused_by_database("this one");
        } else {
            land(&mut core, written(&batch));
        }
    }
    let answers = replies.iter_mut().map(|reply| reply.try_recv().unwrap());
    let failed: Vec<bool> = answers.map(|answer| answer.is_err()).collect();
    assert_eq!(failed, [false, false, true, false]);
    let batch = decide(&mut core);
    land(&mut core, written(&batch));
    assert!(healthy_reply.try_recv().unwrap().is_ok());
}
