//! The loop's logic without a database: who waits for what, and what a refusal means for the others.

use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use domain::inventory::{Inventory, ReceiveStock};
use domain::product::{ChangeProduct, ProductCommand, ProductDetails};
use domain::{
    AggregateTypes, Currency, Halt, Loaded, Money, ProductId, Quantity, StreamId, Workspace,
    aggregate_types,
};
use tokio::sync::oneshot;
use uuid::Uuid;

use super::core::Core;
use super::job::Job;
use crate::append::{Appended, Batch, Verdict};
use crate::command::{Command, CommandId, Context, Fingerprint, Outcome};
use crate::config::StoreConfig;
use crate::error::ExecuteError;
use crate::load::Read;

type Reply = oneshot::Receiver<Result<Outcome, ExecuteError>>;

fn core() -> Core {
    Core::new(StoreConfig {
        attempts_max: 3,
        cache_streams_max: 4,
        ..StoreConfig::default()
    })
}

fn product(n: u128) -> ProductId {
    ProductId::new(Uuid::from_u128(n))
}

fn job(operation: impl domain::Operation + 'static, id: u128) -> (Job, Reply) {
    let context = Context {
        principal: "tester".to_owned(),
        correlation_id: Uuid::nil(),
        causation_id: None,
        occurred_at: DateTime::<Utc>::UNIX_EPOCH,
    };
    let id = CommandId::new(Uuid::from_u128(id));
    let (sender, reply) = oneshot::channel();
    let command = Command::new(id, Fingerprint::of(&[]), operation, context);
    let deadline = Instant::now() + Duration::from_secs(10);
    (Job::new(command, sender, deadline), reply)
}

/// An operation that has its streams looked at, though their ids are new.
#[derive(Debug)]
struct Looked<O>(O);

impl<O: domain::Operation> domain::Operation for Looked<O> {
    fn name(&self) -> &'static str {
        self.0.name()
    }

    fn streams(&self) -> Vec<StreamId> {
        self.0.streams()
    }

    fn decide(
        &self,
        workspace: &mut domain::Workspace<'_>,
    ) -> Result<serde_json::Value, domain::Halt> {
        self.0.decide(workspace)
    }
}

fn create(n: u128) -> Looked<ChangeProduct> {
    Looked(create_unseen(n))
}

fn create_unseen(n: u128) -> ChangeProduct {
    let details = ProductDetails {
        name: "A kettle".to_owned(),
        category: "kitchen".to_owned(),
        brand: "Acme".to_owned(),
        description: None,
        images: vec![],
    };
    let price = Money::new(1, Currency::Krw).unwrap();
    ChangeProduct {
        product_id: product(n),
        command: ProductCommand::Create { details, price },
    }
}

fn receive(n: u128) -> ReceiveStock {
    let quantity = Quantity::new(1).unwrap();
    ReceiveStock {
        product_id: product(n),
        warehouse: "seoul".parse().unwrap(),
        quantity,
    }
}

/// Reads every stream that the core asks for, as having no events.
fn load_all(core: &mut Core, types: &AggregateTypes) -> usize {
    let wanted = core.take_loads();
    let count = wanted.len();
    let read = wanted.into_iter().map(|one| {
        let empty = || Loaded {
            state: types.empty(one.stream.aggregate_type()).unwrap(),
            sequence: 0,
        };
        let loaded = one.base.clone().unwrap_or_else(empty);
        Ok(Read {
            stream: one.stream,
            loaded,
            snapshot: None,
        })
    });
    core.loaded(read.collect());
    count
}

fn decide(core: &mut Core) -> Batch {
    core.next_write().unwrap_or_default()
}

/// The log's verdicts on the batch under way.
fn land(core: &mut Core, verdicts: Vec<Verdict>) {
    let landed = core.landed(Ok(appended(verdicts))).unwrap();
    core.settle(landed);
}

fn appended(verdicts: Vec<Verdict>) -> Appended {
    Appended {
        verdicts,
        events: Vec::new(),
        head: 1,
    }
}

fn written(batch: &Batch) -> Vec<Verdict> {
    (0..batch.len())
        .map(|_| {
            let (status, body) = (200, String::new());
            Verdict::Written(Outcome {
                status,
                body,
                position: 1,
                replayed: false,
            })
        })
        .collect()
}

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
