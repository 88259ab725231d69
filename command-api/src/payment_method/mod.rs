//! Commands to users' saved payment methods.

mod change;
mod customer_key;
mod request;

use domain::PaymentMethodId;
use platform::ApiError;
use utoipa_actix_web::service_config::ServiceConfig;

/// The resource's routes.
pub(crate) fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(customer_key::customer_key)
        .service(request::request_payment_method)
        .service(change::make_default)
        .service(change::delete_payment_method);
}

/// The method that a path names. What is no id names nothing.
fn in_path(id: &str) -> Result<PaymentMethodId, ApiError> {
    id.parse()
        .map_err(|_| ApiError::not_found("PAYMENT_METHOD_NOT_FOUND"))
}

/// The shop has nowhere to keep keys.
fn off() -> ApiError {
    ApiError::conflict("PAYMENT_METHODS_OFF")
}
