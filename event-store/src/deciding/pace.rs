//! When the next batch is sent: at once, except on a slow disk after a large batch.
//!
//! Whoever is answered comes back with the next command a moment after the next batch could be sent. Sent at
//! once, it leaves without them, and they wait for its flush as well as for their own: two crowds take turns,
//! at half the rate. Where a flush takes milliseconds, a fraction of one is better spent on waiting for them.

use std::time::{Duration, Instant};

/// A disk that flushes faster is not worth a timer, which has a resolution of a millisecond.
const SLOW_APPEND: Duration = Duration::from_millis(2);
/// The part of the last append's time that the next one may be held back.
const HOLD_PART: u32 = 4;
/// The longest hold: what takes longer than a slow disk is no slow disk.
const HOLD_MAX: Duration = Duration::from_millis(5);
/// After smaller batches nothing is held back: there is no crowd that comes back.
const CROWD_MIN: usize = 8;

/// What the last batch says about the next one.
#[derive(Debug, Default)]
pub(super) struct Pace {
    hold: Option<Hold>,
}

#[derive(Debug)]
struct Hold {
    until: Instant,
    /// As many commands are waited for.
    enough: usize,
}

impl Pace {
    /// A batch came back after so long; so many commands are decided by now.
    pub(super) fn landed(&mut self, commands: usize, staged: usize, took: Duration, now: Instant) {
        let is_worth_it = took >= SLOW_APPEND && commands >= CROWD_MIN;
        self.hold = is_worth_it.then(|| Hold {
            until: now + (took / HOLD_PART).min(HOLD_MAX),
            // Not every one of them has a next command.
            enough: staged + commands * 3 / 4,
        });
    }

    /// Until when a batch of so many commands is held back; `None`: it is sent.
    pub(super) fn held_until(&mut self, commands: usize, now: Instant) -> Option<Instant> {
        let hold = self.hold.as_ref()?;
        if commands >= hold.enough || now >= hold.until {
            self.hold = None;
            return None;
        }
        Some(hold.until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SLOW: Duration = Duration::from_millis(8);

    #[test]
    fn after_a_large_batch_on_a_slow_disk_the_next_waits_for_most_of_its_crowd_or_a_quarter_as_long()
     {
        let (mut pace, now) = (Pace::default(), Instant::now());
        assert_eq!(pace.held_until(1, now), None, "nothing landed yet");
        pace.landed(32, 20, SLOW, now);
        let until = now + SLOW / 4;
        assert_eq!(pace.held_until(20, now), Some(until));
        assert_eq!(pace.held_until(43, now), Some(until));
        assert_eq!(pace.held_until(44, now), None);
        pace.landed(32, 20, SLOW, now);
        assert_eq!(pace.held_until(20, until), None, "its time is up");
        assert_eq!(pace.held_until(20, now), None, "and stays so");
        pace.landed(32, 20, Duration::from_secs(9), now);
        assert_eq!(pace.held_until(20, now), Some(now + HOLD_MAX));
    }

    #[test]
    fn on_a_fast_disk_or_without_a_crowd_nothing_waits() {
        let (mut pace, now) = (Pace::default(), Instant::now());
        pace.landed(64, 1, Duration::from_millis(1), now);
        assert_eq!(pace.held_until(1, now), None);
        pace.landed(7, 1, SLOW, now);
        assert_eq!(pace.held_until(1, now), None);
    }
}
