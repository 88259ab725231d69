//! Doing one action, and doing to its row what [`fate`] says.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use failpoints::failpoint;
use futures::FutureExt;
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use crate::agenda;
use crate::error::ProcessesError;
use crate::execute::{Done, execute};
use crate::fate::{Fate, Trouble, fate};
use crate::item::Item;
use crate::lanes::Claim;
use crate::term::Term;

/// How long an action whose failure could not be written down is left alone.
const UNWRITTEN_PAUSE: Duration = Duration::from_secs(1);

/// Does one action.
pub(crate) async fn run(term: Arc<Term>, item: Item, mut claim: Claim) {
    let started = Instant::now();
    let doing = AssertUnwindSafe(execute(&*term, &item))
        .catch_unwind()
        .await;
    // A panic is this action's defect: the others go on.
    let ended = doing.unwrap_or_else(|_| Err(Trouble::Defect("it panicked".to_owned())));
    let outcome = match &ended {
        Ok(Done::Accepted) => "done",
        Ok(Done::Refused) => "refused",
        Ok(Done::NotNeeded) => "not_needed",
        Err(Trouble::Later(_)) => "retried",
        Err(Trouble::Defect(_)) => "defect",
        Err(Trouble::LeaseLost | Trouble::Stopping) => "abandoned",
    };
    let labels = [("name", item.name.clone()), ("outcome", outcome.to_owned())];
    metrics::histogram!("processes_action_duration_seconds", &labels).record(started.elapsed());
    match fate(ended, item.attempts, term.parts.clock.now()) {
        Fate::Deleted => {
            // Its slot is kept while the sweeper is behind, so that what is done cannot pile up. The queue
            // is closed only when the term is over: then the row stays, and is recognised as done.
            if let Ok(place) = term.done.reserve().await {
                claim.free_slot();
                place.send(claim);
            }
        }
        Fate::Failed { error, again_at } => {
            note_failure(&term, &item.name, claim, &error, again_at).await;
        }
        Fate::AnotherHolders => term.tenure.lose("another instance took the lease over"),
        // The row stays claimed, so that it is not taken up again and again while the program stops.
        Fate::Kept => sleep(UNWRITTEN_PAUSE).await,
    }
}

/// Parks a row that this program cannot read.
pub(crate) async fn park_unreadable(term: Arc<Term>, error: ProcessesError, claim: Claim) {
    note_failure(&term, "unreadable", claim, &error.to_string(), None).await;
}

/// Writes a failure down: the row is tried again at that time, or parked.
async fn note_failure(
    term: &Term,
    name: &str,
    mut claim: Claim,
    error: &str,
    again_at: Option<DateTime<Utc>>,
) {
    let action_id = claim.action_id();
    claim.free_slot();
    if again_at.is_some() {
        tracing::warn!(
            action.id = %action_id, action.name = name, error,
            "processes: {name} {action_id} failed and is tried again: {error}"
        );
    } else {
        metrics::counter!("processes_actions_parked_total").increment(1);
        tracing::error!(
            action.id = %action_id, action.name = name, error,
            "processes: {name} {action_id} is parked until a person has looked: {error}"
        );
    }
    match write_failure(term, action_id, error, again_at).await {
        Ok(()) => {
            drop(claim);
            again_at
                .iter()
                .for_each(|at| term.alarm.ring_if_sooner(*at));
        }
        Err(ProcessesError::LeaseLost) => {
            term.tenure.lose("another instance took the lease over");
        }
        Err(unwritten) => {
            tracing::warn!(
                action.id = %action_id, action.name = name, error = %unwritten,
                "processes: the failure of {name} {action_id} cannot be written: {unwritten}"
            );
            sleep(UNWRITTEN_PAUSE).await;
        }
    }
}

async fn write_failure(
    term: &Term,
    action_id: Uuid,
    error: &str,
    again_at: Option<DateTime<Utc>>,
) -> Result<(), ProcessesError> {
    failpoint!("processes.failure.before", sqlx::Error::Io);
    let mut transaction = term.begin().await?;
    agenda::failed(&mut transaction, action_id, error, again_at).await?;
    transaction.commit().await?;
    failpoint!("processes.failure.after", sqlx::Error::Io);
    Ok(())
}
