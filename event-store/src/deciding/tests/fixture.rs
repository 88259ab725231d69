//! Commands, and a log that says what a test wants.

use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use domain::inventory::ReceiveStock;
use domain::product::{ChangeProduct, ProductCommand, ProductDetails};
use domain::{AggregateTypes, Currency, Loaded, Money, ProductId, Quantity, StreamId};
use tokio::sync::oneshot;
use uuid::Uuid;

use super::super::core::Core;
use super::super::job::Job;
use crate::append::{Appended, Batch, Verdict};
use crate::command::{Command, CommandId, Context, Fingerprint, Outcome};
use crate::config::StoreConfig;
use crate::error::ExecuteError;
use crate::load::Read;

pub(super) type Reply = oneshot::Receiver<Result<Outcome, ExecuteError>>;

pub(super) fn core() -> Core {
    Core::new(StoreConfig {
        attempts_max: 3,
        cache_streams_max: 4,
        ..StoreConfig::default()
    })
}

pub(super) fn product(n: u128) -> ProductId {
    ProductId::new(Uuid::from_u128(n))
}

pub(super) fn job(operation: impl domain::Operation + 'static, id: u128) -> (Job, Reply) {
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
pub(super) struct Looked<O>(O);

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

pub(super) fn create(n: u128) -> Looked<ChangeProduct> {
    Looked(create_unseen(n))
}

pub(super) fn create_unseen(n: u128) -> ChangeProduct {
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

pub(super) fn receive(n: u128) -> ReceiveStock {
    let quantity = Quantity::new(1).unwrap();
    ReceiveStock {
        product_id: product(n),
        warehouse: "seoul".parse().unwrap(),
        quantity,
    }
}

/// Reads every stream that the core asks for, as having no events.
pub(super) fn load_all(core: &mut Core, types: &AggregateTypes) -> usize {
    let wanted = core.take_loads();
    let streams: Vec<_> = wanted.iter().map(|one| one.stream.clone()).collect();
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
    core.read(streams, Ok(read.collect()));
    count
}

pub(super) fn decide(core: &mut Core) -> Batch {
    core.next_write().unwrap_or_default()
}

/// The log's verdicts on the batch under way.
pub(super) fn land(core: &mut Core, verdicts: Vec<Verdict>) {
    let landed = core.landed(Ok(appended(verdicts))).unwrap();
    core.settle(landed);
}

pub(super) fn appended(verdicts: Vec<Verdict>) -> Appended {
    Appended {
        verdicts,
        events: Vec::new(),
        head: 1,
    }
}

pub(super) fn written(batch: &Batch) -> Vec<Verdict> {
    (0..batch.len())
        .map(|_| {
            let (status, body) = (200, String::new());
            Verdict::Written(Outcome {
                status,
                body,
                position: 1,
                recorded_at: chrono::DateTime::UNIX_EPOCH,
                replayed: false,
            })
        })
        .collect()
}
