//! Commands to a product's stock.

mod adjust;
mod receive;

use utoipa_actix_web::service_config::ServiceConfig;

/// The resource's routes.
pub(crate) fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(receive::receive_stock)
        .service(adjust::adjust_stock);
}

/// What a command to a stock answers.
#[derive(utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = StockLevel)]
#[expect(dead_code, reason = "the shape of an answer, for the OpenAPI document")]
struct StockLevel {
    /// The product.
    id: uuid::Uuid,
    /// How many pieces there are, in all warehouses together.
    stock: u64,
    /// How many of them orders hold.
    reserved_stock: u64,
    /// How many can be ordered.
    available_stock: u64,
}
