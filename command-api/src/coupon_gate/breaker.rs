//! A short circuit-breaker: after a failure Redis is left alone for a moment, and then asked by one claim
//! only, so that a Redis that hangs costs one claim its patience and not all of them.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long Redis is left alone after a failure.
const REST: Duration = Duration::from_millis(500);

#[derive(Default)]
pub(super) struct Breaker {
    /// While it is open: when the next attempt is due.
    open_until: Mutex<Option<Instant>>,
    /// How often it opened.
    outages: AtomicU64,
}

impl Breaker {
    /// Whether Redis may be asked.
    pub(super) fn lets_through(&self, now: Instant) -> bool {
        let mut open_until = self
            .open_until
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        match *open_until {
            None => true,
            Some(until) if now < until => false,
            Some(_) => {
                // This one tries; the others wait for what comes of it.
                *open_until = Some(now + REST);
                true
            }
        }
    }

    /// Redis answered. Returns whether it had been away.
    pub(super) fn succeeded(&self) -> bool {
        let mut open_until = self
            .open_until
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        open_until.take().is_some()
    }

    /// Redis did not. Returns whether that is new.
    pub(super) fn failed(&self, now: Instant) -> bool {
        let mut open_until = self
            .open_until
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let is_new = open_until.replace(now + REST).is_none();
        if is_new {
            self.outages.fetch_add(1, Ordering::SeqCst);
        }
        is_new
    }

    /// How often Redis went away: what was built before the last time is not to be trusted.
    pub(super) fn outages(&self) -> u64 {
        self.outages.load(Ordering::SeqCst)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_a_failure_one_tries_and_the_others_wait() {
        let (breaker, start) = (Breaker::default(), Instant::now());
        assert!(breaker.lets_through(start));
        assert!(breaker.failed(start), "the first failure is news");
        assert!(!breaker.failed(start), "the second is not");
        assert!(!breaker.lets_through(start));
        let later = start + REST;
        assert!(breaker.lets_through(later));
        assert!(!breaker.lets_through(later), "one is enough");
        assert!(breaker.succeeded());
        assert!(breaker.lets_through(later) && breaker.lets_through(later));
        assert!(!breaker.succeeded());
        assert_eq!(breaker.outages(), 1);
    }
}
