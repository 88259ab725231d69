//! A load in this process, or in several processes of their own that begin together.

use std::process::Stdio;
use std::time::Duration;

use clap::{Args as ClapArgs, ValueEnum};
use domain::ProductId;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::{Child, Command};
use uuid::Uuid;

use super::ours::Ours;
use super::same_event::FindPieces;
use super::stock::Stock;
use super::targets::{Supply, Targets};
use crate::error::BenchError;
use crate::measure::{Load, Meter, Said, Sample};
use crate::registry::Contestant;
use crate::server::Database;

/// What a process says when it may be started, and is told then.
const READY: &str = "ready";
const GO: &str = "go\n";
/// How much longer than its window a process may take to end, and how long to begin.
const GRACE: Duration = Duration::from_secs(60);

/// One contestant in a process of its own.
#[derive(Clone, Debug, ClapArgs)]
pub(crate) struct WorkerArgs {
    #[arg(long)]
    who: Who,
    #[arg(long)]
    database: String,
    #[arg(long)]
    workers: usize,
    #[arg(long)]
    window_ms: u64,
    /// The one aggregate, or the first of the supply.
    #[arg(long)]
    base: Option<Uuid>,
    /// Of the supply; none for one aggregate.
    #[arg(long)]
    count: Option<u64>,
    #[arg(long, default_value_t = 0)]
    first: u64,
    #[arg(long, default_value_t = 1)]
    step: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Who {
    Ours,
    Stock,
}

/// Does what a worker's process does.
pub(crate) async fn work(args: &WorkerArgs) -> Result<(), BenchError> {
    let targets = match (args.base, args.count) {
        (None, _) => Targets::New,
        (Some(one), None) => Targets::One(ProductId::new(one)),
        (Some(base), Some(count)) => Targets::Supply(Supply {
            base,
            count,
            first: args.first,
            step: args.step,
        }),
    };
    let contestant = match args.who {
        Who::Ours => Contestant::Ours,
        Who::Stock => Contestant::Stock,
    };
    let load = Load {
        workers: args.workers,
        window: Duration::from_millis(args.window_ms),
        commands_max: targets.commands_max(),
    };
    let database = Database::at(&args.database)?;
    let player = Player::open(contestant, database).await?;
    let mut out = tokio::io::stdout();
    out.write_all(format!("{READY}\n").as_bytes()).await?;
    out.flush().await?;
    let mut line = String::new();
    BufReader::new(tokio::io::stdin())
        .read_line(&mut line)
        .await?;
    let sample = player.run(load, targets).await?;
    player.close().await;
    out.write_all(serde_json::to_string(&sample.said())?.as_bytes())
        .await?;
    out.flush().await?;
    Ok(())
}

/// In this process.
pub(super) async fn run_here(
    contestant: Contestant,
    database: Database,
    targets: Targets,
    load: Load,
) -> Result<(Sample, Database), BenchError> {
    let player = Player::open(contestant, database).await?;
    let sample = player.run(load, targets).await?;
    Ok((sample, player.close().await))
}

/// In several processes, each with its own workers and its own connections.
pub(super) async fn run_several(
    processes: u64,
    contestant: Contestant,
    database: &Database,
    targets: Targets,
    workers: usize,
    window: Duration,
) -> Result<Sample, BenchError> {
    let who = match contestant {
        Contestant::Ours | Contestant::OursNew => "ours",
        _ => "stock",
    };
    let mut commands = Vec::new();
    for first in 0..processes {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["worker", "--who", who, "--database", &database.url()]);
        command.args(["--workers", &workers.to_string()]);
        command.args(["--window-ms", &window.as_millis().to_string()]);
        match targets.share(first, processes) {
            Targets::New => {}
            Targets::One(one) => {
                command.args(["--base", &one.to_string()]);
            }
            Targets::Supply(supply) => {
                command.args(["--base", &supply.base.to_string()]);
                command.args(["--count", &supply.count.to_string()]);
                command.args([
                    "--first",
                    &first.to_string(),
                    "--step",
                    &processes.to_string(),
                ]);
            }
        }
        commands.push(command);
    }
    together(commands, window, who).await
}

/// Starts programs that speak as workers do, lets them begin together, and puts what they saw together.
pub(super) async fn together(
    commands: Vec<Command>,
    window: Duration,
    who: &str,
) -> Result<Sample, BenchError> {
    let mut children = Vec::new();
    for mut command in commands {
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true);
        children.push(Program::ready(command.spawn()?, who).await?);
    }
    let meter = Meter::start()?;
    for child in &mut children {
        child.go().await?;
    }
    let mut sample = Sample::new(window);
    let limit = window + GRACE;
    for child in children {
        let said = tokio::time::timeout(limit, child.end(who));
        sample.hear(said.await.map_err(|_| peer(who, "it did not end"))??);
    }
    sample.cost(meter.stop()?);
    sample.finished()
}

struct Program {
    child: Child,
    out: BufReader<tokio::process::ChildStdout>,
}

impl Program {
    async fn ready(mut child: Child, who: &str) -> Result<Self, BenchError> {
        let out = child
            .stdout
            .take()
            .ok_or_else(|| peer(who, "it has no output"))?;
        let mut program = Self {
            child,
            out: BufReader::new(out),
        };
        let mut line = String::new();
        let reading = tokio::time::timeout(GRACE, program.out.read_line(&mut line));
        reading.await.map_err(|_| peer(who, "it did not begin"))??;
        if line.trim() == READY {
            Ok(program)
        } else {
            Err(peer(who, &format!("it began with {line:?}")))
        }
    }

    async fn go(&mut self) -> Result<(), BenchError> {
        if let Some(input) = &mut self.child.stdin {
            input.write_all(GO.as_bytes()).await?;
            input.flush().await?;
        }
        Ok(())
    }

    async fn end(mut self, who: &str) -> Result<Said, BenchError> {
        let mut text = String::new();
        self.out.read_to_string(&mut text).await?;
        let status = self.child.wait().await?;
        if !status.success() {
            return Err(peer(who, &format!("it ended with {status}")));
        }
        Ok(serde_json::from_str(&text)?)
    }
}

fn peer(who: &str, said: &str) -> BenchError {
    BenchError::Peer {
        who: who.to_owned(),
        said: said.to_owned(),
    }
}

/// Whoever runs in a process of this program.
enum Player {
    Ours(Ours),
    Stock(Stock),
}

impl Player {
    async fn open(contestant: Contestant, database: Database) -> Result<Self, BenchError> {
        Ok(match contestant {
            Contestant::Ours | Contestant::OursNew => Self::Ours(Ours::open(database).await?),
            _ => Self::Stock(Stock::open(database).await?),
        })
    }

    async fn run(&self, load: Load, targets: Targets) -> Result<Sample, BenchError> {
        match self {
            Self::Ours(ours) => {
                ours.run(load, move |turn| {
                    let inventory = targets.of(turn);
                    match targets {
                        Targets::New => FindPieces::on_new(inventory),
                        Targets::One(_) | Targets::Supply(_) => FindPieces::on(inventory),
                    }
                })
                .await
            }
            Self::Stock(stock) => stock.run(load, move |turn| targets.of(turn)).await,
        }
    }

    async fn close(self) -> Database {
        match self {
            Self::Ours(ours) => ours.close().await,
            Self::Stock(stock) => stock.close().await,
        }
    }
}
