//! Payments' outcomes as the log tells them: one subscription a process, and whoever waits for a payment.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use domain::payment::{Payment, PaymentEvent, PaymentState, PaymentStatus};
use domain::{Decider as _, DomainEvent, PaymentId};
use event_store::{RecordedEvent, Subscription};
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

/// The most events taken at once.
const EVENTS_MAX: usize = 500;
/// The wait before the log is read again after it could not be.
const RETRY_WAIT: Duration = Duration::from_millis(200);

/// What became of a payment, as far as its caller cares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum PaymentOutcome {
    /// Charged. The status is `SUCCEEDED`, or what came after it.
    Charged(PaymentStatus),
    /// Not charged, or given back because it was charged wrongly.
    Declined {
        /// The gateway's code.
        code: String,
    },
    /// Nobody knows; it is asked again later.
    Unknown,
}

/// Who waits for which payment.
#[derive(Clone, Default)]
pub(crate) struct PaymentOutcomes {
    waiting: Arc<Mutex<HashMap<PaymentId, oneshot::Sender<PaymentOutcome>>>>,
}

/// Someone who waits; no longer when this is dropped.
pub(super) struct Waiting {
    payment_id: PaymentId,
    outcomes: PaymentOutcomes,
    told: oneshot::Receiver<PaymentOutcome>,
}

impl PaymentOutcomes {
    /// Waits from now on: to be called before that is done which brings the outcome about. A payment has
    /// one caller at a time, since a second one with its key is told to wait.
    pub(super) fn wait_for(&self, payment_id: PaymentId) -> Waiting {
        let (tell, told) = oneshot::channel();
        self.map().insert(payment_id, tell);
        Waiting {
            payment_id,
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
        // Most payments have nobody waiting here: they are another process's, or were not waited for.
        if !self.map().contains_key(&payment_id) {
            return;
        }
        match event.decode() {
            Ok(recorded) => {
                if let DomainEvent::Payment(event) = recorded.event
                    && let Some(outcome) = outcome_of(event)
                    && let Some(tell) = self.map().remove(&payment_id)
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

    fn map(
        &self,
    ) -> std::sync::MutexGuard<'_, HashMap<PaymentId, oneshot::Sender<PaymentOutcome>>> {
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
        self.outcomes.map().remove(&self.payment_id);
    }
}

fn outcome_of(event: PaymentEvent) -> Option<PaymentOutcome> {
    match event {
        PaymentEvent::PaymentSucceeded { .. } => {
            Some(PaymentOutcome::Charged(PaymentStatus::Succeeded))
        }
        PaymentEvent::PaymentFailed { code, .. } => Some(PaymentOutcome::Declined { code }),
        PaymentEvent::PaymentMismatched { .. } => Some(PaymentOutcome::Declined {
            code: "AMOUNT_MISMATCH".to_owned(),
        }),
        PaymentEvent::PaymentOutcomeUnknown { .. } => Some(PaymentOutcome::Unknown),
        PaymentEvent::PaymentRequested { .. }
        | PaymentEvent::PaymentRefundRequested { .. }
        | PaymentEvent::PaymentRefundDelayed { .. }
        | PaymentEvent::PaymentRefunded { .. } => None,
    }
}

/// The outcome that a payment's state shows, if it has one already.
pub(super) fn outcome_shown(state: &PaymentState) -> Option<PaymentOutcome> {
    let payment = state.requested().ok()?;
    if let Some(code) = &payment.failure_code {
        return Some(PaymentOutcome::Declined { code: code.clone() });
    }
    match payment.status {
        PaymentStatus::Pending => None,
        PaymentStatus::Unknown => Some(PaymentOutcome::Unknown),
        status @ (PaymentStatus::Succeeded
        | PaymentStatus::Failed
        | PaymentStatus::Cancelled
        | PaymentStatus::Refunded) => Some(PaymentOutcome::Charged(status)),
    }
}
