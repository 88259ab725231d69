//! One process of the shop, started again whenever it ends, by whatever hand.

use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use rand::Rng as _;
use rand::rngs::StdRng;
use serde_json::json;
use tokio::process::{Child, Command};
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::arming::{self, Arming};
use crate::chronicle::Chronicle;
use crate::error::ChaosError;

/// The chance that a killed process is started again at once, in percent: a supervisor that restarts. The
/// others are away for a while.
const AT_ONCE_PERCENT: u32 = 60;
/// The longest that one is away, in milliseconds.
const AWAY_MAX_MS: u64 = 4_000;
/// How long a process may take to end after SIGTERM: it promises ten seconds.
const END_PATIENCE: Duration = Duration::from_secs(20);
/// One that has just been started cannot be told to end: the signal is the system's until it listens, which takes a
/// busy machine a while.
const DEAF: Duration = Duration::from_secs(2);
/// How soon one that ended by itself is started again.
const RESTART_PAUSE: Duration = Duration::from_millis(250);

/// Counts the processes that ended in order while the run went on, and those that did when it was over.
pub(crate) const ENDED: &str = "ended in order";
pub(crate) const CLOSED: &str = "closed in order";

/// What a process is for. Its name counts the kills.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    CommandApi,
    Processes,
    /// Projections, relay and auditor in one process.
    Followers,
    ReadApi,
    /// The payment service's transactions, and the order service's side of them.
    Ledgers,
    Gateway,
}

impl Kind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::CommandApi => "command-api",
            Self::Processes => "processes",
            Self::Followers => "projections+relay+auditor",
            Self::ReadApi => "read-api",
            Self::Ledgers => "payment-ledger+order-payments",
            Self::Gateway => "gateway",
        }
    }

    fn arguments(self) -> &'static [&'static str] {
        match self {
            Self::CommandApi => &["serve", "--roles", "command-api"],
            Self::Processes => &["serve", "--roles", "processes"],
            Self::Followers => &["serve", "--roles", "projections,relay,auditor"],
            Self::ReadApi => &["serve", "--roles", "read-api"],
            Self::Ledgers => &["serve", "--roles", "payment-ledger,order-payments"],
            Self::Gateway => &["mock-gateway"],
        }
    }
}

/// What is done to a process.
#[derive(Debug)]
enum Order {
    Kill,
    /// SIGTERM, as on a deployment.
    End,
    /// SIGSTOP, and SIGCONT when this is cancelled.
    Freeze(CancellationToken),
}

/// How a process is started.
#[derive(Clone)]
pub(crate) struct Recipe {
    pub(crate) kind: Kind,
    pub(crate) number: usize,
    pub(crate) program: PathBuf,
    pub(crate) environment: Vec<(String, String)>,
    pub(crate) log: PathBuf,
    /// Where its fail points note what they did.
    pub(crate) fired: PathBuf,
}

/// A process under supervision.
pub(crate) struct Supervised {
    pub(crate) kind: Kind,
    orders: mpsc::Sender<Order>,
    /// 0 while there is none.
    pid: Arc<AtomicU32>,
}

impl Supervised {
    /// Starts it, and again whenever it ends, until `end`: then it is told to end in order. While `calm`
    /// is cancelled nothing is delayed on purpose.
    pub(crate) fn start(
        recipe: Recipe,
        random: StdRng,
        (chronicle, arming): (Arc<Chronicle>, Arc<Arming>),
        calm: CancellationToken,
        end: CancellationToken,
    ) -> (Self, tokio::task::JoinHandle<()>) {
        let (orders, taken) = mpsc::channel(4);
        let (kind, pid) = (recipe.kind, Arc::<AtomicU32>::default());
        let supervisor = Supervisor {
            random,
            recipe,
            chronicle,
            arming,
            calm,
            end,
            orders: taken,
            pid: Arc::clone(&pid),
        };
        (Self { kind, orders, pid }, tokio::spawn(supervisor.run()))
    }

