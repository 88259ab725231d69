//! Taking the lease, keeping it, and knowing when it is gone.
//!
//! The time to live counts from before the question was sent, on this machine's monotonic clock: so it is
//! over here no later than in the database, and this holder has stopped before another can begin. Should
//! that clock lie (a machine that slept), the epoch still refuses its writes.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use event_store::Lease;
use sqlx::PgPool;
use tokio::time::{Instant, sleep, sleep_until, timeout, timeout_at};
use tokio_util::sync::CancellationToken;

use crate::config::ProcessesConfig;

/// The lease's name.
const LEASE: &str = "processes";
/// How long giving the lease up may take at the end; otherwise it runs out by itself.
const RELEASE_LIMIT: Duration = Duration::from_secs(1);

/// The time during which a lease is held.
pub(crate) struct Tenure {
    lease: Lease,
    valid_until: Mutex<Instant>,
    lost: CancellationToken,
}

impl Tenure {
    fn new(lease: Lease, valid_until: Instant) -> Self {
        Self {
            lease,
            valid_until: Mutex::new(valid_until),
            lost: CancellationToken::new(),
        }
    }

    pub(crate) fn lease(&self) -> &Lease {
        &self.lease
    }

    /// Whether the lease is still held, as far as can be known without asking.
    pub(crate) fn is_live(&self) -> bool {
        !self.lost.is_cancelled() && Instant::now() < self.valid_until()
    }

    /// Ends the tenure: everything under way stops where it is.
    pub(crate) fn lose(&self, why: &str) {
        if self.lost.is_cancelled() {
            return;
        }
        let (holder, epoch) = (self.lease.holder(), self.lease.epoch());
        tracing::warn!(
            lease.holder = holder,
            lease.epoch = epoch,
            reason = why,
            "processes: {holder} no longer acts (epoch {epoch}): {why}"
        );
        self.lost.cancel();
    }

    /// Waits until it is over.
    pub(crate) async fn lost(&self) {
        self.lost.cancelled().await;
    }

    fn valid_until(&self) -> Instant {
        *self
            .valid_until
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn extend(&self, until: Instant) {
        *self
            .valid_until
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = until;
    }
}

/// Waits for the lease; `None` after the stop.
pub(crate) async fn wait_for(
    pool: &PgPool,
    config: &ProcessesConfig,
    holder: &str,
    stop: &CancellationToken,
) -> Option<Tenure> {
    let mut failing = false;
    while !stop.is_cancelled() {
        let asked_at = Instant::now();
        let asking = Lease::acquire(pool, LEASE, holder, config.lease_ttl);
        match timeout(config.lease_ttl, asking).await {
            Ok(Ok(Some(lease))) => {
                let epoch = lease.epoch();
                tracing::info!(
                    lease.holder = holder,
                    lease.epoch = epoch,
                    "processes: {holder} acts from now on (epoch {epoch})"
                );
                metrics::counter!("processes_lease_takeovers_total").increment(1);
                return Some(Tenure::new(lease, asked_at + config.lease_ttl));
            }
            Ok(Ok(None)) => failing = false,
            Ok(Err(error)) => warn_once(&mut failing, "asked for", &error),
            Err(late) => warn_once(&mut failing, "asked for", &late),
        }
        tokio::select! {
            () = stop.cancelled() => {}
            () = sleep(config.lease_retry_interval) => {}
        }
    }
    None
}

/// Renews the lease until it is lost.
pub(crate) async fn keep(pool: &PgPool, config: &ProcessesConfig, tenure: &Tenure) {
    let mut failing = false;
    let mut renew_at = Instant::now() + config.lease_renew_interval;
    loop {
        sleep_until(renew_at.min(tenure.valid_until())).await;
        let asked_at = Instant::now();
        let renewing = tenure.lease.renew(pool, config.lease_ttl);
        match timeout_at(tenure.valid_until(), renewing).await {
            Ok(Ok(true)) => {
                tenure.extend(asked_at + config.lease_ttl);
                failing = false;
            }
            Ok(Ok(false)) => return tenure.lose("another instance took the lease over"),
            Ok(Err(error)) => warn_once(&mut failing, "renewed", &error),
            Err(_) => return tenure.lose("the lease could not be renewed in time"),
        }
        renew_at = Instant::now() + config.lease_renew_interval;
    }
}

/// Gives the lease up, so that the next holder need not wait. If that fails it runs out by itself.
pub(crate) async fn release(pool: &PgPool, tenure: &Tenure) {
    let releasing = tenure.lease.clone().release(pool);
    match timeout(RELEASE_LIMIT, releasing).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => warn_once(&mut false, "given up", &error),
        Err(late) => warn_once(&mut false, "given up", &late),
    }
}

/// Logs the first failure of a row of them: the database's absence is one event, not one a second.
fn warn_once(failing: &mut bool, what: &str, error: &dyn std::fmt::Display) {
    if !std::mem::replace(failing, true) {
        tracing::warn!(
            lease.name = LEASE, error = %error,
            "processes: the lease {LEASE} cannot be {what}: {error}"
        );
    }
}
