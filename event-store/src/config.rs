//! The store's limits.

use std::time::Duration;

/// The store's limits. The defaults are meant for one process on a small machine.
#[derive(Clone, Debug)]
pub struct StoreConfig {
    /// Commands that may wait; beyond them the answer is "busy", at once.
    pub queue_max: usize,
    /// Commands of one batch. More make one flush cheaper, and the first of them wait longer.
    pub batch_commands_max: usize,
    /// Events of one batch: bounds the size of one statement.
    pub batch_events_max: usize,
    /// Aggregates kept in memory.
    pub cache_streams_max: usize,
    /// Events kept in memory for subscribers that are up to date.
    pub feed_events_max: usize,
    /// How often a command is decided again because another process was faster.
    pub attempts_max: u32,
    /// How long a command may take; then its outcome is unknown to the caller, who may ask again.
    pub command_timeout: Duration,
    /// How long the append may wait for the log's lock.
    pub lock_timeout: Duration,
    /// Events of a stream between two snapshots, at least.
    pub snapshot_every_events: u64,
    /// How often another process's events are looked for when no notification comes.
    pub poll_interval: Duration,
}

impl Default for StoreConfig {
    fn default() -> Self {
        Self {
            queue_max: 4_096,
            batch_commands_max: 512,
            batch_events_max: 4_096,
            cache_streams_max: 20_000,
            feed_events_max: 16_384,
            attempts_max: 20,
            command_timeout: Duration::from_secs(10),
            lock_timeout: Duration::from_secs(5),
            snapshot_every_events: 200,
            poll_interval: Duration::from_secs(1),
        }
    }
}
