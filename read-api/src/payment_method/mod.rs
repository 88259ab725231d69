//! Saved payment methods: `GET /payment-methods`, the caller's own, and `GET /payment-methods/{id}`. The key that
//! charges one is in no read model, and so not here.

use actix_web::get;
use actix_web::web::Data;
use chrono::{DateTime, Utc};
use platform::{ApiError, MinPosition, Principal, ValidPath};
use serde::Serialize;
use sqlx::{Postgres, QueryBuilder};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use crate::ReadApi;
use crate::answer::answer;
use crate::error::ReadError;
use crate::freshness::Source;
use crate::openapi::{AnyQuery, errors};

/// The most that are listed: as many as a user may have.
const METHODS_MAX: i64 = 20;

/// Adds the routes.
pub(crate) fn routes(config: &mut ServiceConfig<'_>) {
    config.service(list_methods).service(get_method);
}

/// A saved payment method.
#[derive(Debug, Serialize, ToSchema, sqlx::FromRow)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PaymentMethod {
    id: Uuid,
    gateway: String,
    /// `PENDING` (the company is being asked), `ACTIVE`, `FAILED` or `DELETED`.
    status: String,
    /// `CARD`, `ACCOUNT` or `MOBILE`, once it is registered.
    method_type: Option<String>,
    /// The card's company, by the payment company's code for it.
    card_company: Option<String>,
    card_last4: Option<String>,
    /// Whether it is charged when none is named.
    is_default: bool,
    /// Why it failed.
    failure_code: Option<String>,
    failure_message: Option<String>,
    /// Why the company has to be asked again.
    delay_reason: Option<String>,
    /// When it is asked next.
    next_attempt_at: Option<DateTime<Utc>>,
    requested_at: DateTime<Utc>,
    registered_at: Option<DateTime<Utc>>,
    deleted_at: Option<DateTime<Utc>>,
    /// When the key of a deleted one was nowhere any more.
    erased_at: Option<DateTime<Utc>>,
}

errors!(ListErrors, []);
errors!(GetErrors, [404: ["PAYMENT_METHOD_NOT_FOUND"]]);

/// The caller's payment methods that can be charged or are on their way: the default first, then the newest.
#[utoipa::path(
    tag = "payment-methods",
    params(AnyQuery),
    responses((status = 200, body = platform::Data<Vec<PaymentMethod>>), ListErrors),
    security(("bearer" = []))
)]
#[get("/payment-methods")]
pub(super) async fn list_methods(
    caller: Principal,
    least: MinPosition,
    api: Data<ReadApi>,
) -> Result<platform::Data<Vec<PaymentMethod>>, ApiError> {
    let position = api.reach(least, &[Source::PaymentMethods]).await?;
    let methods: Vec<PaymentMethod> = list_query(caller.subject())
        .build_query_as()
        .fetch_all(api.pool())
        .await
        .map_err(ReadError::from)?;
    Ok(answer(methods, position))
}

/// A payment method of the caller's, whatever became of it. Another's is not found.
#[utoipa::path(
    tag = "payment-methods",
    params(("id" = Uuid, Path), AnyQuery),
    responses((status = 200, body = platform::Data<PaymentMethod>), GetErrors),
    security(("bearer" = []))
)]
#[get("/payment-methods/{id}")]
pub(super) async fn get_method(
    caller: Principal,
    id: ValidPath<Uuid>,
    least: MinPosition,
    api: Data<ReadApi>,
) -> Result<platform::Data<PaymentMethod>, ApiError> {
    let position = api.reach(least, &[Source::PaymentMethods]).await?;
    let mut query = select();
    query.push(" WHERE m.id = ").push_bind(id.0);
    query.push(" AND m.user_id = ").push_bind(caller.subject());
    let method: Option<PaymentMethod> = query
        .build_query_as()
        .fetch_optional(api.pool())
        .await
        .map_err(ReadError::from)?;
    let method = method.ok_or_else(|| ApiError::not_found("PAYMENT_METHOD_NOT_FOUND"))?;
    Ok(answer(method, position))
}

fn select<'a>() -> QueryBuilder<'a, Postgres> {
    QueryBuilder::new(
        "SELECT m.id, m.gateway, m.status, m.method_type, m.card_company, m.card_last4,
                coalesce(w.default_id = m.id, false) AS is_default, m.failure_code, m.failure_message,
                m.delay_reason, m.next_attempt_at, m.requested_at, m.registered_at, m.deleted_at, m.erased_at
           FROM read_model.payment_methods m
           LEFT JOIN read_model.payment_wallets w ON w.user_id = m.user_id",
    )
}

/// The statement of the list.
pub(crate) fn list_query(user_id: &str) -> QueryBuilder<'_, Postgres> {
    let mut query = select();
    query
        .push(" WHERE m.status IN ('PENDING', 'ACTIVE') AND m.user_id = ")
        .push_bind(user_id)
        .push(" ORDER BY is_default DESC, m.requested_at DESC, m.id DESC LIMIT ")
        .push_bind(METHODS_MAX);
    query
}
