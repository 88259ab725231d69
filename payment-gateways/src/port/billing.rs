//! Keys by which a buyer's card is charged again without a browser.

use std::fmt;

use uuid::Uuid;

/// What the buyer's browser brought back from registering a card.
#[derive(Clone, PartialEq, Eq)]
pub struct IssueBillingKeyRequest {
    /// Good for one key, for a short while. Never logged.
    pub auth_key: String,
    /// Our buyer, by a name that only the shop and the company know. Never logged.
    pub customer_key: String,
    /// The idempotency key.
    pub request_id: Uuid,
}

/// What a company says about a key that it issued.
#[derive(Clone, PartialEq, Eq)]
pub struct IssuedBillingKey {
    /// Whoever has it, and the customer key, can charge. Never logged.
    pub billing_key: String,
    /// The card's company, by the company's code for it.
    pub card_company: Option<String>,
    /// The card's last four digits.
    pub card_last4: Option<String>,
}

/// A charge by a key.
#[derive(Clone, PartialEq, Eq)]
pub struct ChargeBillingKeyRequest {
    /// The key.
    pub billing_key: String,
    /// The customer key that it was issued for.
    pub customer_key: String,
    /// Our payment: the idempotency key.
    pub payment_id: Uuid,
    /// How much, in minor units.
    pub amount_minor: i64,
    /// ISO 4217.
    pub currency: String,
    /// What it is for, as the buyer reads it on the statement.
    pub order_name: String,
}

/// A key that is no longer wanted.
#[derive(Clone, PartialEq, Eq)]
pub struct DeleteBillingKeyRequest {
    /// The key.
    pub billing_key: String,
}

/// What a gateway said about issuing a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BillingKeyReply {
    /// Here it is.
    Issued(IssuedBillingKey),
    /// It did not issue one: it said so with a code that its adapter lists.
    Refused {
        /// Its code.
        code: String,
        /// Its words, safe to store and to show.
        message: String,
    },
    /// It did not answer, or said nothing definite: it may have issued one, which nobody knows.
    Unknown {
        /// Why: a stable word.
        reason: String,
    },
    /// Nothing was sent.
    NotAttempted {
        /// Why: a stable word.
        reason: String,
    },
    /// The company cannot do this.
    Unsupported,
}

/// What a gateway said about deleting a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeletionReply {
    /// It charges nothing any more, from now on or since before.
    Deleted,
    /// It did not answer, or said nothing definite: the key may still charge.
    Unknown {
        /// Why: a stable word.
        reason: String,
    },
    /// Nothing was sent.
    NotAttempted {
        /// Why: a stable word.
        reason: String,
    },
    /// The company cannot do this.
    Unsupported,
}

impl BillingKeyReply {
    /// The reply's kind, as metrics and logs call it.
    #[must_use]
    pub fn outcome(&self) -> &'static str {
        match self {
            Self::Issued(_) => "issued",
            Self::Refused { .. } => "refused",
            Self::Unknown { .. } => "unknown",
            Self::NotAttempted { .. } => "not_attempted",
            Self::Unsupported => "unsupported",
        }
    }
}

impl DeletionReply {
    /// The reply's kind, as metrics and logs call it.
    #[must_use]
    pub fn outcome(&self) -> &'static str {
        match self {
            Self::Deleted => "deleted",
            Self::Unknown { .. } => "unknown",
            Self::NotAttempted { .. } => "not_attempted",
            Self::Unsupported => "unsupported",
        }
    }
}

impl fmt::Debug for IssueBillingKeyRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IssueBillingKeyRequest")
            .field("request_id", &self.request_id)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for IssuedBillingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IssuedBillingKey")
            .field("billing_key", &"***")
            .field("card_company", &self.card_company)
            .field("card_last4", &self.card_last4)
            .finish()
    }
}

impl fmt::Debug for ChargeBillingKeyRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChargeBillingKeyRequest")
            .field("payment_id", &self.payment_id)
            .field("amount_minor", &self.amount_minor)
            .field("currency", &self.currency)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for DeleteBillingKeyRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeleteBillingKeyRequest")
            .finish_non_exhaustive()
    }
}
