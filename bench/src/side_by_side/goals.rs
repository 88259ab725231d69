//! Ratios of contestants that ran in the same round, and what they are meant to be. A ratio is the only
//! figure that means something on another machine.

use serde::Serialize;

use super::Run;
use super::contestant::Contestant;
use super::scenarios;
use crate::args::Scenario;
use crate::sample::{Figures, Spread};

/// Our figure over another's, of every round.
#[derive(Debug, Serialize)]
pub(crate) struct Ratio {
    pub(crate) scenario: &'static str,
    pub(crate) what: &'static str,
    pub(crate) ours: &'static str,
    pub(crate) over: &'static str,
    pub(crate) goal: Option<Goal>,
    #[serde(flatten)]
    pub(crate) spread: Spread,
    /// Of the median; none without a goal.
    pub(crate) met: Option<bool>,
}

/// What a ratio is meant to be.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Goal {
    AtLeast(f64),
    AtMost(f64),
}

/// What is compared with what.
struct Comparison {
    scenario: Scenario,
    ours: Contestant,
    over: Contestant,
    of: Measure,
    goal: Option<Goal>,
}

#[derive(Clone, Copy)]
enum Measure {
    PerSecond,
    P50,
}

const COMPARISONS: [Comparison; 7] = {
    use Contestant::{BareInsert, Ours, OursNew, Pgbench, StockNew};
    [
        throughput(Scenario::NewAggregates, Some(Goal::AtLeast(5.0))),
        throughput(Scenario::ColdAggregates, None),
        throughput(Scenario::HotAggregate, Some(Goal::AtLeast(100.0))),
        latency(Ours, BareInsert, Some(Goal::AtMost(1.3))),
        latency(Ours, Pgbench, None),
        latency(OursNew, BareInsert, None),
        latency(OursNew, StockNew, None),
    ]
};

const fn throughput(scenario: Scenario, goal: Option<Goal>) -> Comparison {
    Comparison {
        scenario,
        ours: Contestant::Ours,
        over: Contestant::Stock,
        of: Measure::PerSecond,
        goal,
    }
}

const fn latency(ours: Contestant, over: Contestant, goal: Option<Goal>) -> Comparison {
    Comparison {
        scenario: Scenario::OneAtATime,
        ours,
        over,
        of: Measure::P50,
        goal,
    }
}

impl Measure {
    fn name(self) -> &'static str {
        match self {
            Self::PerSecond => "commands/s",
            Self::P50 => "p50",
        }
    }

    fn of(self, figures: &Figures) -> f64 {
        match self {
            Self::PerSecond => figures.per_second,
            Self::P50 => figures.p50_ms,
        }
    }
}

impl Goal {
    fn is_met_by(self, ratio: f64) -> bool {
        match self {
            Self::AtLeast(least) => ratio >= least,
            Self::AtMost(most) => ratio <= most,
        }
    }
}

/// Every comparison of which both sides ran.
pub(crate) fn ratios(runs: &[Run]) -> Vec<Ratio> {
    COMPARISONS
        .iter()
        .filter_map(|comparison| comparison.ratio(runs))
        .collect()
}

impl Comparison {
    fn ratio(&self, runs: &[Run]) -> Option<Ratio> {
        let scenario = scenarios::name(self.scenario);
        let of = |contestant: Contestant, round: u32| {
            runs.iter()
                .find(|run| {
                    (run.scenario, run.contestant, run.round)
                        == (scenario, contestant.name(), round)
                })
                .map(|run| self.of.of(&run.figures))
        };
        let rounds = runs.iter().map(|run| run.round).max()?;
        let ratios = (1..=rounds)
            .filter_map(|round| Some(of(self.ours, round)? / of(self.over, round)?))
            .collect();
        let spread = Spread::of(ratios)?;
        Some(Ratio {
            scenario,
            what: self.of.name(),
            ours: self.ours.name(),
            over: self.over.name(),
            goal: self.goal,
            spread,
            met: self.goal.map(|goal| goal.is_met_by(spread.median)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(contestant: Contestant, round: u32, per_second: f64) -> Run {
        Run {
            round,
            scenario: scenarios::name(Scenario::NewAggregates),
            contestant: contestant.name(),
            figures: Figures {
                per_second,
                p50_ms: 1.0,
                p95_ms: 1.0,
                p99_ms: 1.0,
                acknowledged: 1,
            },
        }
    }

    #[test]
    fn a_ratio_is_taken_within_a_round() {
        let runs = [
            run(Contestant::Ours, 1, 60.0),
            run(Contestant::Stock, 1, 10.0),
            run(Contestant::Ours, 2, 8.0),
            run(Contestant::Stock, 2, 2.0),
        ];
        let ratios = ratios(&runs);
        let [ratio] = ratios.as_slice() else {
            panic!("one comparison has both sides: {ratios:?}");
        };
        assert_eq!((ratio.spread.min, ratio.spread.max), (4.0, 6.0));
        assert_eq!(ratio.met, Some(true));
    }

    #[test]
    fn a_missed_goal_is_seen() {
        assert!(!Goal::AtLeast(5.0).is_met_by(4.99));
        assert!(!Goal::AtMost(1.3).is_met_by(1.31));
    }
}
