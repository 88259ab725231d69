//! What becomes of an action's row, once it was tried.
//!
//! | it came to | its row |
//! | --- | --- |
//! | done, or refused by a rule of the business | is deleted |
//! | the store or the database was busy or away | stays, tried again later, for ever |
//! | a defect | stays, tried [`DEFECT_TRIES_MAX`] times, then parked; every new holder tries it once |
//! | the lease is lost | stays: it is another's now |

use chrono::{DateTime, TimeDelta, Utc};
use event_store::{ExecuteError, StoreError};

use crate::error::ProcessesError;
use crate::execute::Done;

/// A defect is tried so often before a person has to look: most defects are there again at once.
const DEFECT_TRIES_MAX: u32 = 5;
/// The first wait after a failure; it doubles with each.
const BACKOFF_FIRST_MS: i64 = 200;
/// The longest wait: after an hour's outage everything goes on within a minute.
const BACKOFF_MAX_MS: i64 = 60_000;

/// Why an action is not done.
#[derive(Debug)]
pub enum Trouble {
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

/// What becomes of an action's row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is deleted.
    Deleted,
    /// It stays, with this failure noted. It is tried again at that time; without one it is parked.
    Failed {
        /// What went wrong.
        error: String,
        /// When it is tried again.
        again_at: Option<DateTime<Utc>>,
    },
    /// It stays as it is: it is another holder's now.
    AnotherHolders,
    /// It stays as it is, and nobody takes it up while the program stops.
    Kept,
}

/// What becomes of the row of an action that ended so, after so many failures before.
#[must_use]
pub fn fate(ended: Result<Done, Trouble>, attempts: u32, now: DateTime<Utc>) -> Fate {
    let again_at = Some(now + backoff(attempts));
    match ended {
        Ok(_) => Fate::Deleted,
        Err(Trouble::Later(error)) => Fate::Failed { error, again_at },
        Err(Trouble::Defect(error)) => {
            let is_last = attempts.saturating_add(1) >= DEFECT_TRIES_MAX;
            let again_at = again_at.filter(|_| !is_last);
            Fate::Failed { error, again_at }
        }
        Err(Trouble::LeaseLost) => Fate::AnotherHolders,
        Err(Trouble::Stopping) => Fate::Kept,
    }
}

/// The wait after so many failures.
fn backoff(attempts: u32) -> TimeDelta {
    let factor = 1_i64.checked_shl(attempts.min(16)).unwrap_or(i64::MAX);
    TimeDelta::milliseconds(BACKOFF_FIRST_MS.saturating_mul(factor).min(BACKOFF_MAX_MS))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

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
