//! The relay: sends the log to Kafka, every event once, in order by key.
//!
//! | question | answer |
//! | --- | --- |
//! | Who sends? | the one that holds the lease `relay` (`lead`); the others stand by |
//! | And when it dies? | its lease runs out, which gives what it had sent the time to arrive |
//! | From where? | `relay.cursor`, moved only over contiguous delivery reports (`window`), in a transaction that checks the lease (`cursor`) |
//! | What was sent and not yet noted? | the ends of the topics say it (`tail`): nothing is sent twice |
//! | Kafka is away? | events wait: in the producer, which the broker knows again, and in the log |
//! | Kafka refuses a record for good? | it is written down as failed, and the cursor goes on; an operator may have it sent again |
//!
//! Not promised: should a relay die, and the broker take longer than the lease to append what it had
//! received from it, that is sent twice. Consumers know a repeat by `event-id`.

mod audit;
mod config;
mod cursor;
mod error;
mod lead;
mod prepare;
mod producer;
mod reader;
mod schema_ids;
mod send;
mod session;
mod tail;
mod tail_plan;
mod topics;
mod window;

use event_store::follower::Backoff;
use event_store::{EventLog, Lease, with_causes};
use failpoints::failpoint;
use sqlx::PgPool;
use tokio::task::JoinHandle;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

pub use audit::{StreamAway, StreamReport, audit};
pub use config::RelayConfig;
use error::RelayError;
use lead::Lead;
use prepare::{EVENT_ID_HEADER, POSITION_HEADER, RESEND_HEADER};

/// Sends the log to Kafka until `stop`; any number of processes may do so at once, and one of them is
/// active. The handle ends when what was under way is delivered and noted, or given up after a few
/// seconds. `pool` is the program's (`commerce_app`).
#[must_use]
pub fn start(
    pool: PgPool,
    log: EventLog,
    config: RelayConfig,
    stop: CancellationToken,
) -> JoinHandle<()> {
    tokio::spawn(
        Relay {
            lease_pool: Lease::pool(&pool),
            pool,
            log,
            config,
            stop,
        }
        .run(),
    )
}

/// What every part of the relay works with.
struct Relay {
    pool: PgPool,
    /// The lease's own connections.
    lease_pool: PgPool,
    log: EventLog,
    config: RelayConfig,
    stop: CancellationToken,
}

impl Relay {
    async fn run(self) {
        let mut backoff = Backoff::new(self.config.retry_wait_min, self.config.retry_wait_max);
        while !self.stop.is_cancelled() {
            let Err(error) = self.lead_once(&mut backoff).await else {
                continue;
            };
            if self.stop.is_cancelled() {
                return;
            }
            let (wait, first) = backoff.failed();
            report(&error, first);
            tokio::select! {
                () = self.stop.cancelled() => return,
                () = sleep(wait) => {}
            }
        }
    }

    /// Takes the lease, when it is free, and sends for as long as that goes well.
    async fn lead_once(&self, backoff: &mut Backoff) -> Result<(), RelayError> {
        let Some(lead) = Lead::acquire(&self.lease_pool, &self.config).await? else {
            tokio::select! {
                () = self.stop.cancelled() => {}
                () = sleep(self.config.standby_interval) => {}
            }
            return Ok(());
        };
        let ended = session::run(self, &lead, backoff).await;
        failpoint!("projections.relay.ended", sqlx::Error::Io);
        if ended.settled {
            lead.release().await;
        }
        // Else the lease runs out by itself, and gives what was under way the time to arrive.
        ended.result
    }
}

/// Says it once, not at every attempt: Kafka may be away for long.
fn report(error: &RelayError, first: bool) {
    let error = with_causes(error);
    if first {
        tracing::warn!(error, "the relay cannot send; events wait until it can");
    } else {
        tracing::debug!(error, "the relay still cannot send");
    }
}
