//! The limits of the projections.

use std::time::Duration;

/// The limits of the projections. The defaults are meant for one process on a small machine.
#[derive(Clone, Debug)]
pub struct ProjectionsConfig {
    /// Events of one transaction: bounds its memory, and how long a reader of the newest rows waits.
    pub batch_events_max: usize,
    /// The longest rest between two batches. A rest is twice as long as the batch took: what comes meanwhile is
    /// taken in together, and an order that changes twice within it is written once.
    pub rest_max: Duration,
    /// How long events that a projector does not want may go unnoted in its checkpoint. A query that
    /// waits for such an event's position waits this long.
    pub idle_checkpoint_interval: Duration,
    /// How often an instance that stands by looks whether it is needed, and how often the registry of
    /// generations is read.
    pub standby_interval: Duration,
    /// How often the connection shows that it is alive; three missed times end it, on the server's side
    /// too, so that another instance takes over.
    pub heartbeat_interval: Duration,
    /// The first wait after the database failed; it doubles from one failure to the next.
    pub retry_wait_min: Duration,
    /// The longest wait between two attempts.
    pub retry_wait_max: Duration,
    /// How often lag and parked events are measured.
    pub metrics_interval: Duration,
}

impl Default for ProjectionsConfig {
    fn default() -> Self {
        Self {
            batch_events_max: 500,
            rest_max: Duration::from_millis(20),
            idle_checkpoint_interval: Duration::from_millis(50),
            standby_interval: Duration::from_millis(500),
            heartbeat_interval: Duration::from_secs(5),
            retry_wait_min: Duration::from_millis(100),
            retry_wait_max: Duration::from_secs(5),
            metrics_interval: Duration::from_secs(5),
        }
    }
}

impl ProjectionsConfig {
    /// How long a projector that has caught up rests after a batch that took so long.
    pub(crate) fn rest_after(&self, batch: Duration) -> Duration {
        (batch * 2).min(self.rest_max)
    }
}
