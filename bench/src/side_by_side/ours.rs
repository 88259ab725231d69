//! This event store, with its default limits.

use std::sync::Arc;

use domain::ProductId;
use event_store::{EventStore, StoreConfig, verify};
use tokio_util::sync::CancellationToken;

use super::same_event::{FindPieces, command, new_inventory};
use super::server::Database;
use crate::error::BenchError;
use crate::load::{Done, Load, Turn};
use crate::sample::Sample;

/// As in HTTP: the command was accepted.
const OK: u16 = 200;

/// A store on a database of its own.
pub(crate) struct Ours {
    pub(crate) database: Database,
    store: EventStore,
    stop: CancellationToken,
}

impl Ours {
    /// Opens a store that has nothing in memory.
    pub(crate) async fn open(database: Database) -> Result<Self, BenchError> {
        let stop = CancellationToken::new();
        let pool = database.pool().await?;
        let store = EventStore::open(pool, StoreConfig::default(), stop.clone()).await?;
        Ok(Self {
            database,
            store,
            stop,
        })
    }

    /// Runs a load of single-event commands on the aggregates that `target` names by the turn's number.
    pub(crate) async fn run(
        &self,
        load: Load,
        target: impl Fn(u64) -> ProductId + Send + Sync + 'static,
    ) -> Result<Sample, BenchError> {
        let (store, target) = (self.store.clone(), Arc::new(target));
        load.run(move |turn: Turn| {
            let (store, target) = (store.clone(), Arc::clone(&target));
            async move { execute(&store, FindPieces::once(target(turn.number))?).await }
        })
        .await
    }

    /// Runs a load of single-event commands, each on a new aggregate.
    pub(crate) async fn run_new(&self, load: Load) -> Result<Sample, BenchError> {
        let store = self.store.clone();
        load.run(move |_| {
            let store = store.clone();
            async move { execute(&store, FindPieces::first(new_inventory())?).await }
        })
        .await
    }

    /// Runs a load in which every turn makes several events of a new aggregate.
    pub(crate) async fn seed(
        &self,
        load: Load,
        inventories: Arc<Vec<ProductId>>,
        events: u32,
    ) -> Result<Sample, BenchError> {
        let store = self.store.clone();
        load.run(move |turn: Turn| {
            let (store, inventories) = (store.clone(), Arc::clone(&inventories));
            async move {
                let index = usize::try_from(turn.number).unwrap_or(usize::MAX);
                let inventory = inventories
                    .get(index)
                    .copied()
                    .ok_or_else(|| BenchError::Value(format!("there is no aggregate {index}")))?;
                execute(&store, FindPieces::repeated(inventory, events)?).await
            }
        })
        .await
    }

    /// One single-event command.
    pub(crate) async fn execute(&self, inventory: ProductId) -> Result<(), BenchError> {
        execute(&self.store, FindPieces::once(inventory)?).await?;
        Ok(())
    }

    /// Closes the store and gives its database back, so that another one may open it with nothing in
    /// memory.
    pub(crate) async fn close(self) -> Database {
        self.stop.cancel();
        self.store.log().pool().close().await;
        self.database
    }

    /// As many rows as were acknowledged, and a log that keeps its promises.
    pub(crate) async fn check(&self, commands: u64, events: u64) -> Result<(), BenchError> {
        for (table, expected) in [
            ("event_store.commands", commands),
            ("event_store.events", events),
        ] {
            let rows = self.database.count(table).await?;
            if rows != expected {
                return Err(BenchError::LostOrDoubled {
                    who: format!("ours, {table}"),
                    acknowledged: expected,
                    rows,
                });
            }
        }
        let report = verify(self.store.log().pool()).await?;
        match report.findings.first() {
            None => Ok(()),
            Some(finding) => Err(BenchError::BrokenLog(format!(
                "{}: {}",
                finding.invariant, finding.evidence
            ))),
        }
    }
}

async fn execute(store: &EventStore, operation: FindPieces) -> Result<Done, BenchError> {
    let outcome = store.execute(command(operation)).await?;
    if outcome.status == OK {
        Ok(Done::Acknowledged)
    } else {
        Err(BenchError::Refused {
            status: outcome.status,
            body: outcome.body,
        })
    }
}
