//! A clock that stands still until a test moves it.

use chrono::{DateTime, TimeDelta, Utc};
use futures::future::BoxFuture;
use processes::Clock;
use tokio::sync::watch;

pub(crate) struct TestClock(watch::Sender<DateTime<Utc>>);

impl Default for TestClock {
    /// Begins now, and between two microseconds, as real clocks do.
    fn default() -> Self {
        let now = DateTime::from_timestamp_micros(Utc::now().timestamp_micros());
        let now = now.unwrap_or_default() + TimeDelta::nanoseconds(789);
        Self(watch::Sender::new(now))
    }
}

impl TestClock {
    /// Moves on, and up to the next whole microsecond: finer the table's timers are not.
    pub(crate) fn advance(&self, by: TimeDelta) {
        self.0.send_modify(|now| {
            let later = *now + by + TimeDelta::nanoseconds(999);
            *now = DateTime::from_timestamp_micros(later.timestamp_micros()).unwrap_or(later);
        });
    }
}

impl Clock for TestClock {
    fn now(&self) -> DateTime<Utc> {
        *self.0.borrow()
    }

    fn wait_until(&self, at: DateTime<Utc>) -> BoxFuture<'_, ()> {
        let mut now = self.0.subscribe();
        Box::pin(async move {
            // The sender is this clock: it lives as long as it is waited for.
            let _ = now.wait_for(|now| *now >= at).await;
        })
    }
}
