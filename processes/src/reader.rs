//! Follows the log: what follows from its events becomes rows, and what is due is done at once.
//!
//! The rows and the checkpoint move in one transaction. Events from which nothing follows (most of them)
//! move the checkpoint by and by: read again after a crash, nothing follows from them again.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use domain::checkout::sagas::react;
use domain::payment::PaymentEvent;
use domain::{DomainEvent, Recorded, UnknownEvent};
use event_store::{RecordedEvent, StoreError, Subscription, checkpoint};
use failpoints::failpoint;
use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::agenda;
use crate::error::ProcessesError;
use crate::intake::{Intake, Plan};
use crate::item::{Item, Origin};
use crate::parked_events::{self, Unreadable};
use crate::term::Term;
use crate::work;

/// Whose checkpoint it is.
const SUBSCRIBER: &str = "processes";
/// Events of one transaction.
const BATCH_MAX_EVENTS: usize = 500;
/// The checkpoint may lag so far behind what was read.
const CHECKPOINT_LAG_MAX_EVENTS: u64 = 1_000;
/// The checkpoint may lag so long behind what was read.
const CHECKPOINT_LAG_MAX: Duration = Duration::from_secs(1);
/// A write that no other has followed for so long is flushed. In traffic the commits of the commands do that.
const LOOK_AFTER: Duration = Duration::from_secs(1);
/// How soon a failed read or write is tried again.
const RETRY_INTERVAL: Duration = Duration::from_millis(200);

/// Reads until it shall take no more, or until this holder must not go on.
pub(crate) async fn run(term: Arc<Term>, taking: CancellationToken) {
    let result = async { Reader::start(&term).await?.follow(&taking).await };
    if let Err(error) = result.await {
        // Another holder moved the checkpoint, or a commit of ours came through after all: the next
        // term begins with what the tables say.
        term.tenure.lose(&error.to_string());
    }
}

/// What follows from an event. `head_before` is how far the log reached when this holder came.
pub(crate) fn items_of(
    event: &RecordedEvent,
    head_before: u64,
    now: DateTime<Utc>,
) -> Result<Vec<Item>, UnknownEvent> {
    let recorded = event.decode()?;
    let correlation_id = event.metadata.correlation_id;
    let steps = react(&recorded).into_iter();
    let origin = Origin::of(&recorded, head_before);
    let items = steps.map(|step| Item::new(step, (&recorded, origin), correlation_id, now));
    report_given_up(&recorded);
    Ok(items.collect())
}

struct Reader {
    term: Arc<Term>,
    subscription: Subscription,
    /// Where the checkpoint stands.
    committed: u64,
    /// How far all is read and, where something follows, written.
    read: u64,
    /// How far the log reached when this holder came.
    head_before: u64,
    /// Since when the checkpoint lags behind.
    lags_since: Option<Instant>,
    /// When to flush the last write, if it is still there.
    look_at: Option<Instant>,
}

impl Reader {
    async fn start(term: &Arc<Term>) -> Result<Self, ProcessesError> {
        let position =
            patiently(|| async { Ok(checkpoint::position(term.parts.pool(), SUBSCRIBER).await?) })
                .await?;
        // With the lease at hand: from now on nobody else takes anything in.
        let head_before = patiently(|| async { Ok(term.parts.store.log().head().await?) }).await?;
        Ok(Self {
            term: Arc::clone(term),
            subscription: term.parts.store.log().subscribe(position),
            committed: position,
            read: position,
            head_before,
            lags_since: None,
            look_at: None,
        })
    }

    async fn follow(&mut self, taking: &CancellationToken) -> Result<(), ProcessesError> {
        while !taking.is_cancelled() {
            let idle_until = self.lags_since.map(|since| since + CHECKPOINT_LAG_MAX);
            tokio::select! {
                biased;
                () = taking.cancelled() => {}
                events = self.subscription.next(BATCH_MAX_EVENTS) => match events {
                    Ok(events) => self.take(self.plan(&events), last(&events)).await?,
                    Err(error) => self.could_not_read(error).await?,
                },
                () = sleep_until(idle_until.unwrap_or_else(Instant::now)), if idle_until.is_some() => {
                    self.write(Plan::default()).await?;
                }
                () = sleep_until(self.look_at.unwrap_or_else(Instant::now)), if self.look_at.is_some() => {
                    self.look().await?;
                }
            }
        }
        self.write(Plan::default()).await
    }

    fn plan(&self, events: &[Arc<RecordedEvent>]) -> Plan {
        Plan::of(events, self.head_before, self.now())
    }

    fn now(&self) -> DateTime<Utc> {
        self.term.parts.clock.now()
    }

    /// Takes in what follows from the events up to a position.
    async fn take(&mut self, plan: Plan, last: Option<u64>) -> Result<(), ProcessesError> {
        self.read = last.unwrap_or(self.read);
        let known_head = self.term.parts.store.log().known_head();
        let lag = known_head.saturating_sub(self.read);
        metrics::gauge!("processes_event_lag").set(lag as f64);
        let lags_far = self.read - self.committed >= CHECKPOINT_LAG_MAX_EVENTS;
        if plan.is_empty() && !lags_far {
            self.lags_since.get_or_insert_with(Instant::now);
            return Ok(());
        }
        self.write(plan).await
    }

