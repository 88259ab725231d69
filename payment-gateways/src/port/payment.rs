//! Charging, and what became of a charge.

use std::fmt;

use chrono::{DateTime, Utc};
use uuid::Uuid;

/// What a gateway must know to charge.
#[derive(Clone, PartialEq, Eq)]
pub struct ConfirmRequest {
    /// Our payment: the idempotency key.
    pub payment_id: Uuid,
    /// Our order.
    pub order_id: Uuid,
    /// How much, in minor units.
    pub amount_minor: i64,
    /// ISO 4217.
    pub currency: String,
    /// What the gateway gave the buyer's browser. Whoever has it can charge, so it is never logged.
    pub token: String,
}

impl fmt::Debug for ConfirmRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConfirmRequest")
            .field("payment_id", &self.payment_id)
            .field("order_id", &self.order_id)
            .field("amount_minor", &self.amount_minor)
            .field("currency", &self.currency)
            .field("token", &"***")
            .finish()
    }
}

/// The account that the buyer is to pay into.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DepositAccount {
    /// The bank, by the company's code for it.
    pub bank: String,
    /// The account's number: it belongs to the company, not to the buyer, who has to be shown it.
    pub number: String,
    /// In whose name it is, where the company says so.
    pub holder: Option<String>,
}

/// What a gateway said about a payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GatewayReply {
    /// It charged. Whether it charged the right amount is for the payment's rules to judge.
    Approved {
        /// Its own id of the charge.
        transaction_id: String,
        /// What it charged, in minor units.
        amount_minor: i64,
        /// ISO 4217.
        currency: String,
    },
    /// It charged, and gave the charge back, in whole or in part. Whether the shop had asked for that is for the
    /// payment's rules to judge.
    GivenBack {
        /// Its own id of the charge.
        transaction_id: String,
        /// What it had charged, in minor units.
        amount_minor: i64,
        /// What is left of it, in minor units.
        left_minor: i64,
        /// ISO 4217.
        currency: String,
    },
    /// It gave the buyer an account to pay into, and nothing is in it. A deposit that the bank takes back makes
    /// an approved payment wait again, so this may also follow [`GatewayReply::Approved`].
    WaitingForDeposit {
        /// Its own id of the payment: the same when the deposit has come.
        transaction_id: String,
        /// What is to be paid in, in minor units.
        amount_minor: i64,
        /// ISO 4217.
        currency: String,
        /// Where to.
        account: DepositAccount,
        /// Until when. Companies do not tell when it passes.
        until: DateTime<Utc>,
    },
    /// It did not and will not charge: it said so with a code that its adapter lists.
    Declined {
        /// Its code.
        code: String,
        /// Its words, safe to store and to show.
        message: String,
    },
    /// It knows of no such payment.
    NoRecord,
    /// It did not answer, or said nothing definite: it may have charged.
    Unknown {
        /// Why: a stable word, such as `TIMEOUT` or `HTTP_503`.
        reason: String,
    },
    /// Nothing was sent by this call. An earlier one under the same id may have been.
    NotAttempted {
        /// Why: a stable word, such as `CIRCUIT_OPEN`.
        reason: String,
    },
    /// The company cannot do this, or not in this currency; nothing was sent.
    Unsupported,
}

impl GatewayReply {
    /// The reason of an unknown outcome when the company speaks of another order or another currency.
    pub const MISMATCHED: &'static str = "MISMATCHED_ANSWER";

    /// The reply's kind, as metrics and logs call it.
    #[must_use]
    pub fn outcome(&self) -> &'static str {
        match self {
            Self::Approved { .. } => "approved",
            Self::GivenBack { .. } => "given_back",
            Self::WaitingForDeposit { .. } => "waiting_for_deposit",
            Self::Declined { .. } => "declined",
            Self::NoRecord => "no_record",
            Self::Unknown { .. } => "unknown",
            Self::NotAttempted { .. } => "not_attempted",
            Self::Unsupported => "unsupported",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_prints_without_its_token() {
        let request = ConfirmRequest {
            payment_id: Uuid::nil(),
            order_id: Uuid::nil(),
            amount_minor: 12_900,
            currency: "KRW".to_owned(),
            token: "tok_approve_secret".to_owned(),
        };
        let printed = format!("{request:?}");
        assert!(printed.contains("12900"), "{printed}");
        assert!(!printed.contains("tok_"), "{printed}");
    }
}
