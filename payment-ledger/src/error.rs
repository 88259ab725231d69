//! What can keep the ledger from going on.

use event_store::StoreError;
use platform::money_column::MoneyColumnError;
use uuid::Uuid;

/// Why the ledger cannot go on. Nothing of the batch took effect: it is tried again.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// The database refused or is away.
    #[error("the database")]
    Database(#[from] sqlx::Error),
    /// The log cannot be read: it is away, or a later program wrote what this one does not know.
    #[error("the log")]
    Log(#[from] StoreError),
    /// An amount does not fit the column.
    #[error("an amount of {id}")]
    Amount {
        /// Whose.
        id: Uuid,
        /// Why.
        source: MoneyColumnError,
    },
    /// An event names what no event before it began.
    #[error("there is no {what} {id}")]
    Missing {
        /// What.
        what: &'static str,
        /// Which.
        id: Uuid,
    },
    /// The id of an aggregate is none.
    #[error("{id} is no id")]
    Id {
        /// As it stands in the log.
        id: String,
    },
    /// A stored value makes no sense.
    #[error("{what} cannot be read")]
    Stored {
        /// Which.
        what: &'static str,
    },
    /// The checkpoint is not where it was left: another instance moved it.
    #[error("the checkpoint of {subscriber} is not at {expected}")]
    Moved {
        /// Whose.
        subscriber: &'static str,
        /// Where it should have been.
        expected: u64,
    },
}

impl LedgerError {
    /// A stable name.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Database(_) => "LEDGER_DATABASE",
            Self::Log(_) => "LEDGER_LOG",
            Self::Amount { .. } => "LEDGER_AMOUNT",
            Self::Missing { .. } => "LEDGER_MISSING",
            Self::Id { .. } => "LEDGER_ID",
            Self::Stored { .. } => "LEDGER_STORED",
            Self::Moved { .. } => "LEDGER_MOVED",
        }
    }
}
