//! Commands to users' points.

mod adjust;

use utoipa_actix_web::service_config::ServiceConfig;

/// The resource's routes.
pub(crate) fn routes(config: &mut ServiceConfig<'_>) {
    config.service(adjust::adjust_points);
}

/// What a command to an account of points answers.
#[derive(utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = PointBalance)]
#[expect(dead_code, reason = "the shape of an answer, for the OpenAPI document")]
struct PointBalance {
    /// The correction.
    id: uuid::Uuid,
    /// Whose points.
    user_id: String,
    /// What remains, less what is owed; may be below zero.
    balance: i64,
    /// How many can be spent now.
    spendable: i64,
    /// Points that a refund took back after they had been spent.
    owed: i64,
}
