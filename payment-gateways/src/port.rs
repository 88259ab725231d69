//! What the shop asks of any payment gateway, and what it may hear.

use std::fmt;

use async_trait::async_trait;
use uuid::Uuid;

/// A payment gateway.
///
/// Each call ends within the adapter's deadline and is sent once: whoever asks again (the checkout saga)
/// does so under the same id, which every company takes as idempotency key or as its merchant's order
/// number, so that nothing is charged or given back twice. A company that wants an order number is given the
/// payment's id, since it is the payment, not the order, that it can be asked about by that number later.
#[async_trait]
pub trait PaymentGateway: Send + Sync {
    /// Charges.
    async fn confirm(&self, request: ConfirmRequest) -> GatewayReply;

    /// Asks what became of a payment.
    async fn inquire(&self, payment_id: Uuid) -> GatewayReply;

    /// Gives all or part of a charge back.
    async fn refund(&self, request: RefundRequest) -> RefundReply;
}

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

/// What a gateway must know to give back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefundRequest {
    /// Our payment.
    pub payment_id: Uuid,
    /// Our refund: the idempotency key.
    pub refund_id: Uuid,
    /// The gateway's own id of the charge.
    pub transaction_id: String,
    /// How much, in minor units: at most what is left of the charge.
    pub amount_minor: i64,
    /// ISO 4217.
    pub currency: String,
    /// Why, for the gateway's records.
    pub reason: String,
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
}

impl GatewayReply {
    /// The reply's kind, as metrics and logs call it.
    #[must_use]
    pub fn outcome(&self) -> &'static str {
        match self {
            Self::Approved { .. } => "approved",
            Self::Declined { .. } => "declined",
            Self::NoRecord => "no_record",
            Self::Unknown { .. } => "unknown",
        }
    }

    pub(crate) fn unknown(reason: impl Into<String>) -> Self {
        let reason = reason.into();
        Self::Unknown { reason }
    }
}

impl RefundReply {
    /// The reply's kind, as metrics and logs call it.
    #[must_use]
    pub fn outcome(&self) -> &'static str {
        match self {
            Self::Done { .. } => "done",
            Self::Refused { .. } => "refused",
            Self::Unknown { .. } => "unknown",
        }
    }

    pub(crate) fn unknown(reason: impl Into<String>) -> Self {
        let reason = reason.into();
        Self::Unknown { reason }
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
