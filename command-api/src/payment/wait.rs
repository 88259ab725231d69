//! Requesting a payment and waiting for its outcome, once or again.

use std::time::Duration;

use domain::checkout::RequestPayment;
use domain::payment::{Payment, PaymentStatus};
use event_store::{Answer, EventStore, Outcome};
use failpoints::failpoint;
use platform::ApiError;

use super::answer::Requested;
use super::outcomes::{PaymentOutcome, PaymentOutcomes, Waiting, outcome_shown};
use crate::execute::{Ticket, unexecuted, unread};
use crate::recorded_answer::{record, recorded};

/// One request for a payment.
pub(super) struct PaymentRequest {
    pub(super) store: EventStore,
    pub(super) outcomes: PaymentOutcomes,
    pub(super) ticket: Ticket,
    pub(super) operation: RequestPayment,
    /// How long its outcome is waited for; `None`: not at all, and the answer is 202.
    pub(super) wait: Option<Duration>,
}

impl PaymentRequest {
    /// Requests the payment, waits, answers, and records the answer.
    pub(super) async fn run(self) -> Result<Outcome, ApiError> {
        // Before the command, so that an outcome that comes at once is not missed.
        let waiting = self.outcomes.wait_for(self.operation.payment_id.uuid());
        let command = self.ticket.command(self.operation.clone(), 201);
        let outcome = self.store.execute(command).await.map_err(unexecuted)?;
        if outcome.status >= 400 {
            return Ok(outcome);
        }
        failpoint!("command-api.payment.requested");
        let requested = Requested::from_outcome(&outcome)?;
        let answer = if outcome.replayed {
            if let Some(answer) = recorded(&self.store, &self.ticket).await? {
                return Ok(answer);
            }
            self.answer_again(requested).await?
        } else {
            self.answer(requested, waiting).await
        };
        failpoint!("command-api.payment.settled");
        record(&self.store, &self.ticket, answer).await
    }

    async fn answer(&self, requested: Requested, waiting: Waiting) -> Answer {
        let Some(limit) = self.wait else {
            return requested.accepted();
        };
        let outcome = match requested.status {
            PaymentStatus::Pending => waiting.outcome(limit).await,
            // It cost nothing: no gateway was asked.
            settled => Some(PaymentOutcome::Charged(settled)),
        };
        requested.answered(&self.ticket, outcome)
    }

    /// The first time, the process went away before it had answered: the payment is what its first
    /// request made it, and may be settled by now.
    async fn answer_again(&self, requested: Requested) -> Result<Answer, ApiError> {
        let waiting = self.outcomes.wait_for(requested.id.uuid());
        let (state, _) = self
            .store
            .load::<Payment>(requested.id)
            .await
            .map_err(|error| unread(&error))?;
        Ok(match outcome_shown(&state) {
            Some(outcome) if self.wait.is_some() => requested.answered(&self.ticket, Some(outcome)),
            Some(_) | None => self.answer(requested, waiting).await,
        })
    }
}
