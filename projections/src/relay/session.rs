//! One session: from the lease to the first trouble, or to the program's end.

use std::time::Duration;

use event_store::follower::Backoff;
use failpoints::failpoint;
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior, interval};

use super::Relay;
use super::error::RelayError;
use super::lead::Lead;
use super::producer::{Producer, Report};
use super::reader::Reader;
use super::schema_ids::SchemaIds;
use super::send::Sending;
use super::tail_plan::Delivered;
use super::{cursor, tail, topics};

/// Reports that are taken in at a time, before anything else gets its turn.
const REPORTS_MAX: usize = 1_024;
/// How long Kafka may confirm nothing before it is worth a word.
const SILENCE_S: u64 = 5;

/// How a session ended.
pub(super) struct Ended {
    pub(super) result: Result<(), RelayError>,
    /// Whether nothing was under way any more: only then may another send at once.
    pub(super) settled: bool,
}

/// Sends until the program stops, the lease is lost, or Kafka or the database fails.
pub(super) async fn run(relay: &Relay, lead: &Lead, backoff: &mut Backoff) -> Ended {
    let ready = tokio::select! {
        () = relay.stop.cancelled() => return Ended { result: Ok(()), settled: true },
        () = lead.lost() => Err(RelayError::LeaseLost),
        ready = prepare(relay) => ready,
    };
    let started = ready.and_then(|(ids, delivered)| {
        let (producer, reports) = Producer::new(&relay.config)?;
        Ok((ids, delivered, producer, reports))
    });
    let (ids, delivered, producer, reports) = match started {
        Ok(started) => started,
        Err(error) => {
            measure_away(relay).await;
            return Ended {
                result: Err(error),
                settled: true,
            };
        }
    };
    let reader = Reader::start(&relay.log, delivered.cursor());
    let sending = Sending::new(relay, lead, &producer, ids, delivered);
    let result = follow(sending, reader, reports, backoff).await;
    // A stopping relay has waited already; one that lost its lease must not.
    let waits = lead.is_held() && !relay.stop.is_cancelled();
    let patience = if waits {
        relay.config.stop_timeout
    } else {
        Duration::ZERO
    };
    Ended {
        result,
        settled: producer.shut(patience).await,
    }
}

/// What must be known before anything is sent.
async fn prepare(relay: &Relay) -> Result<(SchemaIds, Delivered), RelayError> {
    let ids = SchemaIds::load(&relay.config).await?;
    failpoint!("projections.relay.ids.after", sqlx::Error::Io);
    topics::ensure(&relay.config).await?;
    failpoint!("projections.relay.topics.after", sqlx::Error::Io);
    let cursor = cursor::load(&relay.pool).await?;
    failpoint!("projections.relay.cursor.read", sqlx::Error::Io);
    let delivered = tail::read(&relay.config, cursor, &relay.stop).await?;
    failpoint!("projections.relay.tail.after", sqlx::Error::Io);
    if !delivered.beyond.is_empty() {
        tracing::info!(
            relay.cursor = cursor,
            events = delivered.beyond.len(),
            "events beyond the cursor {cursor} were delivered already; they are not sent again",
        );
    }
    Ok((ids, delivered))
}

async fn follow(
    mut sending: Sending<'_>,
    mut reader: Reader,
    mut reports: mpsc::UnboundedReceiver<Report>,
    backoff: &mut Backoff,
) -> Result<(), RelayError> {
    let (relay, lead) = (sending.relay, sending.lead);
    let mut writes = interval(relay.config.cursor_interval);
    writes.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut resends = interval(relay.config.resend_interval);
    resends.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut patience = Patience::new();
    let mut news = Vec::with_capacity(REPORTS_MAX);
    // Set when the program stops: what is under way is waited for until then.
    let mut deadline: Option<Instant> = None;
    loop {
        let running = deadline.is_none();
        tokio::select! {
            biased;
            () = relay.stop.cancelled(), if running => {
                deadline = Some(Instant::now() + relay.config.stop_timeout);
            }
            () = lead.lost() => return Err(RelayError::LeaseLost),
            _ = writes.tick() => {
                sending.write().await?;
                patience.look(&sending, backoff);
                measure(sending.lag());
                if deadline.is_some_and(|at| sending.is_idle() || Instant::now() >= at) {
                    return sending.write().await;
                }
            }
            count = reports.recv_many(&mut news, REPORTS_MAX) => {
                if count == 0 {
                    return Err(RelayError::Ended);
                }
                failpoint!("projections.relay.delivered", sqlx::Error::Io);
                for report in news.drain(..) {
                    sending.take(report)?;
                }
            }
            _ = resends.tick(), if running => sending.resend().await?,
            batch = reader.next(), if running && sending.has_room() => {
                for event in batch.ok_or(RelayError::Ended)?? {
                    sending.forward(&event).await?;
                }
            }
        }
    }
}

/// Says once when Kafka confirms nothing for long, and when it does again.
struct Patience {
    cursor: u64,
    moved: Instant,
}

impl Patience {
    fn new() -> Self {
        Self {
            cursor: 0,
            moved: Instant::now(),
        }
    }

    fn look(&mut self, sending: &Sending<'_>, backoff: &mut Backoff) {
        if sending.is_idle() || sending.cursor() > self.cursor {
            self.cursor = sending.cursor();
            self.moved = Instant::now();
            if let Some(away) = backoff.well() {
                let away_s = away.as_secs();
                tracing::info!(away_s, "the relay sends again, after {away_s} s");
            }
        } else if self.moved.elapsed() > Duration::from_secs(SILENCE_S) && backoff.failed().1 {
            tracing::warn!(
                relay.cursor = self.cursor,
                silence_s = SILENCE_S,
                "Kafka has confirmed nothing for {SILENCE_S} s; events wait until it does",
            );
        }
    }
}

/// Kafka is away: what waits is counted all the same.
async fn measure_away(relay: &Relay) {
    if let Ok(cursor) = cursor::load(&relay.pool).await {
        measure(relay.log.known_head().saturating_sub(cursor));
    }
}

/// A count beyond 2³² is as good as infinite.
fn measure(lag: u64) {
    metrics::gauge!("relay_lag_events").set(f64::from(u32::try_from(lag).unwrap_or(u32::MAX)));
}