    /// Writes rows and checkpoint, then starts what is due.
    async fn write(&mut self, plan: Plan) -> Result<(), ProcessesError> {
        if self.read == self.committed && plan.is_empty() {
            return Ok(());
        }
        let term = Arc::clone(&self.term);
        let intake = Intake::new(plan.items, &term.lanes, self.now());
        let (from, to) = (self.committed, self.read);
        let written = || commit(&term, &intake.rows, &plan.unreadable, from, to);
        let inserted = patiently(written).await?;
        self.committed = to;
        self.lags_since = None;
        self.look_at = Some(Instant::now() + LOOK_AFTER);
        for event in &plan.unreadable {
            report_unreadable(event);
        }
        for (item, claim) in intake.written(&inserted, &term.alarm) {
            let doing = work::run(Arc::clone(&term), item, claim);
            term.crew.spawn(doing);
        }
        Ok(())
    }

    /// Flushes the last write, if it is still there. It is not flushed by itself: a crash of the database may take
    /// it back, with timers that nothing else would ever miss. Whoever takes the lease next reads from there.
    async fn look(&mut self) -> Result<(), ProcessesError> {
        self.look_at = None;
        let (term, stands) = (Arc::clone(&self.term), self.committed);
        patiently(|| flush(&term, stands)).await
    }

    /// The database is away, or an event's own frame is broken: then it alone is set aside.
    async fn could_not_read(&mut self, error: StoreError) -> Result<(), ProcessesError> {
        let error = ProcessesError::from(error);
        if error.is_transient() {
            tracing::warn!(error = %error, "processes: the log cannot be read: {error}");
            sleep(RETRY_INTERVAL).await;
            return Ok(());
        }
        let log = self.term.parts.store.log();
        let mut next = self.subscription.position();
        let mut whole = Plan::default();
        // Positions have no holes, so the broken one is the first that cannot be read by itself.
        for _ in 0..BATCH_MAX_EVENTS {
            match log.read(next, 1).await {
                Ok(events) if events.is_empty() => break,
                Ok(events) => {
                    whole.append(self.plan(&events));
                    next += 1;
                }
                // Away meanwhile: what could be read is taken in, the rest is read again.
                Err(StoreError::Database(_)) => break,
                Err(error) => {
                    let error = error.to_string();
                    next += 1;
                    let position = next;
                    whole.unreadable.push(Unreadable { position, error });
                    break;
                }
            }
        }
        self.subscription = log.subscribe(next);
        self.take(whole, Some(next)).await
    }
}

fn last(events: &[Arc<RecordedEvent>]) -> Option<u64> {
    events.last().map(|event| event.position)
}

/// Returns the ids of the rows that are new.
async fn commit(
    term: &Term,
    items: &[(Item, String)],
    unreadable: &[Unreadable],
    from: u64,
    to: u64,
) -> Result<HashSet<Uuid>, ProcessesError> {
    let mut transaction = term.begin().await?;
    let mut inserted = Vec::new();
    if !items.is_empty() {
        inserted = agenda::insert(&mut transaction, items).await?;
    }
    parked_events::insert(&mut transaction, unreadable).await?;
    checkpoint::advance(&mut transaction, SUBSCRIBER, from, to).await?;
    failpoint!("processes.intake.before", sqlx::Error::Io);
    transaction.commit().await?;
    failpoint!("processes.intake.after", sqlx::Error::Io);
    Ok(inserted.into_iter().collect())
}

/// Writes the checkpoint where it stands: a commit that has written is flushed, and everything before it. Refused where
/// the checkpoint does not stand there any more.
async fn flush(term: &Term, stands: u64) -> Result<(), ProcessesError> {
    let mut transaction = term.begin_flushed().await?;
    checkpoint::advance(&mut transaction, SUBSCRIBER, stands, stands).await?;
    transaction.commit().await?;
    Ok(())
}

/// Tries again while the database is away. Should that take longer than the lease lasts, everything is
/// ended from outside.
async fn patiently<T, F>(mut attempt: impl FnMut() -> F) -> Result<T, ProcessesError>
where
    F: Future<Output = Result<T, ProcessesError>>,
{
    let mut failing = false;
    loop {
        match attempt().await {
            Err(error) if error.is_transient() => {
                if !std::mem::replace(&mut failing, true) {
                    tracing::warn!(error = %error, "processes: events cannot be taken in: {error}");
                }
                sleep(RETRY_INTERVAL).await;
            }
            result => return result,
        }
    }
}

fn report_unreadable(event: &Unreadable) {
    let (position, error) = (event.position, event.error.as_str());
    metrics::counter!("processes_events_parked_total").increment(1);
    tracing::error!(
        log.position = position,
        error,
        "processes: the event at {position} cannot be read and is parked: {error}"
    );
}

/// A schedule that is over, or an answer that cannot be true, means that a person must look.
fn report_given_up(recorded: &Recorded) {
    let what = match &recorded.event {
        DomainEvent::Payment(PaymentEvent::PaymentOutcomeUnknown {
            next_inquiry_at: None,
            ..
        }) => "its outcome is unknown",
        DomainEvent::Payment(PaymentEvent::PaymentRefundDelayed {
            next_attempt_at: None,
            ..
        }) => "its refund is not done",
        DomainEvent::Payment(PaymentEvent::PaymentReviewRequired { .. }) => {
            "the gateway contradicts what is known"
        }
        _ => return,
    };
    let payment_id = recorded.aggregate_id.as_str();
    metrics::counter!("processes_payments_given_up_total").increment(1);
    tracing::error!(
        payment.id = payment_id,
        log.position = recorded.position,
        reason = what,
        "payment {payment_id}: {what}: a person must look"
    );
}
