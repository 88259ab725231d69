//! What can have happened to a user's payment methods. This is a storage format: see
//! `golden/payment_methods/`. No event holds a billing key.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::ids::PaymentMethodId;

/// What kind of means a method is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum MethodKind {
    /// A card.
    Card,
    /// A bank account.
    Account,
    /// A mobile phone's bill.
    Mobile,
}

impl MethodKind {
    /// As in the API and in the schema `payment`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Card => "CARD",
            Self::Account => "ACCOUNT",
            Self::Mobile => "MOBILE",
        }
    }
}

/// Why a method is deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum DeletionReason {
    /// The user asked for it.
    Requested,
    /// The gateway says that its key charges no more.
    Gateway,
}

/// An event of a user's payment methods.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum PaymentMethodEvent {
    /// A new one was asked for.
    PaymentMethodRequested {
        /// Its id.
        method_id: PaymentMethodId,
        /// Whose key is to be issued.
        gateway: String,
        /// What the gateway gave the user's browser: good once, within minutes, and only with the shop's own
        /// credentials.
        auth_token: String,
    },
    /// The gateway's answer is missing or says nothing definite; it is asked again under the same id.
    PaymentMethodRegistrationDelayed {
        /// Which.
        method_id: PaymentMethodId,
        /// Why.
        reason: String,
        /// How many attempts were made so far.
        attempts: u32,
        /// When it is asked next.
        next_attempt_at: DateTime<Utc>,
    },
    /// No key was issued, or none that is known: the method never came to be.
    PaymentMethodRegistrationFailed {
        /// Which.
        method_id: PaymentMethodId,
        /// The gateway's code, or the shop's own.
        code: String,
        /// The gateway's words.
        message: String,
    },
    /// Its key is kept: it can be charged.
    PaymentMethodRegistered {
        /// Which.
        method_id: PaymentMethodId,
        /// Whose key it is.
        gateway: String,
        /// What kind of means.
        kind: MethodKind,
        /// The card's company, by the gateway's code for it.
        card_company: Option<String>,
        /// The card's last four digits.
        card_last4: Option<String>,
    },
    /// It is what is charged when nothing else is named.
    PaymentMethodMadeDefault {
        /// Which.
        method_id: PaymentMethodId,
    },
    /// It is charged no more. Its key is still to be erased.
    PaymentMethodDeleted {
        /// Which.
        method_id: PaymentMethodId,
        /// Whose key it had.
        gateway: String,
        /// Why.
        reason: DeletionReason,
    },
    /// The key is not known to be erased at the gateway.
    PaymentMethodErasureDelayed {
        /// Which.
        method_id: PaymentMethodId,
        /// Why.
        reason: String,
        /// How many attempts were made so far.
        attempts: u32,
        /// When it is tried next. Events of before it was tried for ever have none when the schedule was over.
        next_attempt_at: Option<DateTime<Utc>>,
    },
    /// The key is erased, at the gateway and here.
    PaymentMethodErased {
        /// Which.
        method_id: PaymentMethodId,
    },
}

impl PaymentMethodEvent {
    /// The method that it is about.
    #[must_use]
    pub fn method_id(&self) -> PaymentMethodId {
        match self {
            Self::PaymentMethodRequested { method_id, .. }
            | Self::PaymentMethodRegistrationDelayed { method_id, .. }
            | Self::PaymentMethodRegistrationFailed { method_id, .. }
            | Self::PaymentMethodRegistered { method_id, .. }
            | Self::PaymentMethodMadeDefault { method_id }
            | Self::PaymentMethodDeleted { method_id, .. }
            | Self::PaymentMethodErasureDelayed { method_id, .. }
            | Self::PaymentMethodErased { method_id } => *method_id,
        }
    }
}

impl cqrs_es::DomainEvent for PaymentMethodEvent {
    fn event_type(&self) -> String {
        match self {
            Self::PaymentMethodRequested { .. } => "PaymentMethodRequested",
            Self::PaymentMethodRegistrationDelayed { .. } => "PaymentMethodRegistrationDelayed",
            Self::PaymentMethodRegistrationFailed { .. } => "PaymentMethodRegistrationFailed",
            Self::PaymentMethodRegistered { .. } => "PaymentMethodRegistered",
            Self::PaymentMethodMadeDefault { .. } => "PaymentMethodMadeDefault",
            Self::PaymentMethodDeleted { .. } => "PaymentMethodDeleted",
            Self::PaymentMethodErasureDelayed { .. } => "PaymentMethodErasureDelayed",
            Self::PaymentMethodErased { .. } => "PaymentMethodErased",
        }
        .to_owned()
    }

    fn event_version(&self) -> String {
        "1".to_owned()
    }
}
