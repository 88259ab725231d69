//! The catalogue: `GET /products`, `/products/{id}`, `/products/{id}/stock`. Any caller sees all of it.

mod detail;
mod list;
mod stock;

use utoipa_actix_web::service_config::ServiceConfig;

#[cfg(test)]
pub(crate) use list::{ProductFilter, products};

/// Adds the routes.
pub(crate) fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(list::list_products)
        .service(detail::get_product)
        .service(stock::get_product_stock);
}

/// Whether a product can be bought. What the read model says is passed on: a state that is added there
/// needs no change here.
#[derive(Clone, Copy, Debug, utoipa::ToSchema)]
#[schema(rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(dead_code, reason = "only its schema is used, in the OpenAPI document")]
pub(crate) enum ProductState {
    /// In the catalogue, not yet on sale.
    Draft,
    /// Can be ordered.
    OnSale,
    /// Shown, cannot be ordered.
    SoldOut,
}
