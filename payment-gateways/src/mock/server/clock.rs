//! The mock's one clock: it goes as the machine's does, and can be moved ahead, so that nobody waits half an hour
//! for a session to expire.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::Notify;

/// The furthest that it can be moved in one go: a year.
pub(super) const MOVE_MAX_SECONDS: i64 = 366 * 24 * 60 * 60;

/// The clock.
#[derive(Debug, Default)]
pub(super) struct MockClock {
    ahead_ms: AtomicI64,
    moved: Notify,
}

impl MockClock {
    pub(super) fn now(&self) -> DateTime<Utc> {
        Utc::now() + TimeDelta::milliseconds(self.ahead_ms.load(Ordering::SeqCst))
    }

    /// Moves it ahead: it never goes back, as no payment does.
    pub(super) fn advance(&self, seconds: i64) -> DateTime<Utc> {
        self.ahead_ms
            .fetch_add(seconds.clamp(0, MOVE_MAX_SECONDS) * 1_000, Ordering::SeqCst);
        self.moved.notify_waiters();
        self.now()
    }

    /// Waits until so much time has passed on it.
    pub(super) async fn sleep(&self, wait: Duration) {
        let due = self.now() + TimeDelta::from_std(wait).unwrap_or(TimeDelta::MAX);
        loop {
            let moved = self.moved.notified();
            let Ok(left) = (due - self.now()).to_std() else {
                return;
            };
            if left.is_zero() {
                return;
            }
            tokio::select! {
                () = tokio::time::sleep(left) => {}
                () = moved => {}
            }
        }
    }
}
