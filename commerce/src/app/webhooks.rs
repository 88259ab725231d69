//! What payment companies tell by themselves, read by their adapters for the command API.

use actix_web::http::StatusCode;
use command_api::{Acknowledgement, Delivery, Notice, Webhooks};
use domain::PaymentId;
use domain::payment::GatewayNotice;
use payment_gateways::{
    Gateways, NoticeSubject, NoticeTrust, WebhookDelivery, WebhookNotice, WebhookRefusal,
};
use platform::ApiError;
use platform::config::Secret;

/// The adapters, as readers of notices.
pub(super) struct ByAdapters(pub(super) Gateways);

impl Webhooks for ByAdapters {
    fn read(&self, delivery: &Delivery<'_>) -> Result<Notice, ApiError> {
        let gateway = self.0.get(delivery.company);
        let gateway = gateway.ok_or_else(|| refused(WebhookRefusal::Unsupported))?;
        let notice = gateway.webhook(&WebhookDelivery {
            headers: delivery.headers,
            body: delivery.body,
            received_at: delivery.received_at,
        });
        notice.map(taken).map_err(refused)
    }

    fn acknowledgement(&self, company: &str) -> Acknowledgement {
        let gateway = self.0.get(company);
        let how = gateway.map_or(payment_gateways::WebhookAcknowledgement::EMPTY, |gateway| {
            gateway.acknowledgement()
        });
        Acknowledgement {
            status: how.status,
            content_type: how.content_type,
            body: how.body,
        }
    }
}

fn taken(notice: WebhookNotice) -> Notice {
    let payments = notice.payment_ids().iter().copied();
    Notice {
        payments: payments.map(PaymentId::new).collect(),
        billing_key: match notice.subject {
            NoticeSubject::BillingKey(key) => Some(Secret::new(key)),
            NoticeSubject::Payments(_) | NoticeSubject::Settlement { .. } => None,
        },
        claim: GatewayNotice {
            notice_id: notice.id,
            status: notice.claim.status,
            amount: notice.claim.amount_minor,
            currency: notice.claim.currency,
            left: notice.claim.left_minor,
            signed: match notice.trust {
                NoticeTrust::Signed => true,
                NoticeTrust::Unsigned => false,
            },
        },
    }
}

fn refused(refusal: WebhookRefusal) -> ApiError {
    let status = match refusal {
        WebhookRefusal::Unsupported | WebhookRefusal::NotOurs => StatusCode::NOT_FOUND,
        WebhookRefusal::Malformed => StatusCode::BAD_REQUEST,
        WebhookRefusal::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        WebhookRefusal::SignatureMissing
        | WebhookRefusal::SignatureWrong
        | WebhookRefusal::SignatureStale => StatusCode::UNAUTHORIZED,
    };
    ApiError::new(status, refusal.code())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_refusal_has_messages() {
        for refusal in [
            WebhookRefusal::Unsupported,
            WebhookRefusal::Malformed,
            WebhookRefusal::TooLarge,
            WebhookRefusal::SignatureMissing,
            WebhookRefusal::SignatureWrong,
            WebhookRefusal::SignatureStale,
            WebhookRefusal::NotOurs,
        ] {
            let error = refused(refusal);
            assert!(platform::errors::is_known(error.code()), "{refusal:?}");
            assert!(error.status().is_client_error(), "{refusal:?}");
        }
    }
}
