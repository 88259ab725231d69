//! Orders: `GET /orders`, `/orders/{id}`, `/orders/{id}/history`, `/orders/{id}/payment`. A customer sees
//! their own; an operator may look at anybody's by its id.

mod detail;
mod history;
mod list;
mod payment;

use platform::{Principal, Role};
use utoipa_actix_web::service_config::ServiceConfig;

#[cfg(test)]
pub(crate) use list::{OrderFilter, orders};

/// Adds the routes.
pub(crate) fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(list::list_orders)
        .service(detail::get_order)
        .service(history::get_order_history)
        .service(payment::get_order_payment);
}

/// Whether the caller may see what belongs to others.
pub(crate) fn sees_all(caller: &Principal) -> bool {
    caller.has(Role::Operator)
}
