//! Being the one that sends.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use event_store::Lease;
use sqlx::PgPool;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::config::RelayConfig;
use super::error::RelayError;

/// The lease's name.
const LEASE: &str = "relay";
/// Renewals within the lease's time.
const RENEWALS_PER_LEASE: u32 = 5;

/// The lease, kept alive in the background.
pub(super) struct Lead {
    pub(super) lease: Lease,
    pool: PgPool,
    renewed: Arc<Mutex<Instant>>,
    trust: Duration,
    lost: CancellationToken,
    keeper: JoinHandle<()>,
}

impl Lead {
    /// Takes the lease; `None` while another holds it.
    pub(super) async fn acquire(
        pool: &PgPool,
        config: &RelayConfig,
    ) -> Result<Option<Self>, RelayError> {
        // Counted from before it is asked for: the answer may take its time.
        let asked = Instant::now();
        let lease = Lease::acquire(pool, LEASE, &config.holder, config.lease_time).await?;
        let Some(lease) = lease else { return Ok(None) };
        tracing::info!(
            lease.epoch = lease.epoch(),
            "this process relays the log to Kafka"
        );
        let renewed = Arc::new(Mutex::new(asked));
        let lost = CancellationToken::new();
        let keeper = Keeper {
            lease: lease.clone(),
            pool: pool.clone(),
            time_to_live: config.lease_time,
            trust: config.lease_trust(),
            renewed: Arc::clone(&renewed),
            lost: lost.clone(),
        };
        let keeper = tokio::spawn(keeper.keep());
        let trust = config.lease_trust();
        Ok(Some(Self {
            lease,
            pool: pool.clone(),
            renewed,
            trust,
            lost,
            keeper,
        }))
    }

    /// Waits until the lease is lost.
    pub(super) async fn lost(&self) {
        self.lost.cancelled().await;
    }

    /// Whether it may be relied on that nobody else sends. A process that was frozen finds out here, before
    /// it sends anything.
    pub(super) fn is_held(&self) -> bool {
        !self.lost.is_cancelled() && since(&self.renewed) < self.trust
    }

    /// Gives the lease up, so that another need not wait for its end.
    pub(super) async fn release(self) {
        self.keeper.abort();
        if let Err(error) = self.lease.clone().release(&self.pool).await {
            tracing::debug!(error = %error, "the relay's lease was not given up; it runs out by itself");
        }
    }
}

impl Drop for Lead {
    fn drop(&mut self) {
        self.keeper.abort();
    }
}

fn since(moment: &Mutex<Instant>) -> Duration {
    moment
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .elapsed()
}

/// Renews the lease well within its time.
struct Keeper {
    lease: Lease,
    pool: PgPool,
    time_to_live: Duration,
    trust: Duration,
    renewed: Arc<Mutex<Instant>>,
    lost: CancellationToken,
}

impl Keeper {
    async fn keep(self) {
        let pause = self.time_to_live / RENEWALS_PER_LEASE;
        loop {
            sleep(pause).await;
            let asked = Instant::now();
            match timeout(pause, self.lease.renew(&self.pool, self.time_to_live)).await {
                Ok(Ok(true)) => {
                    *self.renewed.lock().unwrap_or_else(PoisonError::into_inner) = asked;
                }
                Ok(Ok(false)) => break,
                failed => {
                    let why = match failed {
                        Ok(Err(error)) => error.to_string(),
                        _ => format!("no answer within {pause:?}"),
                    };
                    tracing::warn!(error = %why, "the relay's lease could not be renewed");
                    // Away for a moment is not lost yet.
                    if since(&self.renewed) >= self.trust {
                        break;
                    }
                }
            }
        }
        self.lost.cancel();
    }
}
