//! This event store, with its default limits.

use std::sync::Arc;

use event_store::{EventStore, ExecuteError, StoreConfig, verify};
use tokio_util::sync::CancellationToken;

use super::same_event::{FindPieces, command};
use crate::error::BenchError;
use crate::measure::{Done, Load, Sample, Turn};
use crate::server::Database;

/// As in HTTP: the command was accepted.
const OK: u16 = 200;

/// A store on a database of its own.
pub(crate) struct Ours {
    database: Database,
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

    /// Runs a load of the operations that `make` makes by the turn's number.
    pub(crate) async fn run(
        &self,
        load: Load,
        make: impl Fn(u64) -> Result<FindPieces, BenchError> + Send + Sync + 'static,
    ) -> Result<Sample, BenchError> {
        let (store, make) = (self.store.clone(), Arc::new(make));
        load.run(move |turn: Turn| {
            let (store, make) = (store.clone(), Arc::clone(&make));
            async move {
                // What is contended or finds no room was not written: tried again, as every user of any of
                // the stores has to.
                for retries in 0.. {
                    match execute(&store, make(turn.number)?).await {
                        Err(BenchError::Command(
                            ExecuteError::Contended { .. } | ExecuteError::Busy { .. },
                        )) => {}
                        done => return done.map(|()| Done::Acknowledged { retries }),
                    }
                    if std::time::Instant::now() >= turn.deadline {
                        break;
                    }
                }
                Ok(Done::GivenUp)
            }
        })
        .await
    }

    /// One command.
    pub(crate) async fn execute(&self, operation: FindPieces) -> Result<(), BenchError> {
        execute(&self.store, operation).await
    }

    /// Closes the store and gives its database back, so that another one may open it with nothing in
    /// memory.
    pub(crate) async fn close(self) -> Database {
        self.stop.cancel();
        self.store.log().pool().close().await;
        self.database
    }

    /// As many rows as were acknowledged, and a log that keeps its promises.
    pub(crate) async fn check(
        database: &Database,
        commands: u64,
        events: u64,
    ) -> Result<(), BenchError> {
        for (table, expected) in [
            ("event_store.commands", commands),
            ("event_store.events", events),
        ] {
            let rows = database.count(table).await?;
            if rows != expected {
                return Err(BenchError::LostOrDoubled {
                    who: format!("ours, {table}"),
                    acknowledged: expected,
                    rows,
                });
            }
        }
        let pool = database.pool().await?;
        let report = verify(&pool).await;
        pool.close().await;
        let report = report?;
        match report.findings.first() {
            None => Ok(()),
            Some(finding) => Err(BenchError::BrokenLog(format!(
                "{}: {}",
                finding.invariant, finding.evidence
            ))),
        }
    }
}

async fn execute(store: &EventStore, operation: FindPieces) -> Result<(), BenchError> {
    let outcome = store.execute(command(operation)).await?;
    if outcome.status == OK {
        Ok(())
    } else {
        Err(BenchError::Refused {
            status: outcome.status,
            body: outcome.body,
        })
    }
}
