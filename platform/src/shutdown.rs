//! Ending in order: a signal becomes a token, and whatever is under way gets a bounded time.

use std::future::Future;
use std::io;
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};
pub use tokio_util::sync::CancellationToken;

/// A token that is cancelled by SIGTERM or SIGINT. Call it once, inside the runtime.
///
/// # Errors
/// The handlers cannot be installed.
pub fn on_signal() -> io::Result<CancellationToken> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let token = CancellationToken::new();
    let cancelled = token.clone();
    tokio::spawn(async move {
        let name = tokio::select! {
            _ = terminate.recv() => "SIGTERM",
            _ = interrupt.recv() => "SIGINT",
        };
        tracing::info!(
            signal = name,
            "{name}: taking nothing more, finishing what is under way"
        );
        cancelled.cancel();
    });
    Ok(token)
}

/// Something did not finish in its time.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what} did not finish within {limit:?}")]
pub struct NotDrained {
    /// What it was.
    pub what: &'static str,
    /// The time it had.
    pub limit: Duration,
}

/// Waits for something to finish, but no longer than the limit.
///
/// # Errors
/// It did not finish in that time; it is dropped.
pub async fn drain<T>(
    what: &'static str,
    limit: Duration,
    work: impl Future<Output = T>,
) -> Result<T, NotDrained> {
    tokio::time::timeout(limit, work)
        .await
        .map_err(|_| NotDrained { what, limit })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_drain_gives_the_result_or_says_what_did_not_finish() {
        let limit = Duration::from_millis(5);
        assert_eq!(drain("the quick", limit, async { 7 }).await, Ok(7));
        let stuck = drain("the stuck", limit, std::future::pending::<()>()).await;
        assert_eq!(
            stuck,
            Err(NotDrained {
                what: "the stuck",
                limit
            })
        );
    }
}
