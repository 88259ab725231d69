//! Time as the sagas know it, so that a test can move it: minutes of waiting take none.
//!
//! Only what the business waits for runs on this clock. The lease, retries within a call and the limits
//! of the program run on the machine's monotonic clock.

use std::time::Duration;

use chrono::{DateTime, Utc};
use futures::future::BoxFuture;

/// The longest sleep in one piece: a wall clock that was set meanwhile is noticed after it.
const SLEEP_MAX: Duration = Duration::from_secs(1);

/// What time it is, and how to wait for another.
pub trait Clock: Send + Sync + 'static {
    /// Now.
    fn now(&self) -> DateTime<Utc>;

    /// Waits until it is that late; at once when it is.
    fn wait_until(&self, at: DateTime<Utc>) -> BoxFuture<'_, ()>;
}

/// The machine's wall clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> DateTime<Utc> {
        Utc::now()
    }

    fn wait_until(&self, at: DateTime<Utc>) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            // A moment that has passed is no duration: the conversion fails, and the waiting is over.
            while let Ok(left) = (at - Utc::now()).to_std()
                && !left.is_zero()
            {
                tokio::time::sleep(left.min(SLEEP_MAX)).await;
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn waiting_for_a_moment_ends_after_it_and_not_before() {
        let at = Utc::now() + chrono::Duration::milliseconds(30);
        SystemClock.wait_until(at).await;
        assert!(Utc::now() >= at);
        // What has passed is not waited for.
        SystemClock.wait_until(at - chrono::Duration::days(1)).await;
    }
}
