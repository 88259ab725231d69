//! A closed loop: so many workers, each giving its next command once the last one is answered.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use super::Meter;
use super::sample::Sample;
use crate::error::BenchError;

/// How much load, and when it ends.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Load {
    pub(crate) workers: usize,
    pub(crate) window: Duration,
    /// The most commands, when there is a supply of something that each of them uses up.
    pub(crate) commands_max: u64,
}

/// One command's turn.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Turn {
    /// Counts from 0, over all workers.
    pub(crate) number: u64,
    /// After this nothing is begun again, so that a contestant that retries comes to an end.
    pub(crate) deadline: Instant,
}

/// What came of a turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Done {
    /// After so many tries of which nothing was written.
    Acknowledged { retries: u64 },
    /// The deadline passed before it could be; nothing was written.
    GivenUp,
}

impl Done {
    pub(crate) const AT_ONCE: Self = Self::Acknowledged { retries: 0 };
}

impl Load {
    /// Runs the load. Commands under way at the end are waited for and count as acknowledged, but not
    /// into the throughput.
    pub(crate) async fn run<F, Fut>(self, command: F) -> Result<Sample, BenchError>
    where
        F: Fn(Turn) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Done, BenchError>> + Send,
    {
        let command = Arc::new(command);
        let next = Arc::new(AtomicU64::new(0));
        let meter = Meter::start()?;
        let started = Instant::now();
        let deadline = started + self.window;
        let mut workers = JoinSet::new();
        for _ in 0..self.workers {
            let (command, next) = (Arc::clone(&command), Arc::clone(&next));
            workers.spawn(async move {
                work(command.as_ref(), &next, deadline, self.commands_max).await
            });
        }
        let mut sample = Sample::new(self.window);
        while let Some(worker) = workers.join_next().await {
            sample.add(worker??);
        }
        sample.cost(meter.stop()?);
        // A supply that ran out ends the window early.
        if next.load(Ordering::Relaxed) >= self.commands_max {
            sample.shorten(started.elapsed());
        }
        sample.finished()
    }
}

/// What one worker saw.
#[derive(Default)]
pub(crate) struct Seen {
    pub(crate) latencies: Vec<Duration>,
    pub(crate) after_deadline: u64,
    pub(crate) retries: u64,
}

async fn work<F, Fut>(
    command: &F,
    next: &AtomicU64,
    deadline: Instant,
    commands_max: u64,
) -> Result<Seen, BenchError>
where
    F: Fn(Turn) -> Fut,
    Fut: Future<Output = Result<Done, BenchError>>,
{
    let mut seen = Seen::default();
    loop {
        let began = Instant::now();
        if began >= deadline {
            return Ok(seen);
        }
        let number = next.fetch_add(1, Ordering::Relaxed);
        if number >= commands_max {
            return Ok(seen);
        }
        if let Done::Acknowledged { retries } = command(Turn { number, deadline }).await? {
            let ended = Instant::now();
            seen.retries += retries;
            seen.latencies.push(ended - began);
            seen.after_deadline += u64::from(ended > deadline);
        }
    }
}
