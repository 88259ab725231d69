//! Asking for a refund and waiting for the gateway, once or again.

use std::time::Duration;

use domain::PaymentId;
use domain::RefundId;
use domain::checkout::RefundPayment;
use domain::payment::Payment;
use event_store::{Answer, EventStore, Outcome};
use platform::ApiError;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::outcomes::{PaymentOutcome, PaymentOutcomes, Waiting};
use crate::execute::{Ticket, success_body, unexecuted, unread};
use crate::recorded_answer::{record, recorded};

const SUCCEEDED: &str = "SUCCEEDED";
const PENDING: &str = "PENDING";

/// One request for a refund.
pub(super) struct RefundRequest {
    pub(super) store: EventStore,
    pub(super) outcomes: PaymentOutcomes,
    pub(super) ticket: Ticket,
    pub(super) operation: RefundPayment,
    /// How long the gateway is waited for; `None`: not at all, and the answer is 202.
    pub(super) wait: Option<Duration>,
}

/// A refund as its request's command answered it.
#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
struct Requested {
    id: RefundId,
    payment_id: PaymentId,
    status: String,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

#[derive(Deserialize)]
struct Stored {
    data: Requested,
}

impl RefundRequest {
    /// Asks for the refund, waits, answers, and records the answer.
    pub(super) async fn run(self) -> Result<Outcome, ApiError> {
        let Some(limit) = self.wait else {
            let command = self.ticket.command(self.operation, 202);
            return self.store.execute(command).await.map_err(unexecuted);
        };
        // Before the command, so that an outcome that comes at once is not missed.
        let waiting = self.outcomes.wait_for(self.operation.refund_id.uuid());
        let command = self.ticket.command(self.operation.clone(), 201);
        let outcome = self.store.execute(command).await.map_err(unexecuted)?;
        if outcome.status >= 400 {
            return Ok(outcome);
        }
        let stored = serde_json::from_str::<Stored>(&outcome.body);
        let requested = stored.map_err(|error| ApiError::internal(&error))?.data;
        if requested.status == SUCCEEDED {
            return Ok(outcome);
        }
        if !outcome.replayed {
            let done = is_back(waiting, limit).await;
            return self.record(requested, done).await;
        }
        if let Some(answer) = recorded(&self.store, &self.ticket).await? {
            return Ok(answer);
        }
        // The first time, the process went away before it had answered: the refund may be done by now.
        let waiting = self.outcomes.wait_for(requested.id.uuid());
        let loaded = self.store.load::<Payment>(requested.payment_id).await;
        let (payment, _) = loaded.map_err(|error| unread(&error))?;
        let payment = payment.requested().ok();
        let refund = payment.and_then(|payment| payment.refund(requested.id));
        let done = match refund {
            Some(refund) if refund.done => true,
            Some(_) | None => is_back(waiting, limit).await,
        };
        self.record(requested, done).await
    }

    async fn record(&self, requested: Requested, done: bool) -> Result<Outcome, ApiError> {
        let status = if done { SUCCEEDED } else { PENDING }.to_owned();
        let answered = Requested {
            status,
            ..requested
        };
        let data = serde_json::to_value(answered).map_err(|error| ApiError::internal(&error))?;
        let answer = Answer {
            status: 201,
            body: success_body(&data),
        };
        record(&self.store, &self.ticket, answer).await
    }
}

/// Whether the money is back in time.
async fn is_back(waiting: Waiting, limit: Duration) -> bool {
    waiting.outcome(limit).await == Some(PaymentOutcome::GivenBack)
}
