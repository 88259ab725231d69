//! The limits of the projections.

use std::time::Duration;

use event_store::follower::FollowLimits;

/// The limits of the projections. The defaults are meant for one process on a small machine.
#[derive(Clone, Debug)]
pub struct ProjectionsConfig {
    /// How the log is followed. One that stands by reads the registry of generations as often as it looks whether
    /// it is needed.
    pub follow: FollowLimits,
    /// The longest rest between two batches. A rest is twice as long as the batch took: what comes meanwhile is
    /// taken in together, and an order that changes twice within it is written once.
    pub rest_max: Duration,
    /// How often lag and parked events are measured.
    pub metrics_interval: Duration,
}

impl Default for ProjectionsConfig {
    fn default() -> Self {
        Self {
            follow: FollowLimits::default(),
            rest_max: Duration::from_millis(20),
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
