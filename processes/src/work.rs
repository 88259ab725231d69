//! Doing one action, and what becomes of its row.
//!
//! | it came to | its row |
//! | --- | --- |
//! | done, or refused by a rule of the business | is deleted |
//! | the store or the database was busy or away | stays, tried again later, for ever |
//! | a defect | stays, tried [`DEFECT_TRIES_MAX`] times, then parked; every new holder tries it once |
//! | the lease is lost | stays: it is another's now |

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use event_store::{ExecuteError, StoreError};
use futures::FutureExt;
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use crate::agenda;
use crate::error::ProcessesError;
use crate::execute::{Done, execute};
use crate::item::Item;
use crate::lanes::Claim;
use crate::term::Term;

/// A defect is tried so often before a person has to look: most defects are there again at once.
const DEFECT_TRIES_MAX: u32 = 5;
/// The first wait after a failure; it doubles with each.
const BACKOFF_FIRST_MS: i64 = 200;
/// The longest wait: after an hour's outage everything goes on within a minute.
const BACKOFF_MAX_MS: i64 = 60_000;
/// How long an action whose failure could not be written down is left alone.
const UNWRITTEN_PAUSE: Duration = Duration::from_secs(1);

/// Why an action is not done.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// Later it may work.
    Later(String),
    /// It will hardly ever work: a defect of this program, or of what is stored.
    Defect(String),
    /// Nothing may be done any more by this holder.
    LeaseLost,
    /// The store takes no more commands: the program is stopping.
    Stopping,
}

impl From<ExecuteError> for Trouble {
    fn from(error: ExecuteError) -> Self {
        match error {
            ExecuteError::Busy { .. }
            | ExecuteError::Contended { .. }
            | ExecuteError::Unavailable { .. } => Self::Later(error.to_string()),
            ExecuteError::KeyReused | ExecuteError::Defect(_) => Self::Defect(error.to_string()),
            ExecuteError::Fenced => Self::LeaseLost,
            ExecuteError::Stopping => Self::Stopping,
        }
    }
}

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Self {
        let error = ProcessesError::from(error);
        if error.is_transient() {
            Self::Later(error.to_string())
        } else {
            Self::Defect(error.to_string())
        }
    }
}

/// Does one action.
pub(crate) async fn run(term: Arc<Term>, item: Item, mut claim: Claim) {
    let started = Instant::now();
    let doing = AssertUnwindSafe(execute(&term, &item)).catch_unwind().await;
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
    match ended {
        Ok(_) => {
            // Its slot is kept while the sweeper is behind, so that what is done cannot pile up. The queue
            // is closed only when the term is over: then the row stays, and is recognised as done.
            if let Ok(place) = term.done.reserve().await {
                claim.free_slot();
                place.send(claim);
            }
        }
        Err(Trouble::Later(error)) => {
            let again_at = term.parts.clock.now() + backoff(item.attempts);
            note_failure(&term, &item.name, claim, &error, Some(again_at)).await;
        }
        Err(Trouble::Defect(error)) => {
            let is_last = item.attempts.saturating_add(1) >= DEFECT_TRIES_MAX;
            let again_at = term.parts.clock.now() + backoff(item.attempts);
            let again_at = (!is_last).then_some(again_at);
            note_failure(&term, &item.name, claim, &error, again_at).await;
        }
        Err(Trouble::LeaseLost) => term.tenure.lose("another instance took the lease over"),
        // The row stays claimed, so that it is not taken up again and again while the program stops.
        Err(Trouble::Stopping) => sleep(UNWRITTEN_PAUSE).await,
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
    let mut transaction = term.begin().await?;
    agenda::failed(&mut transaction, action_id, error, again_at).await?;
    transaction.commit().await?;
    Ok(())
}

/// The wait after so many failures.
fn backoff(attempts: u32) -> TimeDelta {
    let factor = 1_i64.checked_shl(attempts.min(16)).unwrap_or(i64::MAX);
    TimeDelta::milliseconds(BACKOFF_FIRST_MS.saturating_mul(factor).min(BACKOFF_MAX_MS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_and_are_bounded() {
        assert_eq!(backoff(0), TimeDelta::milliseconds(200));
        assert_eq!(backoff(1), TimeDelta::milliseconds(400));
        assert_eq!(backoff(20), TimeDelta::minutes(1));
        assert_eq!(backoff(u32::MAX), TimeDelta::minutes(1));
    }

    #[test]
    fn only_what_time_cannot_heal_is_a_defect() {
        let retry_after = Duration::from_secs(1);
        let later = [
            ExecuteError::Busy { retry_after },
            ExecuteError::Contended { retry_after },
            ExecuteError::Unavailable { retry_after },
        ];
        for error in later {
            assert!(matches!(Trouble::from(error), Trouble::Later(_)));
        }
        for error in [ExecuteError::KeyReused, ExecuteError::Defect(String::new())] {
            assert!(matches!(Trouble::from(error), Trouble::Defect(_)));
        }
        assert!(matches!(
            Trouble::from(ExecuteError::Fenced),
            Trouble::LeaseLost
        ));
        assert!(matches!(
            Trouble::from(ExecuteError::Stopping),
            Trouble::Stopping
        ));
        let gone = StoreError::Database(sqlx::Error::PoolTimedOut);
        assert!(matches!(Trouble::from(gone), Trouble::Later(_)));
    }
}