    /// `kill -9`. One that is away already is left alone.
    pub(crate) fn kill(&self) {
        let _ = self.orders.try_send(Order::Kill);
    }

    /// Tells it to end in order.
    pub(crate) fn end(&self) {
        let _ = self.orders.try_send(Order::End);
    }

    /// Stops it without ending it, until the guard is dropped. What else is done to it meanwhile is not.
    pub(crate) fn freeze(&self) -> DropGuard {
        let thaw = CancellationToken::new();
        let _ = self.orders.try_send(Order::Freeze(thaw.clone()));
        thaw.drop_guard()
    }

    /// Its process, while there is one.
    pub(crate) fn pid(&self) -> Option<u32> {
        Some(self.pid.load(Ordering::SeqCst)).filter(|pid| *pid != 0)
    }
}

struct Supervisor {
    recipe: Recipe,
    random: StdRng,
    chronicle: Arc<Chronicle>,
    arming: Arc<Arming>,
    calm: CancellationToken,
    end: CancellationToken,
    orders: mpsc::Receiver<Order>,
    pid: Arc<AtomicU32>,
}

/// Why a process is no longer there.
enum Gone {
    Killed,
    ByItself(ExitStatus),
    /// It was told to end in order.
    Ended(Why, Ending),
}

/// Why a process was told to end.
enum Why {
    /// As on a deployment: it is away for a while.
    Deployed,
    /// The run is calm, and it had fail points armed.
    Disarmed,
    /// The run is over.
    Over,
}

/// How a process ended that was told to.
enum Ending {
    InOrder,
    Badly(ExitStatus),
    NotAtAll,
}

impl Supervisor {
    async fn run(mut self) {
        while !self.end.is_cancelled() {
            let points = self.points();
            let armed = points.is_some();
            let mut child = match self.start(points) {
                Ok(child) => child,
                Err(error) => {
                    self.note("not started", &json!({ "error": error.to_string() }));
                    sleep(RESTART_PAUSE).await;
                    continue;
                }
            };
            self.pid.store(child.id().unwrap_or(0), Ordering::SeqCst);
            let started = Instant::now();
            let gone = self.attend(&mut child, armed).await;
            self.pid.store(0, Ordering::SeqCst);
            let aborted = self.arming.collect(self.recipe.kind, &self.recipe.fired);
            match gone {
                Gone::Ended(why, ending) => {
                    // Ending is a chance for a fail point like any other.
                    if aborted {
                        self.count("abort");
                    } else {
                        self.judge(&why, &ending);
                    }
                    match why {
                        Why::Over => return,
                        Why::Deployed => self.stay_away().await,
                        Why::Disarmed => {}
                    }
                }
                Gone::Killed => self.stay_away().await,
                Gone::ByItself(_) if aborted => {
                    self.count("abort");
                    self.stay_away().await;
                }
                Gone::ByItself(status) => {
                    let lived_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
                    let detail = json!({ "status": status.to_string(), "livedMs": lived_ms });
                    self.note("ended by itself", &detail);
                    sleep(RESTART_PAUSE).await;
                }
            }
            // What was meant for the one that is gone.
            while self.orders.try_recv().is_ok() {}
        }
    }

    fn points(&mut self) -> Option<String> {
        let calm = self.calm.is_cancelled();
        let points = (!calm).then(|| self.arming.choose(self.recipe.kind, &mut self.random));
        points.flatten()
    }

    fn start(&self, points: Option<String>) -> Result<Child, ChaosError> {
        let path = &self.recipe.log;
        let log = std::fs::File::options()
            .create(true)
            .append(true)
            .open(path)
            .map_err(ChaosError::file(path))?;
        let errors = log.try_clone().map_err(ChaosError::file(path))?;
        Command::new(&self.recipe.program)
            .args(self.recipe.kind.arguments())
            .envs(
                self.recipe
                    .environment
                    .iter()
                    .map(|(name, value)| (name, value)),
            )
            .envs(arming::variables(points, &self.recipe.fired))
            .stdin(Stdio::null())
            .stdout(log)
            .stderr(errors)
            .kill_on_drop(true)
            .spawn()
            .map_err(ChaosError::file(&self.recipe.program))
    }

