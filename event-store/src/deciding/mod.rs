//! The deciding loop: one task a process, which decides every command against aggregates in memory and
//! writes what was decided in batches. While one batch is being flushed the next one is decided on top of
//! it; it follows at once, but for [`pace`].
//!
//! [`core`] is the loop's whole logic, synchronous and without I/O; [`driver`] gives it a database and a
//! clock. [`decide`] runs one command's rules; [`cache`] holds the aggregates.

mod cache;
mod core;
mod decide;
mod driver;
mod job;
mod pace;
#[cfg(test)]
mod tests;

pub use core::{Committed, Core, Landed};
pub use job::Job;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::config::StoreConfig;
use crate::log::EventLog;
use crate::wake;

/// Starts the loop, and the task that tells other processes of new events.
pub(crate) fn start(
    log: EventLog,
    config: StoreConfig,
    queue: mpsc::Receiver<Job>,
    is_away: Arc<AtomicBool>,
    stop: CancellationToken,
) {
    tokio::spawn(wake::notify(
        log.pool().clone(),
        log.feed().watch_own(),
        stop.clone(),
    ));
    tokio::spawn(driver::Driver::new(log, config, queue, is_away).run(stop));
}
