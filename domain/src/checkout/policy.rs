//! How often an unknown outcome is asked for again.

use chrono::{DateTime, Duration, Utc};

/// Waits between attempts: the first entry after the first failed attempt, and so on. When it is over
/// nothing is tried by itself any more: a person must look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetrySchedule(Vec<Duration>);

impl RetrySchedule {
    /// These waits, in this order.
    #[must_use]
    pub fn new(waits: Vec<Duration>) -> Self {
        Self(waits)
    }

    /// When to try again after `attempts` attempts (at least 1).
    #[must_use]
    pub fn next(&self, attempts: u32, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let index = usize::try_from(attempts.saturating_sub(1)).ok()?;
        self.0
            .get(index)
            .and_then(|wait| now.checked_add_signed(*wait))
    }
}

impl Default for RetrySchedule {
    /// 5 s, 30 s, 2 min, 10 min, 1 h, then daily for seven days (after Kill Bill's Janitor).
    fn default() -> Self {
        let mut waits = vec![
            Duration::seconds(5),
            Duration::seconds(30),
            Duration::minutes(2),
            Duration::minutes(10),
            Duration::hours(1),
        ];
        waits.extend([Duration::days(1); 7]);
        Self(waits)
    }
}
