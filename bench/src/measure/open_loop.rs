//! An open loop: so many requests a second, whether or not the earlier ones were answered, as the public
//! sends them. A request's latency counts from when it was due, so a server that stalls is charged for
//! everyone who waited meanwhile.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;
use tokio::time::{Instant as TokioInstant, sleep_until};

use super::load::Seen;
use super::sample::Sample;
use super::{Done, Meter, Turn};
use crate::error::BenchError;

/// How many a second, and for how long.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OpenLoop {
    pub(crate) per_second: u32,
    pub(crate) window: Duration,
}

impl OpenLoop {
    pub(crate) async fn run<F, Fut>(self, command: F) -> Result<Sample, BenchError>
    where
        F: Fn(Turn) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Done, BenchError>> + Send,
    {
        let command = Arc::new(command);
        let meter = Meter::start()?;
        let started = Instant::now();
        let deadline = started + self.window;
        let mut under_way = JoinSet::new();
        let mut sample = Sample::new(self.window);
        for number in 0.. {
            let due = started + self.gap() * number;
            if due >= deadline {
                break;
            }
            sleep_until(TokioInstant::from_std(due)).await;
            let command = Arc::clone(&command);
            under_way.spawn(async move {
                let number = u64::from(number);
                let done = command(Turn { number, deadline }).await?;
                let ended = Instant::now();
                let mut seen = Seen::default();
                if matches!(done, Done::Acknowledged { .. }) {
                    seen.latencies.push(ended.saturating_duration_since(due));
                    seen.after_deadline = u64::from(ended > deadline);
                }
                Ok::<_, BenchError>(seen)
            });
            while let Some(ended) = under_way.try_join_next() {
                sample.add(ended??);
            }
        }
        while let Some(ended) = under_way.join_next().await {
            sample.add(ended??);
        }
        sample.cost(meter.stop()?);
        sample.finished()
    }

    fn gap(self) -> Duration {
        Duration::from_secs(1) / self.per_second
    }
}
