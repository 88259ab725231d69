//! Waiting for a condition, with a bound: never a sleep and a hope.

use std::time::{Duration, Instant};

/// How long [`eventually`] waits: long, since machines may be busy; what passes takes milliseconds.
const PATIENCE_S: u64 = 60;
/// How often it looks.
const INTERVAL_MS: u64 = 10;

/// Asks until the answer is `Some`, and returns it.
///
/// # Panics
/// When that takes more than 60 s.
pub async fn eventually<T, F: AsyncFnMut() -> Option<T>>(what: &str, ask: F) -> T {
    eventually_within(Duration::from_secs(PATIENCE_S), what, ask).await
}

/// As [`eventually`], with another bound.
///
/// # Panics
/// When it takes longer than `patience`.
pub async fn eventually_within<T, F: AsyncFnMut() -> Option<T>>(
    patience: Duration,
    what: &str,
    mut ask: F,
) -> T {
    let started = Instant::now();
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(
            started.elapsed() < patience,
            "waited {patience:?} in vain: {what}"
        );
        tokio::time::sleep(Duration::from_millis(INTERVAL_MS)).await;
    }
}
