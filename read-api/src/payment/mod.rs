//! Payments: `GET /payments`, `/payments/{id}`. A customer sees their own; an operator may look at anybody's, and at
//! what was said about it with its company (`/payments/{id}/exchanges`).

mod detail;
mod exchanges;
mod list;

use utoipa_actix_web::service_config::ServiceConfig;

pub(crate) use detail::{PaymentDetail, find};
#[cfg(test)]
pub(crate) use list::{PaymentFilter, payments};

/// Adds the routes.
pub(crate) fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(list::list_payments)
        .service(detail::get_payment)
        .service(exchanges::list_exchanges);
}

/// Where a payment stands. What the read model says is passed on.
#[derive(Clone, Copy, Debug, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum PaymentStatus {
    /// Not known yet, or a deposit is awaited.
    Pending,
    /// Charged.
    Succeeded,
    /// Not charged.
    Failed,
    /// The gateway did not say; it is asked again.
    Unknown,
    /// Given back, because the order was cancelled; or never to be made.
    Cancelled,
    /// Given back in part.
    PartiallyRefunded,
    /// Given back.
    Refunded,
}

impl PaymentStatus {
    /// As in the read model.
    fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "PENDING",
            Self::Succeeded => "SUCCEEDED",
            Self::Failed => "FAILED",
            Self::Unknown => "UNKNOWN",
            Self::Cancelled => "CANCELLED",
            Self::PartiallyRefunded => "PARTIALLY_REFUNDED",
            Self::Refunded => "REFUNDED",
        }
    }
}
