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

/// How soon there is a definite answer again once an outage is over.
const RECOVERY_LIMIT: Duration = Duration::from_secs(5);
/// The longest wait for it; what takes longer is noted as none.
const RECOVERY_PATIENCE: Duration = Duration::from_secs(30);

/// How long it took, by what it was from.
pub(crate) type Times = BTreeMap<String, Vec<Duration>>;

/// How long the shop took to recover.
#[derive(Clone, Debug, Default)]
pub(crate) struct Recoveries {
    /// All that ended with an answer.
    pub(crate) all: Times,
    /// Those within the limit during which nothing else went wrong that a shopper would feel.
    pub(crate) in_time: Times,
    /// How many were not over at the limit, though nothing else had gone wrong until then.
    pub(crate) late: BTreeMap<String, u64>,
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

    /// Measures how long it takes until a request that is sent from now on has a definite answer.
    pub(crate) async fn recovery(&self, after: &str) {
        self.recovery_within(after, RECOVERY_LIMIT, RECOVERY_PATIENCE)
            .await;
    }

    async fn recovery_within(&self, after: &str, limit: Duration, patience: Duration) {
        let (from, peace) = (Instant::now(), self.peace());
        let mut successes = self.success.subscribe();
        let mut recovered = async |patience: Duration| {
            let success = successes.wait_for(|sent| *sent >= from);
            matches!(tokio::time::timeout(patience, success).await, Ok(Ok(_)))
        };
        let in_time = recovered(limit).await;
        // What goes wrong after the limit is no excuse.
        let is_undisturbed = peace.is_some() && self.peace() == peace;
        let has_recovered = in_time || recovered(patience.saturating_sub(limit)).await;
        let took = from.elapsed();
        if has_recovered {
            self.change(|recoveries| add(&mut recoveries.all, after, took));
        } else {
            let patience_s = patience.as_secs();
            self.note(
                &format!("no recovery:{after}"),
                &json!({ "within_s": patience_s }),
            );
        }
        match (is_undisturbed, in_time) {
            (true, true) => self.change(|recoveries| add(&mut recoveries.in_time, after, took)),
            (true, false) => self.change(|recoveries| {
                *recoveries.late.entry(after.to_owned()).or_default() += 1;
            }),
            (false, _) => {}
        }
    }

    fn change(&self, change: impl FnOnce(&mut Recoveries)) {
        let recoveries = self.recoveries.lock();
        change(&mut recoveries.unwrap_or_else(PoisonError::into_inner));
    }

    /// All recoveries measured.
    pub(crate) fn recoveries(&self) -> Recoveries {
        self.recoveries
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

fn add(times: &mut Times, after: &str, took: Duration) {
    times.entry(after.to_owned()).or_default().push(took);
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Duration = Duration::from_millis(50);
    const PATIENCE: Duration = Duration::from_millis(100);

    fn chronicle() -> (tempfile::TempDir, Arc<Chronicle>) {
        let folder = tempfile::tempdir().expect("a folder");
        let chronicle = Chronicle::create(&folder.path().join("c.jsonl")).expect("a chronicle");
        (folder, Arc::new(chronicle))
    }

    #[tokio::test]
    async fn an_outage_that_lasts_is_late_whatever_happens_after_the_limit() {
        let (_folder, chronicle) = chronicle();
        let afterwards = async {
            tokio::time::sleep(LIMIT * 3 / 2).await;
            let _disturbance = chronicle.disturb();
            tokio::time::sleep(LIMIT).await;
        };
        let recovery = chronicle.recovery_within("a fault", LIMIT, PATIENCE);
        tokio::join!(recovery, afterwards);
        let recoveries = chronicle.recoveries();
        assert!(recoveries.all.is_empty() && recoveries.in_time.is_empty());
        assert_eq!(recoveries.late.get("a fault"), Some(&1));
    }

    #[tokio::test]
    async fn an_outage_that_meets_another_before_the_limit_says_nothing() {
        let (_folder, chronicle) = chronicle();
        let during = chronicle.disturb();
        chronicle
            .recovery_within("begun before", LIMIT, PATIENCE)
            .await;
        drop(during);
        let meanwhile = async {
            tokio::time::sleep(LIMIT / 5).await;
            drop(chronicle.disturb());
        };
        let recovery = chronicle.recovery_within("begun after", LIMIT, PATIENCE);
        tokio::join!(recovery, meanwhile);
        assert!(chronicle.recoveries().late.is_empty());
    }

    #[tokio::test]
    async fn only_a_request_that_was_sent_after_the_fault_shows_that_it_is_over() {
        let (_folder, chronicle) = chronicle();
        let before = Instant::now();
        let asked = async {
            tokio::time::sleep(LIMIT / 10).await;
            chronicle.succeeded(before);
            tokio::time::sleep(LIMIT / 10).await;
            chronicle.succeeded(Instant::now());
        };
        let recovery = chronicle.recovery_within("a fault", LIMIT * 100, PATIENCE * 100);
        tokio::join!(recovery, asked);
        let recoveries = chronicle.recoveries();
        let took = recoveries.in_time.get("a fault").expect("a recovery");
        assert!(took.iter().all(|took| *took >= LIMIT / 5), "{took:?}");
        assert_eq!(recoveries.all.get("a fault"), Some(took));
    }
}