    /// Until it is gone.
    async fn attend(&mut self, child: &mut Child, armed: bool) -> Gone {
        let started = Instant::now();
        loop {
            tokio::select! {
                ended = child.wait() => return match ended {
                    Ok(status) => Gone::ByItself(status),
                    Err(_) => Gone::Killed,
                },
                () = self.end.cancelled() => {
                    return Gone::Ended(Why::Over, tell_to_end(child, started).await);
                }
                () = self.calm.cancelled(), if armed => {
                    return Gone::Ended(Why::Disarmed, tell_to_end(child, started).await);
                }
                Some(order) = self.orders.recv() => match order {
                    Order::End if started.elapsed() >= DEAF => {
                        self.count("fault:told to end");
                        return Gone::Ended(Why::Deployed, tell_to_end(child, started).await);
                    }
                    Order::Kill | Order::End => {
                        self.count("kill");
                        // It is reaped either way.
                        let _ = child.kill().await;
                        return Gone::Killed;
                    }
                    Order::Freeze(thaw) => {
                        signal(child, "STOP").await;
                        thaw.cancelled().await;
                        signal(child, "CONT").await;
                        // It shall act as if nothing had been.
                        while self.orders.try_recv().is_ok() {}
                    }
                },
            }
        }
    }

    fn judge(&self, why: &Why, ending: &Ending) {
        match ending {
            Ending::InOrder => {
                let what = match why {
                    Why::Over => CLOSED,
                    Why::Deployed | Why::Disarmed => ENDED,
                };
                self.chronicle.add(what, 1);
            }
            Ending::Badly(status) => {
                self.note("ended badly", &json!({ "status": status.to_string() }));
            }
            Ending::NotAtAll => {
                self.note("did not end", &json!({ "waited": END_PATIENCE.as_secs() }));
            }
        }
    }

    async fn stay_away(&mut self) {
        // Until one that answers shoppers is back, a first success says nothing about another fault.
        let answers = self.recipe.kind == Kind::CommandApi;
        let _disturbance = answers.then(|| self.chronicle.disturb());
        let at_once = self.random.random_ratio(AT_ONCE_PERCENT, 100);
        if !at_once {
            let away = Duration::from_millis(self.random.random_range(200..AWAY_MAX_MS));
            tokio::select! {
                () = sleep(away) => {}
                () = self.calm.cancelled() => {}
            }
        }
    }

    fn count(&self, what: &str) {
        let kind = self.recipe.kind.name();
        let detail = json!({ "number": self.recipe.number });
        self.chronicle.note(&format!("{what}:{kind}"), &detail);
    }

    fn note(&self, what: &str, detail: &serde_json::Value) {
        let (kind, number) = (self.recipe.kind.name(), self.recipe.number);
        let detail = json!({ "number": number, "detail": detail });
        self.chronicle.note(&format!("{what}:{kind}"), &detail);
    }
}

/// Tells one to end that was started then, as soon as it can hear it.
async fn tell_to_end(child: &mut Child, started: Instant) -> Ending {
    sleep(DEAF.saturating_sub(started.elapsed())).await;
    signal(child, "TERM").await;
    match timeout(END_PATIENCE, child.wait()).await {
        Ok(Ok(status)) if status.success() => Ending::InOrder,
        Ok(Ok(status)) => Ending::Badly(status),
        Ok(Err(_)) | Err(_) => {
            // Its port is the next one's.
            let _ = child.kill().await;
            Ending::NotAtAll
        }
    }
}

async fn signal(child: &Child, name: &str) {
    if let Some(pid) = child.id() {
        // It may be gone by now: then there is nobody to signal.
        let _ = Command::new("kill")
            .args([&format!("-{name}"), &pid.to_string()])
            .stderr(Stdio::null())
            .status()
            .await;
    }
}
