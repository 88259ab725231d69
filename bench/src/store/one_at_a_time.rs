//! One command after the other: what a single caller waits for, beside the least that a durable write can
//! cost. The contestants take turns every few commands, so that whatever else the machine does meanwhile
//! meets all of them alike; only pgbench, a program of its own, has its own window.

use std::time::{Duration, Instant};

use domain::ProductId;

use super::bare_insert::BareInsert;
use super::ours::Ours;
use super::pgbench;
use super::same_event::{FindPieces, new_inventory};
use super::stock::Stock;
use super::turn::Measured;
use crate::error::BenchError;
use crate::measure::Sample;
use crate::registry::Contestant;
use crate::server::{Database, Server};

/// Commands of one turn: enough to be warm for the most of them.
const TURN_COMMANDS: u32 = 25;

pub(super) async fn run(
    contestants: &[Contestant],
    server: &Server,
    window: Duration,
) -> Result<Measured, BenchError> {
    let mut measured = Measured::new();
    if contestants.contains(&Contestant::Pgbench) {
        let sample = pgbench::bare_insert(server, window, 1, 1).await?;
        measured.push((Contestant::Pgbench, sample.figures()));
    }
    let mut players = Vec::new();
    for &contestant in contestants {
        if let Some(single) = Single::open(contestant, server).await? {
            players.push(Player {
                contestant,
                single,
                latencies: Vec::new(),
                spent: Duration::ZERO,
            });
        }
    }
    server.settle().await?;
    // Together as long as if each had had a window of its own. On a thread of the runtime, as handlers
    // are: the main thread would have to be woken from another one.
    let ends = Instant::now() + window * u32::try_from(players.len()).unwrap_or(1);
    let players = tokio::spawn(play(players, ends)).await??;
    for player in players {
        let sample = Sample::measured(player.spent, player.latencies)?;
        let database = player.single.close(sample.acknowledged()).await?;
        server.drop_database(database).await?;
        measured.push((player.contestant, sample.figures()));
    }
    Ok(measured)
}

async fn play(mut players: Vec<Player>, ends: Instant) -> Result<Vec<Player>, BenchError> {
    while Instant::now() < ends {
        for player in &mut players {
            player.take_turn().await?;
        }
    }
    Ok(players)
}

struct Player {
    contestant: Contestant,
    single: Single,
    latencies: Vec<Duration>,
    spent: Duration,
}

impl Player {
    async fn take_turn(&mut self) -> Result<(), BenchError> {
        for _ in 0..TURN_COMMANDS {
            let began = Instant::now();
            self.single.execute().await?;
            let latency = began.elapsed();
            self.latencies.push(latency);
            self.spent += latency;
        }
        Ok(())
    }
}

/// Whoever can execute a single command.
enum Single {
    Ours(Ours, ProductId),
    OursNew(Ours),
    StockNew(Stock),
    BareInsert(BareInsert),
}

impl Single {
    async fn open(contestant: Contestant, server: &Server) -> Result<Option<Self>, BenchError> {
        Ok(match contestant {
            Contestant::Ours => {
                let ours = Ours::open(server.migrated().await?).await?;
                Some(Self::Ours(ours, new_inventory()))
            }
            Contestant::OursNew => {
                let ours = Ours::open(server.migrated().await?).await?;
                Some(Self::OursNew(ours))
            }
            Contestant::StockNew => Some(Self::StockNew(Stock::create(server).await?)),
            Contestant::BareInsert => Some(Self::BareInsert(BareInsert::open(server).await?)),
            _ => None,
        })
    }

    async fn execute(&mut self) -> Result<(), BenchError> {
        match self {
            Self::Ours(ours, one) => ours.execute(FindPieces::on(*one)?).await,
            Self::OursNew(ours) => ours.execute(FindPieces::on_new(new_inventory())?).await,
            Self::StockNew(stock) => stock.execute(new_inventory()).await,
            Self::BareInsert(bare) => bare.insert().await,
        }
    }

    /// Compares rows with what was acknowledged, and gives the database back.
    async fn close(self, acknowledged: u64) -> Result<Database, BenchError> {
        match self {
            Self::Ours(ours, _) | Self::OursNew(ours) => {
                let database = ours.close().await;
                Ours::check(&database, acknowledged, acknowledged).await?;
                Ok(database)
            }
            Self::StockNew(stock) => {
                let database = stock.close().await;
                Stock::check(&database, acknowledged).await?;
                Ok(database)
            }
            Self::BareInsert(bare) => bare.close(acknowledged).await,
        }
    }
}
