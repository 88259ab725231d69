//! The limits of the ledger.

use std::time::Duration;

/// The limits of the ledger's runners.
#[derive(Clone, Debug)]
pub struct LedgerConfig {
    /// Events of one transaction.
    pub batch_events_max: usize,
    /// The rest after a batch: what comes meanwhile is taken in together.
    pub rest: Duration,
    /// How long events that nobody wants may go unnoted in the checkpoint.
    pub idle_checkpoint_interval: Duration,
    /// How often an instance that stands by looks whether it is needed.
    pub standby_interval: Duration,
    /// How often the connection shows that it is alive; three missed times end it, on the server's side too, so
    /// that another instance takes over.
    pub heartbeat_interval: Duration,
    /// The first wait after a failure; it doubles from one failure to the next.
    pub retry_wait_min: Duration,
    /// The longest wait between two attempts.
    pub retry_wait_max: Duration,
}

impl Default for LedgerConfig {
    fn default() -> Self {
        Self {
            batch_events_max: 500,
            rest: Duration::from_millis(20),
            idle_checkpoint_interval: Duration::from_millis(200),
            standby_interval: Duration::from_millis(500),
            heartbeat_interval: Duration::from_secs(5),
            retry_wait_min: Duration::from_millis(100),
            retry_wait_max: Duration::from_secs(5),
        }
    }
}
