//! Notifications: `GET /notifications`, the caller's own (U-04).

mod list;
mod words;

use utoipa_actix_web::service_config::ServiceConfig;

#[cfg(test)]
pub(crate) use list::notifications;

/// Adds the routes.
pub(crate) fn routes(config: &mut ServiceConfig<'_>) {
    config.service(list::list_notifications);
}
