//! What the role found last, for whoever asks: metrics, health, the log of errors.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use invariants::{Invariant, Violation};

use crate::findings::{Finding, Findings};

/// Violations of one invariant that are logged with their evidence; then only counted, until the next start.
const LOGGED_MAX: u64 = 20;

/// What the role found last. Cheap to clone; all clones are the same.
#[derive(Clone, Debug, Default)]
pub struct AuditorStatus(Arc<Mutex<Inner>>);

#[derive(Debug, Default)]
struct Inner {
    position: u64,
    /// Whether all of the log was looked at since it began, and what waits: before that nothing can be said to
    /// hold.
    settled: bool,
    /// Violations since the start, by invariant.
    broken: BTreeMap<Invariant, u64>,
    /// Streams that are late now.
    late: HashSet<String>,
}

impl AuditorStatus {
    /// Up to which position it has looked; 0 while another instance does.
    #[must_use]
    pub fn position(&self) -> u64 {
        self.inner().position
    }

    /// The invariants that do not hold, as far as it has looked.
    #[must_use]
    pub fn broken(&self) -> Vec<Invariant> {
        let inner = self.inner();
        let mut broken: Vec<Invariant> = inner.broken.keys().copied().collect();
        if !inner.late.is_empty() {
            broken.push(Invariant::SagasEnd);
            broken.sort_unstable();
            broken.dedup();
        }
        broken
    }

    /// Begins anew: the log is read from its start, here or by another instance.
    pub(crate) fn reset(&self) {
        *self.inner() = Inner::default();
        metrics::gauge!("auditor_position").set(0.0);
        metrics::gauge!("auditor_lag_events").set(0.0);
        self.measure();
    }

    /// The log must be read once more; what was found stays found.
    pub(crate) fn unsettle(&self) {
        self.inner().settled = false;
    }

    /// Takes in what was found up to a position.
    pub(crate) fn looked(&self, position: u64, lag: u64, found: Findings) {
        self.inner().position = position;
        for (invariant, finding) in found.into_each() {
            self.found(invariant, &finding);
        }
        metrics::gauge!("auditor_position").set(as_f64(position));
        metrics::gauge!("auditor_lag_events").set(as_f64(lag));
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let now = now.map_or(0.0, |since| since.as_secs_f64());
        metrics::gauge!("auditor_last_check_timestamp_seconds").set(now);
        self.measure();
    }

    /// Takes in what is late now, at the log's end.
    pub(crate) fn rested(&self, late: Vec<Violation>) {
        let before = {
            let mut inner = self.inner();
            inner.settled = true;
            std::mem::take(&mut inner.late)
        };
        for violation in late {
            let stream = violation.stream.clone().unwrap_or_default();
            if !before.contains(&stream) {
                count(violation.invariant, 1);
                report(&violation);
            }
            self.inner().late.insert(stream);
        }
        self.measure();
    }

    fn found(&self, invariant: Invariant, finding: &Finding) {
        let before = {
            let mut inner = self.inner();
            let so_far = inner.broken.entry(invariant).or_default();
            let before = *so_far;
            *so_far += finding.count;
            before
        };
        count(invariant, finding.count);
        let room = usize::try_from(LOGGED_MAX.saturating_sub(before)).unwrap_or(usize::MAX);
        finding.violations.iter().take(room).for_each(report);
    }

    fn measure(&self) {
        for invariant in Invariant::OF_THE_LOG {
            let holds = self.verdict(invariant);
            metrics::gauge!("auditor_invariant_holds", "invariant" => invariant.name()).set(holds);
        }
    }

    /// 1, 0, or not a number: as long as nobody knows.
    fn verdict(&self, invariant: Invariant) -> f64 {
        if self.broken().contains(&invariant) {
            0.0
        } else if self.inner().settled {
            1.0
        } else {
            f64::NAN
        }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn count(invariant: Invariant, violations: u64) {
    let name = invariant.name();
    metrics::counter!("auditor_violations_total", "invariant" => name).increment(violations);
}

fn report(violation: &Violation) {
    let name = violation.invariant.name();
    tracing::error!(
        invariant = name,
        event.position = violation.position,
        stream = violation.stream,
        evidence = violation.evidence,
        "invariant {name} is broken: {violation}"
    );
}

/// A count beyond 2³² is as good as infinite.
fn as_f64(count: u64) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_said_to_hold_before_the_logs_end_was_seen_and_what_is_broken_is_said_at_once() {
        let status = AuditorStatus::default();
        let holds = || status.verdict(Invariant::NoOversell);
        assert!(holds().is_nan());
        status.looked(15, 0, Findings::default());
        assert!(holds().is_nan(), "nobody has looked for what is late");
        status.rested(Vec::new());
        assert_eq!(holds(), 1.0);
        status.looked(20, 7, Findings::default());
        assert_eq!(holds(), 1.0, "new events are on their way, as always");
        status.unsettle();
        assert!(holds().is_nan(), "the log became shorter");
        status.rested(Vec::new());
        let mut found = Findings::default();
        found.add([Violation {
            invariant: Invariant::NoOversell,
            position: Some(21),
            stream: None,
            evidence: "one too many".to_owned(),
        }]);
        status.looked(21, 6, found);
        assert_eq!(holds(), 0.0);
        status.reset();
        assert!(holds().is_nan(), "another instance knows");
    }
}
