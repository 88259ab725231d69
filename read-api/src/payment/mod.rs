//! Payments: `GET /payments/{id}`. A customer sees their own; an operator may look at anybody's, and at what was
//! said about it with its company (`/payments/{id}/exchanges`).

mod detail;
mod exchanges;

use utoipa_actix_web::service_config::ServiceConfig;

pub(crate) use detail::{PaymentDetail, find};

/// Adds the routes.
pub(crate) fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(detail::get_payment)
        .service(exchanges::list_exchanges);
}

/// Where a payment stands. What the read model says is passed on.
#[derive(Clone, Copy, Debug, utoipa::ToSchema)]
#[schema(rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(dead_code, reason = "only its schema is used, in the OpenAPI document")]
pub(crate) enum PaymentStatus {
    /// Not known yet.
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
