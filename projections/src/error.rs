//! What can go wrong with a read model.

use event_store::StoreError;

/// Why something could not be done to a read model.
#[derive(Debug, thiserror::Error)]
pub enum ProjectionError {
    /// The database refused or is away.
    #[error("the database")]
    Database(#[from] sqlx::Error),
    /// The log cannot be read.
    #[error("the log")]
    Log(#[from] StoreError),
    /// No projector has this name.
    #[error("there is no projection {0}")]
    Unknown(String),
    /// The tables are not there: `commerce migrate` makes them.
    #[error("the projection {projection} is not installed")]
    NotInstalled {
        /// Which.
        projection: String,
    },
    /// A generation is not where it was left: another instance feeds it.
    #[error("generation {generation} of {projection} is at {found:?}, not at {expected}")]
    Moved {
        /// Of which projection.
        projection: &'static str,
        /// Which.
        generation: i32,
        /// Where it should have been.
        expected: u64,
        /// Where it is; `None` when it is no longer fed.
        found: Option<u64>,
    },
    /// There is no generation to go back to.
    #[error("there is no previous generation of {projection} that this program can feed")]
    NoWayBack {
        /// Which.
        projection: &'static str,
    },
    /// A rebuild or a verification of this projection runs already.
    #[error("{projection} is being rebuilt or verified already")]
    Busy {
        /// Which.
        projection: &'static str,
    },
    /// The same projector made other rows of the same events: its live rows were damaged, or it does not
    /// depend on the events alone.
    #[error("the rebuilt {projection} differs from the live one: {differences}")]
    Differs {
        /// Which.
        projection: &'static str,
        /// Which tables, and how.
        differences: String,
    },
    /// A number in the registry is out of its range.
    #[error("{what} is out of range")]
    OutOfRange {
        /// Which.
        what: &'static str,
    },
    /// The reading ended early: it panicked, or the program stops.
    #[error("the reading of the log ended early")]
    Reading(#[from] tokio::task::JoinError),
    /// An event cannot be taken in. Never seen outside: its key is parked.
    #[error("{0}")]
    Poison(String),
}

impl ProjectionError {
    /// Whether the event itself is at fault, so that trying again as it is cannot help. Whatever might be
    /// the database's trouble or a defect that hits every event is not: parking those would park the log.
    pub(crate) fn is_poison(&self) -> bool {
        match self {
            Self::Poison(_) => true,
            Self::Database(sqlx::Error::Database(error)) => {
                // SQLSTATE classes: cardinality violation, data exception, integrity constraint
                // violation, and what a function of ours raises.
                let class = error
                    .code()
                    .map(|code| code.chars().take(2).collect::<String>());
                matches!(class.as_deref(), Some("21" | "22" | "23" | "P0"))
            }
            // A value that does not fit into its column's type, found before it is sent.
            Self::Database(sqlx::Error::Encode(_)) => true,
            _ => false,
        }
    }
}

/// PostgreSQL has no unsigned integers.
pub(crate) fn unsigned(value: i64, what: &'static str) -> Result<u64, ProjectionError> {
    u64::try_from(value).map_err(|_| ProjectionError::OutOfRange { what })
}

/// PostgreSQL has no unsigned integers.
pub(crate) fn signed(value: u64, what: &'static str) -> Result<i64, ProjectionError> {
    i64::try_from(value).map_err(|_| ProjectionError::OutOfRange { what })
}
