//! The role's limits.

use std::time::Duration;

/// The role's limits.
#[derive(Clone, Debug)]
pub struct AuditorConfig {
    /// This process's name in the lease.
    pub holder: String,
    /// How long the lease outlives its holder.
    pub lease_time: Duration,
    /// How often new events are looked for.
    pub look_interval: Duration,
    /// How often it is looked whether everything ended that should have.
    pub rest_interval: Duration,
    /// The most events a second: after a start the whole log is read once more, and the shop must not
    /// notice.
    pub events_per_second_max: u32,
    /// How often one that stands by looks whether the lease is free, and one that failed tries again.
    pub standby_interval: Duration,
}

impl AuditorConfig {
    /// The limits of production, under this name.
    #[must_use]
    pub fn new(holder: String) -> Self {
        Self {
            holder,
            lease_time: Duration::from_secs(15),
            look_interval: Duration::from_secs(1),
            rest_interval: Duration::from_secs(30),
            events_per_second_max: 25_000,
            standby_interval: Duration::from_secs(2),
        }
    }
}
