//! What a company lists of a day, to compare the shop's books with.

use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

/// Which transactions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransactionsQuery {
    /// Of this day, in Korea.
    pub day: NaiveDate,
    /// Those behind this one: the `next` of the page before.
    pub after: Option<String>,
    /// At most so many: 1 to [`TransactionsQuery::LIMIT_MAX`], cut to that.
    pub limit: u16,
}

impl TransactionsQuery {
    /// The most transactions of one page: with some 300 bytes each it stays below the biggest answer.
    pub const LIMIT_MAX: u16 = 100;
}

/// What a gateway said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TransactionsReply {
    /// A page.
    Page(TransactionsPage),
    /// It did not answer, or nothing that makes sense.
    Unknown {
        /// Why: a stable word.
        reason: String,
    },
    /// Nothing was sent.
    NotAttempted {
        /// Why: a stable word.
        reason: String,
    },
    /// The company publishes no such list.
    Unsupported,
}

/// Part of a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransactionsPage {
    /// Oldest first.
    pub transactions: Vec<GatewayTransaction>,
    /// Where the next page begins; none when this is the last.
    pub next: Option<String>,
}

/// Money that moved, or was to move.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GatewayTransaction {
    /// The company's id of this movement.
    pub id: String,
    /// The company's id of the payment that it belongs to.
    pub payment_transaction_id: String,
    /// Our payment; none when the order number is not one of ours.
    pub payment_id: Option<Uuid>,
    /// Which way.
    pub kind: TransactionKind,
    /// How much, in minor units, never negative.
    pub amount_minor: i64,
    /// ISO 4217.
    pub currency: String,
    /// When.
    pub at: DateTime<Utc>,
}

/// Which way money moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TransactionKind {
    /// To the shop.
    Charge,
    /// Back to the buyer.
    Refund,
    /// Not at all, so far: an account was given out to pay into.
    Waiting,
}

impl TransactionsReply {
    /// The reply's kind, as metrics and logs call it.
    #[must_use]
    pub fn outcome(&self) -> &'static str {
        match self {
            Self::Page(_) => "page",
            Self::Unknown { .. } => "unknown",
            Self::NotAttempted { .. } => "not_attempted",
            Self::Unsupported => "unsupported",
        }
    }
}
