//! Giving back.

use std::fmt;

use uuid::Uuid;

/// What a gateway must know to give back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefundRequest {
    /// Our payment.
    pub payment_id: Uuid,
    /// Our refund: the company's record of it carries this id.
    pub refund_id: Uuid,
    /// The round of the idempotency key: Toss repeats its first answer for as long as it remembers a key, so each
    /// refusal asks for another one.
    pub key_round: u32,
    /// Whether an earlier try may have given it back, under this key or another: a company that forgets keys is to be
    /// asked first.
    pub may_be_done: bool,
    /// The gateway's own id of the charge.
    pub transaction_id: String,
    /// How much, in minor units: at most what is left of the charge.
    pub amount_minor: i64,
    /// Whether that is all that is left of the charge: some companies give back the whole, not a part, of some
    /// payments.
    pub is_all_left: bool,
    /// ISO 4217.
    pub currency: String,
    /// Why, for the gateway's records.
    pub reason: String,
    /// Where the money of a virtual account goes; a card's goes where it came from.
    pub account: Option<RefundAccount>,
}

impl RefundRequest {
    /// The idempotency key: the refund's id, and then one for each round.
    #[must_use]
    pub fn key(&self) -> Uuid {
        match self.key_round {
            0 => self.refund_id,
            round => Uuid::new_v5(&self.refund_id, format!("round {round}").as_bytes()),
        }
    }
}

/// A buyer's bank account.
#[derive(Clone, PartialEq, Eq)]
pub struct RefundAccount {
    /// The bank, by the company's code for it.
    pub bank: String,
    /// Its number, digits only.
    pub number: String,
    /// In whose name it is.
    pub holder: String,
}

impl fmt::Debug for RefundAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RefundAccount")
            .field("bank", &self.bank)
            .field("number", &"***")
            .field("holder", &"***")
            .finish()
    }
}

/// What a gateway said about a refund.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RefundReply {
    /// The money went back.
    Done {
        /// The gateway's own id of the refund.
        refund_transaction_id: String,
    },
    /// It did not give back: it said so with a code that its adapter lists.
    Refused {
        /// Its code.
        code: String,
        /// Its words, safe to store and to show.
        message: String,
    },
    /// It did not answer, or said nothing definite: it may have given back.
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

impl RefundReply {
    /// The reply's kind, as metrics and logs call it.
    #[must_use]
    pub fn outcome(&self) -> &'static str {
        match self {
            Self::Done { .. } => "done",
            Self::Refused { .. } => "refused",
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
    fn a_buyers_account_prints_without_its_number_and_name() {
        let account = RefundAccount {
            bank: "20".to_owned(),
            number: "1002123456789".to_owned(),
            holder: "김구매".to_owned(),
        };
        let printed = format!("{account:?}");
        assert!(printed.contains("20"), "{printed}");
        assert!(!printed.contains("1002123456789") && !printed.contains("김구매"));
    }
}
