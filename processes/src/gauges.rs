//! What there is to do, as metrics: read from the table by whoever holds the lease.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use metrics::{describe_counter, describe_gauge, describe_histogram, gauge};
use sqlx::Row;
use tokio::time::{MissedTickBehavior, interval};

use crate::error::ProcessesError;
use crate::parked_events;
use crate::term::Term;

/// How often what is due is counted: by an index, and cheap.
const DUE_INTERVAL: Duration = Duration::from_secs(5);
/// Everything is counted once in so many times: that reads the whole table, which at a thousand orders a
/// second holds a million timers.
const PENDING_EVERY: u32 = 12;
/// Rows of one lane that are counted as due: with more, it is the age that tells.
const DUE_MAX_PER_LANE: i64 = 10_000;

const PENDING: &str = "processes_actions_pending";
const DUE: &str = "processes_actions_due";
const OLDEST_DUE: &str = "processes_actions_oldest_due_seconds";

/// Says what the metrics of this room mean.
pub(crate) fn describe() {
    describe_gauge!(
        "processes_lease_held",
        "1 while this instance runs the sagas, else 0"
    );
    describe_counter!(
        "processes_lease_takeovers_total",
        "How often this instance took the lease"
    );
    describe_gauge!(
        "processes_event_lag",
        "Events of the log that are not read yet"
    );
    describe_gauge!(PENDING, "Actions to be done, due or not, by name");
    describe_gauge!(DUE, "Actions that are due and not done, by name");
    describe_gauge!(OLDEST_DUE, "How long the longest due action has been due");
    describe_gauge!("processes_actions_parked", "Actions that wait for a person");
    describe_gauge!(
        "processes_events_parked",
        "Events that this program cannot read"
    );
    describe_counter!("processes_actions_parked_total", "Actions that were parked");
    describe_counter!("processes_events_parked_total", "Events that were parked");
    describe_counter!(
        "processes_payments_given_up_total",
        "Payments and refunds whose schedule is over: a person must look"
    );
    describe_counter!(
        "processes_erasures_overdue_total",
        "Tries in vain to erase a billing key whose schedule is over: it is tried daily, and a person must look"
    );
    describe_histogram!(
        "processes_action_duration_seconds",
        "How long actions took, gateway calls included, by name and outcome"
    );
}

/// Samples until the term ends.
pub(crate) async fn run(term: Arc<Term>) {
    let mut ticks = interval(DUE_INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut sampler = Sampler::default();
    for round in 0_u32.. {
        ticks.tick().await;
        let sampled = sampler
            .sample(&term, round.is_multiple_of(PENDING_EVERY))
            .await;
        if let Err(error) = sampled {
            // Whoever needs the database says loudly that it is away.
            tracing::debug!(error = %error, "processes: nothing could be counted: {error}");
        }
    }
}

/// Remembers the names, so that one that is used up shows as 0.
#[derive(Default)]
struct Sampler {
    pending: BTreeMap<String, i64>,
    due: BTreeMap<String, i64>,
}

impl Sampler {
    async fn sample(&mut self, term: &Term, with_pending: bool) -> Result<(), ProcessesError> {
        gauge!("processes_lease_held").set(f64::from(u8::from(term.tenure.is_live())));
        self.due(term).await?;
        let pool = term.parts.pool();
        let parked: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM processes.actions WHERE parked_at IS NOT NULL",
        )
        .fetch_one(pool)
        .await?;
        gauge!("processes_actions_parked").set(parked as f64);
        gauge!("processes_events_parked").set(parked_events::count(pool).await? as f64);
        if with_pending {
            let query = "SELECT name, count(*) AS count FROM processes.actions GROUP BY name";
            let rows = sqlx::query(query).fetch_all(pool).await?;
            self.pending.values_mut().for_each(|count| *count = 0);
            for row in &rows {
                self.pending
                    .insert(row.try_get("name")?, row.try_get("count")?);
            }
            publish(PENDING, &self.pending);
        }
        Ok(())
    }

    async fn due(&mut self, term: &Term) -> Result<(), ProcessesError> {
        let now = term.parts.clock.now();
        let lanes: Vec<&str> = term.lanes.all().map(|lane| lane.name()).collect();
        let rows = sqlx::query(
            "SELECT a.name, count(*) AS count, min(a.due_at) AS oldest
               FROM unnest($1::text[]) AS l(lane)
              CROSS JOIN LATERAL (
                    SELECT name, due_at FROM processes.actions
                     WHERE lane = l.lane AND parked_at IS NULL AND due_at <= $2
                     ORDER BY due_at LIMIT $3) a
              GROUP BY a.name",
        )
        .bind(lanes)
        .bind(now)
        .bind(DUE_MAX_PER_LANE)
        .fetch_all(term.parts.pool())
        .await?;
        self.due.values_mut().for_each(|count| *count = 0);
        let mut oldest = now;
        for row in &rows {
            self.due.insert(row.try_get("name")?, row.try_get("count")?);
            oldest = oldest.min(row.try_get::<DateTime<Utc>, _>("oldest")?);
        }
        publish(DUE, &self.due);
        gauge!(OLDEST_DUE).set(seconds(now - oldest));
        Ok(())
    }
}

/// The term is over: what this instance knew is another's to tell.
pub(crate) fn withdraw() {
    gauge!("processes_lease_held").set(0.0);
    gauge!(OLDEST_DUE).set(0.0);
    gauge!("processes_event_lag").set(0.0);
}

fn publish(metric: &'static str, counts: &BTreeMap<String, i64>) {
    for (name, count) in counts {
        gauge!(metric, "name" => name.clone()).set(*count as f64);
    }
}

fn seconds(age: TimeDelta) -> f64 {
    age.to_std().map_or(0.0, |age| age.as_secs_f64())
}
