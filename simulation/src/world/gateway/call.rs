//! What a gateway is asked, what it says, and where that goes.

use payment_gateways::{
    BillingKeyReply, ChargeBillingKeyRequest, ConfirmRequest, DeleteBillingKeyRequest,
    DeletionReply, GatewayReply, IssueBillingKeyRequest, RefundReply, RefundRequest,
};
use tokio::sync::oneshot;
use uuid::Uuid;

/// What a gateway is asked.
#[derive(Clone)]
pub(in crate::world) enum Call {
    Confirm(ConfirmRequest),
    Inquire(Uuid),
    Refund(RefundRequest),
    Charge(ChargeBillingKeyRequest),
    Issue(IssueBillingKeyRequest),
    Erase(DeleteBillingKeyRequest),
}

impl Call {
    /// The payment that it is about.
    pub(super) fn payment_id(&self) -> Option<Uuid> {
        match self {
            Self::Confirm(request) => Some(request.payment_id),
            Self::Inquire(payment_id) => Some(*payment_id),
            Self::Refund(request) => Some(request.payment_id),
            Self::Charge(request) => Some(request.payment_id),
            Self::Issue(_) | Self::Erase(_) => None,
        }
    }

    /// Nothing is known of what became of it.
    pub(super) fn unknown(&self, reason: &str) -> Said {
        let reason = reason.to_owned();
        match self {
            Self::Confirm(_) | Self::Inquire(_) | Self::Charge(_) => {
                Said::Payment(GatewayReply::Unknown { reason })
            }
            Self::Refund(_) => Said::Refund(RefundReply::Unknown { reason }),
            Self::Issue(_) => Said::Key(BillingKeyReply::Unknown { reason }),
            Self::Erase(_) => Said::Deletion(DeletionReply::Unknown { reason }),
        }
    }

    /// It was never sent.
    pub(super) fn not_attempted(&self) -> Said {
        let reason = "CIRCUIT_OPEN".to_owned();
        match self {
            Self::Confirm(_) | Self::Inquire(_) | Self::Charge(_) => {
                Said::Payment(GatewayReply::NotAttempted { reason })
            }
            Self::Refund(_) => Said::Refund(RefundReply::NotAttempted { reason }),
            Self::Issue(_) => Said::Key(BillingKeyReply::NotAttempted { reason }),
            Self::Erase(_) => Said::Deletion(DeletionReply::NotAttempted { reason }),
        }
    }
}

/// What it says.
pub(in crate::world) enum Said {
    Payment(GatewayReply),
    Refund(RefundReply),
    Key(BillingKeyReply),
    Deletion(DeletionReply),
}

/// Where its answer goes.
pub(in crate::world) enum Hears {
    Payment(oneshot::Sender<GatewayReply>),
    Refund(oneshot::Sender<RefundReply>),
    Key(oneshot::Sender<BillingKeyReply>),
    Deletion(oneshot::Sender<DeletionReply>),
}

impl Hears {
    pub(super) fn hears(self, said: Said) {
        // Whoever asked may be gone.
        match (self, said) {
            (Self::Payment(reply), Said::Payment(said)) => drop(reply.send(said)),
            (Self::Refund(reply), Said::Refund(said)) => drop(reply.send(said)),
            (Self::Key(reply), Said::Key(said)) => drop(reply.send(said)),
            (Self::Deletion(reply), Said::Deletion(said)) => drop(reply.send(said)),
            (Self::Payment(_) | Self::Refund(_) | Self::Key(_) | Self::Deletion(_), _) => {}
        }
    }
}
