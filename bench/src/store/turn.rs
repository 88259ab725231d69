//! One contestant's turn: a database, whatever must be there before, the load, and the count of rows.

use std::time::Duration;

use super::ours::Ours;
use super::stock::Stock;
use super::targets::Targets;
use super::{cold, one_at_a_time, peer_process, pgbench, worker};
use crate::error::BenchError;
use crate::measure::{Figures, Load, Sample};
use crate::registry::{Condition, Contestant, Scenario};
use crate::run::Bench;
use crate::server::Database;
use crate::store::same_event::new_inventory;

/// How many commands are under way at once in the scenarios with load.
pub(super) const CONCURRENT: usize = 64;
/// How many processes write where several do.
pub(super) const PROCESSES: u64 = 3;
/// The hot aggregate's stream grows, and the stock framework reads all of it for every command: what is
/// compared is the first so many seconds.
const HOT_WINDOW: Duration = Duration::from_secs(3);

/// What was measured of whom.
pub(crate) type Measured = Vec<(Contestant, Figures)>;

/// Runs each contestant once.
pub(crate) async fn run(
    bench: &Bench,
    condition: Condition,
    scenario: Scenario,
    contestants: &[Contestant],
) -> Result<Measured, BenchError> {
    let window = match scenario {
        Scenario::LongRuns => bench.form.long_window(),
        Scenario::HotAggregate => bench.window.min(HOT_WINDOW).max(Duration::from_secs(1)),
        _ => bench.window,
    };
    let processes = if condition == Condition::ThreeProcesses {
        PROCESSES
    } else {
        1
    };
    if scenario == Scenario::OneAtATime && processes == 1 {
        return one_at_a_time::run(contestants, &bench.server, window).await;
    }
    let mut measured = Measured::new();
    for &contestant in contestants {
        if condition == Condition::LargeLog {
            let figures = on_large_log(bench, scenario, window).await?;
            measured.push((contestant, figures));
            continue;
        }
        let turn = Turn {
            bench,
            scenario,
            contestant,
            processes,
            window,
        };
        measured.push((contestant, turn.take().await?.figures()));
    }
    Ok(measured)
}

/// Ours on the large log, which is left as it is then.
async fn on_large_log(
    bench: &Bench,
    scenario: Scenario,
    window: Duration,
) -> Result<Figures, BenchError> {
    let large = bench.large_log.get(&bench.server, bench.form).await?;
    let database = large
        .as_ref()
        .ok_or_else(|| BenchError::Value("the large log was not made".to_owned()))?;
    let before = database.count("event_store.events").await?;
    let targets = if scenario == Scenario::HotAggregate {
        Targets::One(new_inventory())
    } else {
        Targets::New
    };
    let load = Load {
        workers: CONCURRENT,
        window,
        commands_max: u64::MAX,
    };
    bench.server.settle().await?;
    let copy = Database::at(&database.url())?;
    let (sample, _) = worker::run_here(Contestant::Ours, copy, targets, load).await?;
    let rows = database.count("event_store.events").await? - before;
    if rows != sample.acknowledged() {
        return Err(BenchError::LostOrDoubled {
            who: "ours on a large log".to_owned(),
            acknowledged: sample.acknowledged(),
            rows,
        });
    }
    Ok(sample.figures())
}

struct Turn<'b> {
    bench: &'b Bench,
    scenario: Scenario,
    contestant: Contestant,
    processes: u64,
    window: Duration,
}

/// What is there before a turn begins.
struct Stage {
    database: Database,
    targets: Targets,
    seeded: Seeded,
}

/// Rows that were there before.
#[derive(Clone, Copy, Default)]
struct Seeded {
    commands: u64,
    events: u64,
}

impl Turn<'_> {
    async fn take(self) -> Result<Sample, BenchError> {
        let server = &self.bench.server;
        match self.contestant {
            Contestant::Ours | Contestant::OursNew => {
                let stage = self.stage_ours().await?;
                server.settle().await?;
                let (sample, database) = self.load(stage.database, stage.targets).await?;
                let (seeded, done) = (stage.seeded, sample.acknowledged());
                let events = seeded.events + done;
                Ours::check(&database, seeded.commands + done, events).await?;
                server.drop_database(database).await?;
                Ok(sample)
            }
            Contestant::Stock | Contestant::StockNew => {
                let stage = self.stage_stock().await?;
                server.settle().await?;
                let (sample, database) = self.load(stage.database, stage.targets).await?;
                let rows = stage.seeded.events + sample.acknowledged();
                Stock::check(&database, rows).await?;
                server.drop_database(database).await?;
                Ok(sample)
            }
            Contestant::Pgbench | Contestant::BareInsert => {
                let clients = if self.scenario == Scenario::OneAtATime {
                    1
                } else {
                    CONCURRENT
                };
                pgbench::bare_insert(server, self.window, clients, self.processes).await
            }
            Contestant::MessageDb | Contestant::MessageDbOneCategory => {
                let one_category = self.contestant == Contestant::MessageDbOneCategory;
                let scripts = self.bench.peers.message_db()?;
                pgbench::message_db(server, self.window, CONCURRENT, &scripts, one_category).await
            }
            Contestant::Emmett | Contestant::Disintegrate => {
                let peer = self.bench.peers.program(self.contestant)?;
                peer_process::run(server, &peer, self.window, CONCURRENT).await
            }
            other => Err(BenchError::Value(format!("{other:?} is not a store"))),
        }
    }

    fn workers(&self) -> usize {
        if self.scenario == Scenario::OneAtATime {
            1
        } else {
            CONCURRENT
        }
    }

    /// In this process, or in several of their own.
    async fn load(
        &self,
        database: Database,
        targets: Targets,
    ) -> Result<(Sample, Database), BenchError> {
        if self.processes > 1 {
            let (contestant, workers) = (self.contestant, self.workers());
            let sample = worker::run_several(
                self.processes,
                contestant,
                &database,
                targets,
                workers,
                self.window,
            );
            return Ok((sample.await?, database));
        }
        let load = Load {
            workers: self.workers(),
            window: self.window,
            commands_max: targets.commands_max(),
        };
        worker::run_here(self.contestant, database, targets, load).await
    }

    async fn stage_ours(&self) -> Result<Stage, BenchError> {
        let database = self.bench.server.migrated().await?;
        if self.scenario != Scenario::ColdAggregates {
            return Ok(Stage {
                database,
                targets: self.targets(),
                seeded: Seeded::default(),
            });
        }
        let (database, supply) = cold::ours(database, self.bench.form, self.window).await?;
        Ok(Stage {
            database,
            targets: Targets::Supply(supply),
            seeded: Seeded {
                commands: supply.count,
                events: supply.count * u64::from(cold::EVENTS),
            },
        })
    }

    async fn stage_stock(&self) -> Result<Stage, BenchError> {
        let stock = Stock::create(&self.bench.server).await?;
        if self.scenario != Scenario::ColdAggregates {
            return Ok(Stage {
                database: stock.close().await,
                targets: self.targets(),
                seeded: Seeded::default(),
            });
        }
        let supply = cold::stock(&stock, self.bench.form, self.window).await?;
        Ok(Stage {
            database: stock.close().await,
            targets: Targets::Supply(supply),
            seeded: Seeded {
                commands: 0,
                events: supply.count * u64::from(cold::EVENTS),
            },
        })
    }

    fn targets(&self) -> Targets {
        let hot = self.scenario == Scenario::HotAggregate
            || (self.scenario == Scenario::OneAtATime && self.contestant == Contestant::Ours);
        if hot {
            Targets::One(new_inventory())
        } else {
            Targets::New
        }
    }
}
