//! What can be asked of a user's payment methods.

use chrono::{DateTime, Utc};

use super::events::{DeletionReason, MethodKind};
use crate::ids::PaymentMethodId;

/// A command to a user's payment methods.
#[derive(Clone, Debug)]
pub enum PaymentMethodCommand {
    /// Ask for a new one.
    Request {
        /// Its new id.
        method_id: PaymentMethodId,
        /// Whose: 1 to 32 characters.
        gateway: String,
        /// What the gateway gave the user's browser: 1 to 300 characters.
        auth_token: String,
    },
    /// The gateway issued a key, and it is kept.
    Register {
        /// Which.
        method_id: PaymentMethodId,
        /// What kind of means.
        kind: MethodKind,
        /// The card's company.
        card_company: Option<String>,
        /// The card's last four digits.
        card_last4: Option<String>,
    },
    /// The gateway issued no key, or none that is known.
    FailRegistration {
        /// Which.
        method_id: PaymentMethodId,
        /// A code.
        code: String,
        /// The gateway's words.
        message: String,
    },
    /// The gateway's answer is missing or says nothing definite.
    DelayRegistration {
        /// Which.
        method_id: PaymentMethodId,
        /// Why.
        reason: String,
        /// When to ask next.
        next_attempt_at: DateTime<Utc>,
    },
    /// Charge it when nothing else is named.
    MakeDefault {
        /// Which.
        method_id: PaymentMethodId,
    },
    /// Charge it no more.
    Delete {
        /// Which.
        method_id: PaymentMethodId,
        /// Why.
        reason: DeletionReason,
    },
    /// Its key is erased at the gateway and here.
    CompleteErasure {
        /// Which.
        method_id: PaymentMethodId,
    },
    /// Its key is not known to be erased.
    DelayErasure {
        /// Which.
        method_id: PaymentMethodId,
        /// Why.
        reason: String,
        /// When to try next.
        next_attempt_at: Option<DateTime<Utc>>,
    },
}
