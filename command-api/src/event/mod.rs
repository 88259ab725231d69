//! Commands to events: sending one again whose delivery to Kafka failed (E-05).

mod resend;

use utoipa_actix_web::service_config::ServiceConfig;

/// The resource's routes.
pub(crate) fn routes(config: &mut ServiceConfig<'_>) {
    config.service(resend::resend_event);
}
