//! What was found, in bounded memory: a broken log can break an invariant at each of its events.

use std::collections::BTreeMap;

use invariants::{Invariant, Violation};

/// Violations of one invariant that are kept: enough to see what kind they are.
const KEPT_MAX: usize = 20;

/// What was found of one invariant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Finding {
    /// How many violations there are.
    pub count: u64,
    /// The first of them.
    pub violations: Vec<Violation>,
}

/// What was found, by invariant; those that are not in it hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Findings(BTreeMap<Invariant, Finding>);

impl Findings {
    /// Adds some.
    pub fn add(&mut self, violations: impl IntoIterator<Item = Violation>) {
        for violation in violations {
            let finding = self.0.entry(violation.invariant).or_default();
            finding.count += 1;
            if finding.violations.len() < KEPT_MAX {
                finding.violations.push(violation);
            }
        }
    }

    /// What was found of an invariant.
    #[must_use]
    pub fn of(&self, invariant: Invariant) -> Option<&Finding> {
        self.0.get(&invariant)
    }

    /// The invariants that are broken, by number.
    #[must_use]
    pub fn broken(&self) -> Vec<Invariant> {
        self.0.keys().copied().collect()
    }

    /// By invariant.
    pub(crate) fn into_each(self) -> impl Iterator<Item = (Invariant, Finding)> {
        self.0.into_iter()
    }
}
