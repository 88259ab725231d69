//! How many notices of a company are looked up in a second. Nobody has to have a token to send one, and each costs
//! a read of the log.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The most notices of one company that are looked up within [`WINDOW`]: ten times what the busiest shop hears.
const NOTICES_MAX: u32 = 200;
const WINDOW: Duration = Duration::from_secs(1);

/// Counts by company. There are as many as gateways are configured, since others are refused before.
#[derive(Default)]
pub(crate) struct Pace(Mutex<HashMap<String, Window>>);

struct Window {
    began: Instant,
    taken: u32,
}

impl Pace {
    /// Whether one more of this company is looked up now.
    pub(super) fn takes(&self, company: &str, now: Instant) -> bool {
        let mut windows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let window = windows.entry(company.to_owned()).or_insert(Window {
            began: now,
            taken: 0,
        });
        if now.saturating_duration_since(window.began) >= WINDOW {
            *window = Window {
                began: now,
                taken: 0,
            };
        }
        let takes = window.taken < NOTICES_MAX;
        window.taken += u32::from(takes);
        takes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_of_one_company_is_bounded_and_holds_no_other_up() {
        let (pace, now) = (Pace::default(), Instant::now());
        let taken = (0..1_000).filter(|_| pace.takes("toss", now)).count();
        assert_eq!(taken, 200);
        assert!(pace.takes("nice", now));
        assert!(pace.takes("toss", now + WINDOW));
    }
}
