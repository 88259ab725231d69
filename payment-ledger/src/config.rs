//! The limits of the ledger.

use std::time::Duration;

use event_store::follower::FollowLimits;

/// The limits of the ledger's runners.
#[derive(Clone, Debug)]
pub struct LedgerConfig {
    /// How the log is followed. Nobody waits for the ledger's checkpoint, so events that it does not want may go
    /// unnoted longer than the projections'.
    pub follow: FollowLimits,
    /// The rest after a batch: what comes meanwhile is taken in together.
    pub rest: Duration,
}

impl Default for LedgerConfig {
    fn default() -> Self {
        Self {
            follow: FollowLimits {
                idle_checkpoint_interval: Duration::from_millis(200),
                ..FollowLimits::default()
            },
            rest: Duration::from_millis(20),
        }
    }
}
