//! What was done to the shop, and when: a line of JSON each, and counts by kind.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::sync::watch;

use crate::error::ChaosError;

/// How long it took, by what it was from.
pub(crate) type Times = BTreeMap<String, Vec<Duration>>;

/// How long the shop took to recover.
#[derive(Clone, Debug, Default)]
pub(crate) struct Recoveries {
    /// Those that ended with a success.
    pub(crate) all: Times,
    /// Those during which nothing else went wrong that a shopper would feel; those without success count the
    /// whole patience.
    pub(crate) undisturbed: Times,
}

/// A fault that keeps shoppers from success is under way, until this is dropped.
pub(crate) struct Disturbance(Arc<Chronicle>);

impl Drop for Disturbance {
    fn drop(&mut self) {
        self.0.disturbing.fetch_sub(1, Ordering::SeqCst);
    }
}

/// The run's record.
pub(crate) struct Chronicle {
    started: Instant,
    file: Mutex<File>,
    counts: Mutex<BTreeMap<String, u64>>,
    recoveries: Mutex<Recoveries>,
    /// Faults under way that keep shoppers from success, and all that there were.
    disturbing: AtomicU64,
    disturbances: AtomicU64,
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
            disturbing: AtomicU64::new(0),
            disturbances: AtomicU64::new(0),
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

    /// A fault begins that keeps shoppers from success.
    pub(crate) fn disturb(self: &Arc<Self>) -> Disturbance {
        self.disturbing.fetch_add(1, Ordering::SeqCst);
        self.disturbances.fetch_add(1, Ordering::SeqCst);
        Disturbance(Arc::clone(self))
    }

    /// While this stays the same nothing disturbs; `None` while something does.
    fn peace(&self) -> Option<u64> {
        let disturbances = self.disturbances.load(Ordering::SeqCst);
        (self.disturbing.load(Ordering::SeqCst) == 0).then_some(disturbances)
    }

    /// Measures how long it takes until a request that is sent from now on succeeds.
    pub(crate) async fn recovery(&self, after: &str, patience: Duration) {
        let (from, peace) = (Instant::now(), self.peace());
        let mut successes = self.success.subscribe();
        let waited = tokio::time::timeout(patience, successes.wait_for(|sent| *sent >= from)).await;
        let took = from.elapsed();
        let has_recovered = matches!(waited, Ok(Ok(_)));
        let is_undisturbed = peace.is_some() && self.peace() == peace;
        {
            let mut recoveries = self
                .recoveries
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            let Recoveries { all, undisturbed } = &mut *recoveries;
            let lists = [(all, has_recovered), (undisturbed, is_undisturbed)];
            for (list, _) in lists.into_iter().filter(|(_, belongs)| *belongs) {
                list.entry(after.to_owned()).or_default().push(took);
            }
        }
        if !has_recovered {
            let patience_s = patience.as_secs();
            self.note(
                &format!("no recovery:{after}"),
                &json!({ "within_s": patience_s }),
            );
        }
    }

    /// All recoveries measured.
    pub(crate) fn recoveries(&self) -> Recoveries {
        self.recoveries
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Duration = Duration::from_millis(50);

    fn chronicle() -> (tempfile::TempDir, Arc<Chronicle>) {
        let folder = tempfile::tempdir().expect("a folder");
        let chronicle = Chronicle::create(&folder.path().join("c.jsonl")).expect("a chronicle");
        (folder, Arc::new(chronicle))
    }

    #[tokio::test]
    async fn a_recovery_counts_for_the_limit_only_where_nothing_else_went_wrong_meanwhile() {
        let (_folder, chronicle) = chronicle();
        chronicle.recovery("in peace", PATIENCE).await;
        let during = chronicle.disturb();
        chronicle.recovery("begun before", PATIENCE).await;
        drop(during);
        let meanwhile = async {
            tokio::time::sleep(PATIENCE / 5).await;
            drop(chronicle.disturb());
        };
        tokio::join!(chronicle.recovery("begun after", PATIENCE), meanwhile);
        let recoveries = chronicle.recoveries();
        assert!(recoveries.all.is_empty(), "no request succeeded");
        let undisturbed: Vec<&String> = recoveries.undisturbed.keys().collect();
        assert_eq!(undisturbed, ["in peace"]);
    }

    #[tokio::test]
    async fn only_a_request_that_was_sent_after_the_fault_shows_that_it_is_over() {
        let (_folder, chronicle) = chronicle();
        let before = Instant::now();
        let asked = async {
            tokio::time::sleep(PATIENCE / 10).await;
            chronicle.succeeded(before);
            tokio::time::sleep(PATIENCE / 10).await;
            chronicle.succeeded(Instant::now());
        };
        tokio::join!(chronicle.recovery("a fault", PATIENCE * 100), asked);
        let recoveries = chronicle.recoveries();
        let took = recoveries.all.get("a fault").expect("a recovery");
        assert!(took.iter().all(|took| *took >= PATIENCE / 5), "{took:?}");
    }
}
