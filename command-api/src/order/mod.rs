//! Commands to orders.

mod cancel;
mod confirm;
mod place;

pub(crate) use place::after;

use domain::OrderId;
use platform::ApiError;
use utoipa_actix_web::service_config::ServiceConfig;

/// The resource's routes.
pub(crate) fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(place::place_order)
        .service(cancel::cancel_order)
        .service(confirm::confirm_order);
}

/// The order that a path names. What is no id names nothing.
pub(crate) fn in_path(id: &str) -> Result<OrderId, ApiError> {
    id.parse()
        .map_err(|_| ApiError::not_found("ORDER_NOT_FOUND"))
}

/// What a command to an order answers.
#[derive(utoipa::ToSchema)]
#[schema(as = OrderStatus)]
#[expect(dead_code, reason = "the shape of an answer, for the OpenAPI document")]
struct OrderStatusBody {
    /// The order.
    id: uuid::Uuid,
    /// PENDING, PAID, CONFIRMED, SHIPPED, DELIVERED or CANCELLED.
    status: String,
}
