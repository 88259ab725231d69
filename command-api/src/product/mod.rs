//! Commands to products: what an operator does to the catalogue.

mod create;
mod edit;
mod state;

use domain::ProductId;
use platform::ApiError;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::input::Length;

/// Where a product can be read.
const COLLECTION: &str = "/api/v1/products/";

// The domain's own limits, said here again so that all wrong fields are named at once and stand in the
// OpenAPI document; an integration test holds the two together.
const NAME: Length = Length { min: 1, max: 200 };
const LABEL: Length = Length { min: 1, max: 100 };
const DESCRIPTION: Length = Length { min: 0, max: 5_000 };
const IMAGE_URL: Length = Length { min: 1, max: 500 };
const IMAGES_MAX: usize = 10;

/// The resource's routes.
pub(crate) fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(create::create_product)
        .service(edit::edit_product)
        .service(state::put_on_sale)
        .service(state::mark_sold_out);
}

/// The product that a path names. What is no id names nothing.
pub(crate) fn in_path(id: &str) -> Result<ProductId, ApiError> {
    id.parse()
        .map_err(|_| ApiError::not_found("PRODUCT_NOT_FOUND"))
}

/// What a command to a product answers.
#[derive(utoipa::ToSchema)]
#[schema(as = ProductVersion)]
#[expect(dead_code, reason = "the shape of an answer, for the OpenAPI document")]
struct ProductVersion {
    /// The product.
    id: uuid::Uuid,
    /// Its version now: what `ETag` says and `If-Match` takes.
    version: u64,
}
