//! Runs every generation that this program can feed, and notices when a rebuild switches them.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use event_store::{EventLog, follower};
use sqlx::PgPool;
use tokio::task::JoinHandle;
use tokio::time::{Instant, MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use crate::catalogue;
use crate::config::ProjectionsConfig;
use crate::generation::{self, Generation, State, Target};
use crate::projector::Projector;
use crate::runner::Runner;
use crate::status;

/// Keeps all read models up to date until `stop`; any number of processes may do so at once, and one of
/// them is active for each generation. The handle ends when the last batch has been committed.
///
/// `pool` is the program's (`commerce_app`): each generation opens a session of its own beside it.
#[must_use]
pub fn start(
    pool: PgPool,
    log: EventLog,
    config: ProjectionsConfig,
    stop: CancellationToken,
) -> JoinHandle<()> {
    let supervisor = Supervisor {
        projectors: catalogue::all(),
        running: HashMap::new(),
        warned: HashSet::new(),
        pool,
        log,
        config,
        stop,
    };
    tokio::spawn(supervisor.run())
}

struct Supervisor {
    projectors: Vec<Arc<dyn Projector>>,
    running: HashMap<(String, i32), Running>,
    /// Generations of another version that were warned about.
    warned: HashSet<(String, i32)>,
    pool: PgPool,
    log: EventLog,
    config: ProjectionsConfig,
    stop: CancellationToken,
}

struct Running {
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Supervisor {
    async fn run(mut self) {
        let mut looks = interval(self.config.follow.standby_interval);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut away = false;
        let mut measured: Option<Instant> = None;
        loop {
            tokio::select! {
                () = self.stop.cancelled() => break,
                _ = looks.tick() => {}
            }
            match generation::all(&self.pool).await {
                Ok(generations) => {
                    away = false;
                    self.adjust(&generations);
                }
                Err(error) if !away => {
                    away = true;
                    tracing::warn!(error = %error, "the generations of the read models cannot be listed");
                }
                Err(_) => continue,
            }
            if measured.is_none_or(|at| at.elapsed() >= self.config.metrics_interval) {
                measured = Some(Instant::now());
                status::measure(&self.pool).await;
            }
        }
        for (_, running) in self.running {
            // A runner that panicked has been reported by the runtime.
            let _ = running.task.await;
        }
    }

    /// Starts what should run and does not, and stops what should no longer.
    fn adjust(&mut self, generations: &[Generation]) {
        let mut fed = HashSet::new();
        for generation in generations {
            let projector = self
                .projectors
                .iter()
                .find(|p| p.name() == generation.projection);
            let Some(projector) = projector else { continue };
            if generation.state == State::Building {
                continue;
            }
            let id = (generation.projection.clone(), generation.number);
            if generation.version == projector.version() {
                let target = Target::new(Arc::clone(projector), generation.number);
                self.ensure(&id, target);
                fed.insert(id);
            } else if generation.state == State::Live && self.warned.insert(id) {
                tracing::warn!(
                    projection = projector.name(),
                    projection.version = generation.version,
                    program.version = projector.version(),
                    "the live {name} has version {}, this program {}: it is left alone until \
                     `commerce rebuild {name}`",
                    generation.version,
                    projector.version(),
                    name = projector.name(),
                );
            }
        }
        self.running.retain(|id, running| {
            if !fed.contains(id) {
                running.stop.cancel();
            }
            !running.task.is_finished()
        });
    }

    fn ensure(&mut self, id: &(String, i32), target: Target) {
        if self
            .running
            .get(id)
            .is_some_and(|running| !running.task.is_finished())
        {
            return;
        }
        let stop = self.stop.child_token();
        let runner = Runner {
            pool: self.pool.clone(),
            target,
            config: self.config.clone(),
        };
        let task = tokio::spawn(follower::run(runner, self.log.clone(), stop.clone()));
        self.running.insert(id.clone(), Running { stop, task });
    }
}
