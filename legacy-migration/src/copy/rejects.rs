//! A row that cannot be carried over: why, and all of it.

use super::Subject;

/// Why a row stays behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Reason {
    /// It points at a row that the source does not have.
    Orphan,
    /// It points at a row that was itself rejected.
    ParentRejected,
    /// An earlier row has the same id of the gateway.
    DuplicateTransaction,
    /// An earlier row has the same billing key.
    DuplicateBillingKey,
    UnknownType,
    UnknownStatus,
    UnknownCurrency,
    /// Below zero, too large, or with fractions that the currency does not have.
    AmountDoesNotFit,
    /// No day of the calendar, or none of this shop's time.
    BadDate,
    /// Bytes that are no text, or a text that lost letters already.
    BrokenText,
    /// Longer than the new column.
    TextTooLong,
    /// Nothing where something has to be.
    Missing,
}

impl Reason {
    /// As the table has it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Orphan => "ORPHAN",
            Self::ParentRejected => "PARENT_REJECTED",
            Self::DuplicateTransaction => "DUPLICATE_TRANSACTION",
            Self::DuplicateBillingKey => "DUPLICATE_BILLING_KEY",
            Self::UnknownType => "UNKNOWN_TYPE",
            Self::UnknownStatus => "UNKNOWN_STATUS",
            Self::UnknownCurrency => "UNKNOWN_CURRENCY",
            Self::AmountDoesNotFit => "AMOUNT_DOES_NOT_FIT",
            Self::BadDate => "BAD_DATE",
            Self::BrokenText => "BROKEN_TEXT",
            Self::TextTooLong => "TEXT_TOO_LONG",
            Self::Missing => "MISSING",
        }
    }
}

/// Why, without the row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) reason: Reason,
    /// In words; no text of the row, which is kept beside it with its numbers cut.
    pub(crate) detail: String,
}

impl Refusal {
    /// With words about it.
    pub(crate) fn new(reason: Reason, detail: impl Into<String>) -> Self {
        Self {
            reason,
            detail: detail.into(),
        }
    }
}

/// A rejected row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reject {
    pub(crate) subject: Subject,
    pub(crate) legacy_id: i64,
    pub(crate) refusal: Refusal,
    /// The whole row as a JSON object.
    pub(crate) row: String,
}
