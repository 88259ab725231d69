//! Paying an order: the command is executed at once, and then its outcome is waited for, bounded. What is
//! answered is recorded, so that every repeat gets the same bytes.

mod answer;
mod outcomes;
mod pay;
mod wait;

use utoipa_actix_web::service_config::ServiceConfig;

pub(crate) use outcomes::PaymentOutcomes;

/// The resource's routes.
pub(crate) fn routes(config: &mut ServiceConfig<'_>) {
    config.service(pay::pay_order);
}
