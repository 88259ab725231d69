//! One check: asked at most once a second, however many ask.

use std::future::Future;
use std::pin::Pin;
use std::time::{Duration, Instant};

use tokio::sync::Mutex;

/// How old a result may be. Probes of many machines then cost what those of one do.
const MAX_AGE: Duration = Duration::from_secs(1);

/// Whether the service can do without.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// Not ready without it.
    Required,
    /// Without it the service goes on, slower or with less.
    Degradable,
}

/// Why a check failed; for the log, not for whoever asks.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct CheckFailed(pub String);

pub(super) type Outcome = Result<(), CheckFailed>;
type Asking = Pin<Box<dyn Future<Output = Outcome> + Send>>;

pub(super) struct Check {
    pub(super) name: &'static str,
    pub(super) need: Need,
    deadline: Duration,
    ask: Box<dyn Fn() -> Asking + Send + Sync>,
    last: Mutex<Option<(Instant, bool)>>,
}

impl Check {
    pub(super) fn new<F, Fut>(name: &'static str, need: Need, deadline: Duration, ask: F) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Outcome> + Send + 'static,
    {
        let ask = Box::new(move || -> Asking { Box::pin(ask()) });
        Self {
            name,
            need,
            deadline,
            ask,
            last: Mutex::new(None),
        }
    }

    /// Whether it is up. Who comes while it is being asked waits for that answer.
    pub(super) async fn is_up(&self) -> bool {
        let mut last = self.last.lock().await;
        if let Some((at, is_up)) = *last
            && at.elapsed() < MAX_AGE
        {
            return is_up;
        }
        let outcome = match tokio::time::timeout(self.deadline, (self.ask)()).await {
            Ok(outcome) => outcome,
            Err(_) => Err(CheckFailed(format!("no answer within {:?}", self.deadline))),
        };
        self.log_change(last.map(|(_, was_up)| was_up), &outcome);
        let is_up = outcome.is_ok();
        *last = Some((Instant::now(), is_up));
        is_up
    }

    fn log_change(&self, was_up: Option<bool>, outcome: &Outcome) {
        let name = self.name;
        match outcome {
            Err(error) if was_up != Some(false) => {
                tracing::warn!(check.name = name, error = %error, "{name} is down: {error}");
            }
            Ok(()) if was_up == Some(false) => {
                tracing::info!(check.name = name, "{name} is up again")
            }
            _ => {}
        }
    }
}
