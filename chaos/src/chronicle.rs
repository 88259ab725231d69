//! What was done to the shop, and when: a line of JSON each, and counts by kind.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::sync::watch;

use crate::error::ChaosError;

/// The run's record.
pub(crate) struct Chronicle {
    started: Instant,
    file: Mutex<File>,
    counts: Mutex<BTreeMap<String, u64>>,
    recoveries: Mutex<BTreeMap<String, Vec<Duration>>>,
    /// When the last request that succeeded had been sent.
    success: watch::Sender<Instant>,
}

impl Chronicle {
    pub(crate) fn create(path: &Path) -> Result<Self, ChaosError> {
        let file = File::create(path).map_err(ChaosError::file(path))?;
        let started = Instant::now();
        Ok(Self {
            started,
            file: Mutex::new(file),
            counts: Mutex::default(),
            recoveries: Mutex::default(),
            success: watch::Sender::new(started),
        })
    }

    /// Milliseconds since the beginning.
    pub(crate) fn elapsed_ms(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// Notes that something was done, and counts it.
    pub(crate) fn note(&self, what: &str, detail: &Value) {
        let line = json!({ "ms": self.elapsed_ms(), "what": what, "detail": detail });
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        // The chronicle only explains: a run whose log cannot be written is still a run.
        let _ = writeln!(file, "{line}");
        drop(file);
        self.add(what, 1);
    }

    /// Counts without a line.
    pub(crate) fn add(&self, what: &str, more: u64) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        *counts.entry(what.to_owned()).or_default() += more;
    }

    pub(crate) fn count(&self, what: &str) -> u64 {
        let counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        counts.get(what).copied().unwrap_or_default()
    }

    /// Those whose kind begins with this.
    pub(crate) fn counts(&self, prefix: &str) -> BTreeMap<String, u64> {
        let counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let found = counts.iter().filter_map(|(what, count)| {
            what.strip_prefix(prefix)
                .map(|rest| (rest.to_owned(), *count))
        });
        found.collect()
    }

    /// A request that was sent at this moment has succeeded.
    pub(crate) fn succeeded(&self, sent: Instant) {
        self.success.send_if_modified(|latest| {
            let is_later = sent > *latest;
            if is_later {
                *latest = sent;
            }
            is_later
        });
    }

    /// Measures how long it takes until a request that is sent from now on succeeds.
    pub(crate) async fn recovery(&self, after: &str, patience: Duration) -> Option<Duration> {
        let from = Instant::now();
        let mut successes = self.success.subscribe();
        let waited = tokio::time::timeout(patience, successes.wait_for(|sent| *sent >= from)).await;
        let took = from.elapsed();
        if !matches!(waited, Ok(Ok(_))) {
            let patience_s = patience.as_secs();
            self.note(
                &format!("no recovery:{after}"),
                &json!({ "within_s": patience_s }),
            );
            return None;
        }
        let mut recoveries = self
            .recoveries
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        recoveries.entry(after.to_owned()).or_default().push(took);
        Some(took)
    }

    /// All recoveries measured, by what they were from.
    pub(crate) fn recoveries(&self) -> BTreeMap<String, Vec<Duration>> {
        self.recoveries
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}
