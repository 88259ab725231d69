//! Outcomes of payments and refunds as the log tells them: one subscription a process, and whoever waits for one.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use domain::payment::{AMOUNT_MISMATCH, Payment, PaymentEvent, PaymentState, PaymentStatus};
use domain::{Decider as _, DomainEvent, PaymentId};
use event_store::{RecordedEvent, Subscription};
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// The most events taken at once.
const EVENTS_MAX: usize = 500;
/// The wait before the log is read again after it could not be.
const RETRY_WAIT: Duration = Duration::from_millis(200);

/// The events that end the wait for a refund.
const REFUND_EVENTS: [&str; 2] = ["PaymentRefunded", "PaymentRefundDelayed"];

/// What became of a payment or a refund, as far as its caller cares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum PaymentOutcome {
    /// Charged. The status is `SUCCEEDED`, or what came after it.
    Charged(PaymentStatus),
    /// Not charged, or given back because it was charged wrongly.
    Declined {
        /// The gateway's code.
        code: String,
    },
    /// Nobody knows, or a deposit is awaited; it is asked again later.
    Unknown,
    /// The money of a refund is back.
    GivenBack,
    /// The money of a refund is not back yet; it is tried again later.
    Delayed,
}

/// Who waits for which payment or refund, by its id.
#[derive(Clone, Default)]
pub(crate) struct PaymentOutcomes {
    waiting: Arc<Mutex<HashMap<Uuid, oneshot::Sender<PaymentOutcome>>>>,
}

/// Someone who waits; no longer when this is dropped.
pub(super) struct Waiting {
    id: Uuid,
    outcomes: PaymentOutcomes,
    told: oneshot::Receiver<PaymentOutcome>,
}

impl PaymentOutcomes {
    /// Waits for a payment or a refund from now on: to be called before that is done which brings the outcome
    /// about. Each has one caller at a time, since a second one with its key is told to wait.
    pub(super) fn wait_for(&self, id: Uuid) -> Waiting {
        let (tell, told) = oneshot::channel();
        self.map().insert(id, tell);
        Waiting {
            id,
            outcomes: self.clone(),
            told,
        }
    }

    /// Follows the log and tells those who wait, until `stop`.
    pub(crate) async fn follow(self, mut log: Subscription, stop: CancellationToken) {
        loop {
            let events = tokio::select! {
                () = stop.cancelled() => return,
                events = log.next(EVENTS_MAX) => events,
            };
            match events {
                Ok(events) => events.iter().for_each(|event| self.see(event)),
                Err(error) => {
                    tracing::warn!(error = %error, "payments' outcomes cannot be followed; trying again: {error}");
                    tokio::select! {
                        () = stop.cancelled() => return,
                        () = tokio::time::sleep(RETRY_WAIT) => {}
                    }
                }
            }
        }
    }

    fn see(&self, event: &RecordedEvent) {
        if event.aggregate_type != Payment::TYPE {
            return;
        }
        let Ok(payment_id) = event.aggregate_id.parse::<PaymentId>() else {
            return;
        };
        // Most payments have nobody waiting here: they are another process's, or were not waited for. A
        // refund's event names it only inside.
        let is_of_refund = REFUND_EVENTS.contains(&event.event_type.as_str());
        let waiting = self.map();
        if waiting.is_empty() || !(is_of_refund || waiting.contains_key(&payment_id.uuid())) {
            return;
        }
        drop(waiting);
        match event.decode() {
            Ok(recorded) => {
                if let DomainEvent::Payment(event) = recorded.event
                    && let Some((id, outcome)) = outcome_of(payment_id, event)
                    && let Some(tell) = self.map().remove(&id)
                {
                    // Whose time was up has just stopped listening.
                    let _ = tell.send(outcome);
                }
            }
            Err(error) => tracing::error!(
                payment.id = %payment_id, position = event.position, error = %error,
                "an event of payment {payment_id} cannot be read: {error}"
            ),
        }
    }

    fn map(&self) -> std::sync::MutexGuard<'_, HashMap<Uuid, oneshot::Sender<PaymentOutcome>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    /// The outcome, when it comes in time.
    pub(super) async fn outcome(mut self, limit: Duration) -> Option<PaymentOutcome> {
        tokio::time::timeout(limit, &mut self.told).await.ok()?.ok()
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.outcomes.map().remove(&self.id);
    }
}

/// What an event says, and of what: the payment or one of its refunds.
fn outcome_of(payment_id: PaymentId, event: PaymentEvent) -> Option<(Uuid, PaymentOutcome)> {
    let id = payment_id.uuid();
    match event {
        PaymentEvent::PaymentSucceeded { .. } => {
            Some((id, PaymentOutcome::Charged(PaymentStatus::Succeeded)))
        }
        PaymentEvent::PaymentFailed { code, .. } => Some((id, PaymentOutcome::Declined { code })),
        PaymentEvent::PaymentMismatched { .. } => {
            let code = AMOUNT_MISMATCH.to_owned();
            Some((id, PaymentOutcome::Declined { code }))
        }
        PaymentEvent::PaymentOutcomeUnknown { .. } => Some((id, PaymentOutcome::Unknown)),
        PaymentEvent::PaymentRefunded { refund_id, .. } => {
            Some((refund_id.uuid(), PaymentOutcome::GivenBack))
        }
        PaymentEvent::PaymentRefundDelayed { refund_id, .. } => {
            Some((refund_id.uuid(), PaymentOutcome::Delayed))
        }
        // The buyer has to do the next step: nothing more to wait for.
        PaymentEvent::PaymentDepositAwaited { .. } => Some((id, PaymentOutcome::Unknown)),
        PaymentEvent::PaymentRequested { .. }
        | PaymentEvent::PaymentRefundRequested { .. }
        | PaymentEvent::PaymentInquiryRequested { .. }
        | PaymentEvent::PaymentReviewRequired { .. } => None,
    }
}

/// The outcome that a payment's state shows, if it has one already.
pub(super) fn outcome_shown(state: &PaymentState) -> Option<PaymentOutcome> {
    let payment = state.requested().ok()?;
    if let Some(code) = &payment.failure_code {
        return Some(PaymentOutcome::Declined { code: code.clone() });
    }
    match payment.status {
        PaymentStatus::Pending => payment.deposit.as_ref().map(|_| PaymentOutcome::Unknown),
        PaymentStatus::Unknown => Some(PaymentOutcome::Unknown),
        status @ (PaymentStatus::Succeeded
        | PaymentStatus::Failed
        | PaymentStatus::Cancelled
        | PaymentStatus::PartiallyRefunded
        | PaymentStatus::Refunded) => Some(PaymentOutcome::Charged(status)),
    }
}
