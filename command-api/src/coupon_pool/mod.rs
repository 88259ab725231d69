//! Commands to coupon pools.

mod claim;
mod create;

use domain::CouponPoolId;
use platform::ApiError;
use utoipa_actix_web::service_config::ServiceConfig;

/// The resource's routes.
pub(crate) fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(create::create_coupon_pool)
        .service(claim::claim_coupon);
}

/// The pool that a path names. What is no id names nothing.
fn in_path(id: &str) -> Result<CouponPoolId, ApiError> {
    id.parse()
        .map_err(|_| ApiError::not_found("COUPON_POOL_NOT_FOUND"))
}
