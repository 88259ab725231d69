//! What can go wrong.

use std::time::Duration;

use domain::{StreamStateError, UnknownEvent};

/// Why a command got no outcome. Nothing of it was written, except where the variant says so.
#[derive(Debug, thiserror::Error)]
pub enum ExecuteError {
    /// Too many commands wait.
    #[error("the store is busy")]
    Busy {
        /// When to try again.
        retry_after: Duration,
    },
    /// Other processes wrote to the same aggregates every time it was decided.
    #[error("the aggregates are too contended")]
    Contended {
        /// When to try again.
        retry_after: Duration,
    },
    /// The id was used for another command.
    #[error("the command's id was used for another command")]
    KeyReused,
    /// The lease has a newer epoch: another holder took over.
    #[error("the lease was taken over")]
    Fenced,
    /// The database did not answer in time. The command may or may not have been written: the same
    /// command again finds out.
    #[error("the event store is unavailable")]
    Unavailable {
        /// When to try again.
        retry_after: Duration,
    },
    /// The store is stopping. Unless a defect ended it, which its log says, nothing was written; after one
    /// the command may or may not have been: the same command again finds out.
    #[error("the store is stopping")]
    Stopping,
    /// A defect: the operation made something that is not JSON, or a stored state does not parse.
    #[error("the command could not be decided: {0}")]
    Defect(String),
}

/// Why the log could not be read or a subscriber's row not be written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database refused or is away.
    #[error("the database")]
    Database(#[from] sqlx::Error),
    /// A stored event cannot be read by this program.
    #[error(transparent)]
    UnknownEvent(#[from] UnknownEvent),
    /// A stored state cannot be read by this program.
    #[error(transparent)]
    State(#[from] StreamStateError),
    /// A number in the log is out of its range.
    #[error("{what} is out of range in the log")]
    OutOfRange {
        /// Which.
        what: &'static str,
    },
    /// A checkpoint was moved by someone else.
    #[error("the checkpoint of {subscriber} is not at {expected}: another instance moved it")]
    CheckpointMoved {
        /// Whose.
        subscriber: String,
        /// Where it should have been.
        expected: u64,
    },
}

/// Classes of SQLSTATE that blame the statement or its data, not the server or the connection: data
/// exception, integrity constraint violation, syntax or access rule, program limit (PostgreSQL, appendix A).
const STATEMENT_CLASSES: [&str; 4] = ["22", "23", "42", "54"];

impl StoreError {
    /// The database did not answer, for whoever stands in for it.
    #[must_use]
    pub fn away() -> Self {
        Self::Database(sqlx::Error::Io(std::io::ErrorKind::TimedOut.into()))
    }

    /// Whether the database understood and refused, so that trying the same again is in vain.
    #[must_use]
    pub fn is_of_the_statement(&self) -> bool {
        let Self::Database(sqlx::Error::Database(error)) = self else {
            return false;
        };
        error.code().is_some_and(|code| {
            STATEMENT_CLASSES
                .iter()
                .any(|class| code.starts_with(class))
        })
    }
}

/// An error and what caused it, on one line, as logs and reports want it.
#[must_use]
pub fn with_causes(error: &dyn std::error::Error) -> String {
    let mut line = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        line = format!("{line}: {cause}");
        source = cause.source();
    }
    line
}
