//! What one run of one contestant came to, and how runs are put together.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Usage;
use super::load::Seen;
use crate::error::BenchError;

/// The latencies of one run, sorted once it is finished.
#[derive(Clone, Debug)]
pub(crate) struct Sample {
    window: Duration,
    latencies: Vec<Duration>,
    after_deadline: u64,
    retries: u64,
    usage: Option<Usage>,
}

/// What a process tells another one of its run.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Said {
    /// In microseconds, one for each command that was acknowledged.
    pub(crate) latencies_us: Vec<u64>,
    /// How many of them after the window.
    pub(crate) after_deadline: u64,
    /// Tries of which nothing was written. A peer that does not retry does not say.
    #[serde(default)]
    pub(crate) retries: u64,
}

/// One run in numbers.
#[derive(Clone, Debug, Default)]
pub(crate) struct Figures {
    pub(crate) per_second: f64,
    /// None where nothing was waited for one by one.
    pub(crate) latency: Option<Percentiles>,
    pub(crate) acknowledged: u64,
    /// What it cost; none where contestants took turns.
    pub(crate) usage: Option<Usage>,
    /// Figures that only this scenario has, by name.
    pub(crate) extra: BTreeMap<&'static str, f64>,
}

/// Latencies in milliseconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Percentiles {
    pub(crate) p50: f64,
    pub(crate) p95: f64,
    pub(crate) p99: f64,
}

/// The same number over several rounds.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
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
            retries: 0,
            usage: None,
        }
    }

    /// A sample that was measured elsewhere.
    pub(crate) fn measured(window: Duration, latencies: Vec<Duration>) -> Result<Self, BenchError> {
        Self {
            window,
            latencies,
            after_deadline: 0,
            retries: 0,
            usage: None,
        }
        .finished()
    }

    pub(crate) fn add(&mut self, seen: Seen) {
        self.latencies.extend(seen.latencies);
        self.after_deadline += seen.after_deadline;
        self.retries += seen.retries;
    }

    /// What the whole of it cost.
    pub(crate) fn cost(&mut self, usage: Usage) {
        self.usage = Some(usage);
    }

    /// Takes in what another process measured.
    pub(crate) fn hear(&mut self, said: Said) {
        let latencies = said.latencies_us.into_iter().map(Duration::from_micros);
        self.latencies.extend(latencies);
        self.after_deadline += said.after_deadline;
        self.retries += said.retries;
    }

    /// For another process.
    pub(crate) fn said(&self) -> Said {
        let micros = |latency: &Duration| u64::try_from(latency.as_micros()).unwrap_or(u64::MAX);
        Said {
            latencies_us: self.latencies.iter().map(micros).collect(),
            after_deadline: self.after_deadline,
            retries: self.retries,
        }
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
        let mut extra = BTreeMap::new();
        if self.retries > 0 {
            let each = to_f64(self.retries) / to_f64(self.acknowledged());
            extra.insert("tries in vain a command", each);
        }
        Figures {
            per_second: to_f64(in_window) / self.window.as_secs_f64(),
            latency: Some(Percentiles {
                p50: self.percentile_ms(50),
                p95: self.percentile_ms(95),
                p99: self.percentile_ms(99),
            }),
            acknowledged: self.acknowledged(),
            usage: self.usage,
            extra,
        }
    }

    /// By nearest rank.
    fn percentile_ms(&self, percent: usize) -> f64 {
        let rank = (self.latencies.len() * percent).div_ceil(100).max(1);
        let latency = self.latencies.get(rank - 1).copied().unwrap_or_default();
        latency.as_secs_f64() * 1_000.0
    }
}

impl Figures {
    /// Adds how much of the processor time was the client's: where that is much, the server could have
    /// done more alone.
    pub(crate) fn with_client_share(mut self) -> Self {
        if let Some(usage) = self.usage {
            let all = usage.own + usage.postgres;
            let share = usage.client.as_secs_f64() / all.as_secs_f64().max(f64::EPSILON);
            self.extra
                .insert("client's share of the processor time", share);
        }
        self
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

    /// As it is written down: three digits are more than any figure here has.
    pub(crate) fn rounded(self) -> Self {
        Self {
            min: rounded(self.min),
            median: rounded(self.median),
            max: rounded(self.max),
        }
    }
}

/// To the thousandth, and large figures to the whole.
pub(crate) fn rounded(value: f64) -> f64 {
    if value.abs() >= 1_000.0 {
        value.round()
    } else {
        (value * 1_000.0).round() / 1_000.0
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
        let of = |sample: Sample| {
            let latency = sample.figures().latency.unwrap();
            (latency.p50, latency.p95, latency.p99)
        };
        assert_eq!(of(sample((1..=200).rev())), (100.0, 190.0, 198.0));
        assert_eq!(of(sample([7].into_iter())), (7.0, 7.0, 7.0));
    }

    #[test]
    fn what_ends_after_the_window_is_acknowledged_but_not_throughput() {
        let mut sample = Sample::new(Duration::from_secs(2));
        sample.add(Seen {
            latencies: vec![Duration::from_millis(1); 10],
            retries: 0,
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
