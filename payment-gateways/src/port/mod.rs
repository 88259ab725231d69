//! What the shop asks of any payment gateway, and what it may hear.

mod billing;
mod payment;
mod refund;
mod transactions;
mod webhook;

use async_trait::async_trait;
use uuid::Uuid;

pub use self::billing::{
    BillingKeyReply, ChargeBillingKeyRequest, DeleteBillingKeyRequest, DeletionReply,
    IssueBillingKeyRequest, IssuedBillingKey,
};
pub use self::payment::{ConfirmRequest, DepositAccount, GatewayReply};
pub use self::refund::{RefundAccount, RefundReply, RefundRequest};
pub use self::transactions::{
    GatewayTransaction, TransactionKind, TransactionsPage, TransactionsQuery, TransactionsReply,
};
pub use self::webhook::{
    NoticeClaim, NoticeSubject, NoticeTrust, WebhookAcknowledgement, WebhookDelivery,
    WebhookNotice, WebhookRefusal,
};
use crate::circuit::CircuitState;
use crate::client::Trouble;

/// What is the same for every kind of reply: no answer is unknown, unless nothing was sent.
macro_rules! can_be_unknown {
    ($($reply:ident),+) => {$(
        impl $reply {
            pub(crate) fn unknown(reason: impl Into<String>) -> Self {
                let reason = reason.into();
                Self::Unknown { reason }
            }

            /// Why nothing is known, when that is what it says.
            pub(crate) fn unknown_because(&self) -> Option<&str> {
                if let Self::Unknown { reason } = self {
                    return Some(reason);
                }
                None
            }
        }

        impl From<Trouble> for $reply {
            fn from(trouble: Trouble) -> Self {
                let reason = trouble.reason().to_owned();
                match trouble {
                    Trouble::CircuitOpen => Self::NotAttempted { reason },
                    Trouble::Timeout
                    | Trouble::ConnectFailed
                    | Trouble::ConnectionLost
                    | Trouble::AnswerTooLarge
                    | Trouble::NotSent => Self::Unknown { reason },
                }
            }
        }
    )+};
}

can_be_unknown!(
    GatewayReply,
    RefundReply,
    BillingKeyReply,
    DeletionReply,
    TransactionsReply
);

/// A payment gateway: what it can do, and nothing of what the shop does with it.
///
/// Each call ends within the adapter's deadline and reaches the company at most once: whoever asks again (the
/// checkout saga) does so under the same id, which every company takes as idempotency key or as its merchant's
/// order number, so that nothing is charged or given back twice. A company that wants an order number is given
/// the payment's id, since it is the payment, not the order, that it can be asked about by that number later.
///
/// What a company cannot do is answered `Unsupported`: never by a reply that looks like an outcome.
#[async_trait]
pub trait PaymentGateway: Send + Sync {
    /// Charges.
    async fn confirm(&self, request: ConfirmRequest) -> GatewayReply;

    /// Asks what became of a payment.
    async fn inquire(&self, payment_id: Uuid) -> GatewayReply;

    /// Gives all or part of a charge back.
    async fn refund(&self, request: RefundRequest) -> RefundReply;

    /// Turns what the buyer's browser brought back into a key that later charges need no browser for.
    async fn issue_billing_key(&self, _: IssueBillingKeyRequest) -> BillingKeyReply {
        BillingKeyReply::Unsupported
    }

    /// Charges by such a key.
    async fn charge_billing_key(&self, _: ChargeBillingKeyRequest) -> GatewayReply {
        GatewayReply::Unsupported
    }

    /// Makes such a key worthless.
    async fn delete_billing_key(&self, _: DeleteBillingKeyRequest) -> DeletionReply {
        DeletionReply::Unsupported
    }

    /// Reads one delivery of a webhook, and looks whether the company sent it. No I/O.
    ///
    /// # Errors
    /// It is not the company's, or makes no sense.
    fn webhook(&self, _: &WebhookDelivery<'_>) -> Result<WebhookNotice, WebhookRefusal> {
        Err(WebhookRefusal::Unsupported)
    }

    /// How the company wants to hear that a delivery was taken.
    fn acknowledgement(&self) -> WebhookAcknowledgement {
        WebhookAcknowledgement::EMPTY
    }

    /// A page of a day's transactions, for reconciliation.
    async fn transactions(&self, _: TransactionsQuery) -> TransactionsReply {
        TransactionsReply::Unsupported
    }

    /// Whether calls get through at present, for health; none when nobody keeps count.
    fn circuit(&self) -> Option<CircuitState> {
        None
    }
}
