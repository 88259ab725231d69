//! What one run of one contestant came to, and how runs are put together.

use std::time::Duration;

use serde::Serialize;

use crate::error::BenchError;
use crate::load::Seen;

/// The latencies of one run, sorted once it is finished.
#[derive(Clone, Debug)]
pub(crate) struct Sample {
    window: Duration,
    latencies: Vec<Duration>,
    after_deadline: u64,
}

/// One run in numbers.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Figures {
    pub(crate) per_second: f64,
    pub(crate) p50_ms: f64,
    pub(crate) p95_ms: f64,
    pub(crate) p99_ms: f64,
    pub(crate) acknowledged: u64,
}

/// The same number over several rounds.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Spread {
    pub(crate) min: f64,
    pub(crate) median: f64,
    pub(crate) max: f64,
}

impl Sample {
    pub(crate) fn new(window: Duration) -> Self {
        Self {
            window,
            latencies: Vec::new(),
            after_deadline: 0,
        }
    }

    /// A sample that was measured elsewhere.
    pub(crate) fn measured(window: Duration, latencies: Vec<Duration>) -> Result<Self, BenchError> {
        Self {
            window,
            latencies,
            after_deadline: 0,
        }
        .finished()
    }

    pub(crate) fn add(&mut self, seen: Seen) {
        self.latencies.extend(seen.latencies);
        self.after_deadline += seen.after_deadline;
    }

    /// The load ended before the window did.
    pub(crate) fn shorten(&mut self, elapsed: Duration) {
        self.window = self.window.min(elapsed);
    }

    pub(crate) fn finished(mut self) -> Result<Self, BenchError> {
        if self.latencies.is_empty() {
            let reason = "not one command was acknowledged".to_owned();
            return Err(BenchError::NothingMeasured(reason));
        }
        self.latencies.sort_unstable();
        Ok(self)
    }

    /// How many commands were acknowledged, in the window or after it.
    pub(crate) fn acknowledged(&self) -> u64 {
        u64::try_from(self.latencies.len()).unwrap_or(u64::MAX)
    }

    pub(crate) fn figures(&self) -> Figures {
        let in_window = self.acknowledged().saturating_sub(self.after_deadline);
        Figures {
            per_second: to_f64(in_window) / self.window.as_secs_f64(),
            p50_ms: self.percentile_ms(50),
            p95_ms: self.percentile_ms(95),
            p99_ms: self.percentile_ms(99),
            acknowledged: self.acknowledged(),
        }
    }

    /// By nearest rank.
    fn percentile_ms(&self, percent: usize) -> f64 {
        let rank = (self.latencies.len() * percent).div_ceil(100).max(1);
        let latency = self.latencies.get(rank - 1).copied().unwrap_or_default();
        latency.as_secs_f64() * 1_000.0
    }
}

impl Spread {
    /// `None` without values.
    pub(crate) fn of(mut values: Vec<f64>) -> Option<Self> {
        values.sort_unstable_by(f64::total_cmp);
        let middle = values.len() / 2;
        let upper = *values.get(middle)?;
        let median = if values.len().is_multiple_of(2) {
            f64::midpoint(*values.get(middle - 1)?, upper)
        } else {
            upper
        };
        Some(Self {
            min: *values.first()?,
            median,
            max: *values.last()?,
        })
    }
}

/// Exact below 2⁵³, which no run comes near.
pub(crate) fn to_f64(count: u64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
    {
        count as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(milliseconds: impl Iterator<Item = u64>) -> Sample {
        let latencies = milliseconds.map(Duration::from_millis).collect();
        Sample::measured(Duration::from_secs(2), latencies).unwrap()
    }

    #[test]
    fn percentiles_are_those_of_the_nearest_rank() {
        let figures = sample((1..=200).rev()).figures();
        assert_eq!(
            (figures.p50_ms, figures.p95_ms, figures.p99_ms),
            (100.0, 190.0, 198.0)
        );
        let figures = sample([7].into_iter()).figures();
        assert_eq!((figures.p50_ms, figures.p99_ms), (7.0, 7.0));
    }

    #[test]
    fn what_ends_after_the_window_is_acknowledged_but_not_throughput() {
        let mut sample = Sample::new(Duration::from_secs(2));
        sample.add(Seen {
            latencies: vec![Duration::from_millis(1); 10],
            after_deadline: 4,
        });
        let figures = sample.finished().unwrap().figures();
        assert_eq!((figures.acknowledged, figures.per_second), (10, 3.0));
    }

    #[test]
    fn a_run_without_answers_is_no_figure() {
        assert!(Sample::new(Duration::from_secs(1)).finished().is_err());
    }

    #[test]
    fn the_median_of_an_even_number_lies_between_the_middle_two() {
        let spread = Spread::of(vec![4.0, 1.0, 2.0, 9.0]).unwrap();
        assert_eq!((spread.min, spread.median, spread.max), (1.0, 3.0, 9.0));
        let spread = Spread::of(vec![5.0, 1.0, 2.0]).unwrap();
        assert!((spread.median - 2.0).abs() < f64::EPSILON);
        assert!(Spread::of(vec![]).is_none());
    }
}
