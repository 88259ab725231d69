//! Waiting between attempts, and saying once and not at every attempt that something is away.

use std::time::{Duration, Instant};

/// The waits after failures: each twice the one before, up to a limit.
#[derive(Debug)]
pub struct Backoff {
    min: Duration,
    max: Duration,
    wait: Duration,
    began: Option<Instant>,
}

impl Backoff {
    /// Waits between these two.
    #[must_use]
    pub fn new(min: Duration, max: Duration) -> Self {
        Self {
            min,
            max,
            wait: min,
            began: None,
        }
    }

    /// Another failure: how long to wait, and whether it is the first since it last went well.
    pub fn failed(&mut self) -> (Duration, bool) {
        let wait = self.wait;
        self.wait = (wait * 2).min(self.max);
        let first = self.began.is_none();
        self.began.get_or_insert_with(Instant::now);
        (wait, first)
    }

    /// It goes well: how long it did not before, if it did not.
    pub fn well(&mut self) -> Option<Duration> {
        self.wait = self.min;
        self.began.take().map(|began| began.elapsed())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_limit_and_start_over_when_it_went_well() {
        let (min, max) = (Duration::from_secs(1), Duration::from_secs(3));
        let mut backoff = Backoff::new(min, max);
        assert_eq!(backoff.failed(), (min, true));
        assert_eq!(backoff.failed(), (Duration::from_secs(2), false));
        assert_eq!(backoff.failed(), (max, false));
        assert_eq!(backoff.failed(), (max, false));
        assert!(backoff.well().is_some());
        assert_eq!(backoff.well(), None);
        assert_eq!(backoff.failed(), (min, true));
    }
}
