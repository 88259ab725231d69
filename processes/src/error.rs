//! What can go wrong in this room. Nothing of it is an answer to a client: it is logged where it is
//! handled, and what it held up is tried again.

use event_store::StoreError;

/// Why processes cannot start, or why a piece of work did not come to its end.
#[derive(Debug, thiserror::Error)]
pub enum ProcessesError {
    /// A setting is out of its bounds.
    #[error("{setting} must be {bounds}")]
    InvalidSetting {
        /// Which.
        setting: &'static str,
        /// From what to what.
        bounds: &'static str,
    },
    /// The lease is another's now: nothing more may be written.
    #[error("the lease is held by another instance")]
    LeaseLost,
    /// The log could not be read, or a checkpoint not be moved.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The database refused or is away.
    #[error("the database: {0}")]
    Database(#[from] sqlx::Error),
    /// An action is not JSON that this program knows.
    #[error("an action cannot be read or written: {0}")]
    Action(#[from] serde_json::Error),
}

impl ProcessesError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::InvalidSetting { .. } => "PROCESSES_SETTING_INVALID",
            Self::LeaseLost => "PROCESSES_LEASE_LOST",
            Self::Store(_) => "PROCESSES_LOG_UNAVAILABLE",
            Self::Database(_) => "PROCESSES_DATABASE_UNAVAILABLE",
            Self::Action(_) => "PROCESSES_ACTION_MALFORMED",
        }
    }

    /// Whether trying the same again later can help: the database was away. Everything else says that
    /// this holder must not go on, or that the thing itself is at fault.
    pub(crate) fn is_transient(&self) -> bool {
        match self {
            Self::Database(_) | Self::Store(StoreError::Database(_)) => true,
            Self::InvalidSetting { .. }
            | Self::LeaseLost
            | Self::Action(_)
            | Self::Store(
                StoreError::UnknownEvent(_)
                | StoreError::State(_)
                | StoreError::OutOfRange { .. }
                | StoreError::CheckpointMoved { .. },
            ) => false,
        }
    }
}
