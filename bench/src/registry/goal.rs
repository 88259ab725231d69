//! What a figure is, and what it is meant to be.

use serde::{Deserialize, Serialize};

use crate::measure::Figures;

/// What a figure is meant to be.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Goal {
    AtLeast(f64),
    AtMost(f64),
    Exactly(f64),
}

/// Which of a run's figures is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Measure {
    PerSecond,
    P50,
    P99,
    /// A figure that only this scenario has: its name and unit.
    Extra(&'static str, &'static str),
}

impl Goal {
    pub(crate) fn is_met_by(self, value: f64) -> bool {
        match self {
            Self::AtLeast(least) => value >= least,
            Self::AtMost(most) => value <= most,
            Self::Exactly(exactly) => (value - exactly).abs() < f64::EPSILON,
        }
    }
}

impl std::fmt::Display for Goal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::AtLeast(least) => write!(f, "≥ {least}"),
            Self::AtMost(most) => write!(f, "≤ {most}"),
            Self::Exactly(exactly) => write!(f, "= {exactly}"),
        }
    }
}

impl Measure {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::PerSecond => "a second",
            Self::P50 => "p50",
            Self::P99 => "p99",
            Self::Extra(name, _) => name,
        }
    }

    /// Of the figure itself; a ratio has none.
    pub(crate) fn unit(self) -> &'static str {
        match self {
            Self::PerSecond => "/s",
            Self::P50 | Self::P99 => "ms",
            Self::Extra(_, unit) => unit,
        }
    }

    /// `None` when the run has no such figure.
    pub(crate) fn of(self, figures: &Figures) -> Option<f64> {
        match self {
            Self::PerSecond => Some(figures.per_second),
            Self::P50 => figures.latency.map(|latency| latency.p50),
            Self::P99 => figures.latency.map(|latency| latency.p99),
            Self::Extra(name, _) => figures.extra.get(name).copied(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missed_goal_is_seen() {
        assert!(!Goal::AtLeast(5.0).is_met_by(4.99));
        assert!(!Goal::AtMost(1.3).is_met_by(1.31));
        assert!(!Goal::Exactly(1_000.0).is_met_by(1_001.0));
        assert!(Goal::Exactly(1_000.0).is_met_by(1_000.0));
    }
}
