//! An answer that is not a decision of the business, recorded so that every repeat gets the same bytes:
//! what a payment came to while its caller waited, for instance.

use domain::{Halt, Operation, StreamId, Workspace};
use event_store::{Answer, EventStore, Outcome};
use failpoints::failpoint;
use platform::ApiError;
use serde_json::Value;

use crate::execute::{Ticket, unexecuted};

/// The name from which the record's id is derived.
const NAME: &str = "answer";

/// A command that touches nothing: only its answer counts.
#[derive(Debug)]
struct RecordAnswer;

impl Operation for RecordAnswer {
    fn name(&self) -> &'static str {
        "record-answer"
    }

    fn streams(&self) -> Vec<StreamId> {
        Vec::new()
    }

    fn decide(&self, _: &mut Workspace<'_>) -> Result<Value, Halt> {
        Ok(Value::Null)
    }
}

/// Records the answer and returns what is recorded: the first one, should another process have been
/// faster.
///
/// # Errors
/// The store did not take it.
pub(crate) async fn record(
    store: &EventStore,
    ticket: &Ticket,
    answer: Answer,
) -> Result<Outcome, ApiError> {
    let command = ticket.derived(NAME, RecordAnswer);
    let command = command.answered_by(move |_| answer.clone());
    let outcome = store.execute(command).await.map_err(unexecuted);
    failpoint!("command-api.payment.recorded");
    outcome
}

/// The answer that was recorded for this request, if there is one.
///
/// # Errors
/// The store is away, or the key belongs to another request.
pub(crate) async fn recorded(
    store: &EventStore,
    ticket: &Ticket,
) -> Result<Option<Outcome>, ApiError> {
    let id = ticket.id.derived(NAME);
    let outcome = store.outcome(id, ticket.fingerprint).await;
    outcome.map_err(unexecuted)
}
