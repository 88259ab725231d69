//! `GET /payments/{id}/exchanges`: what was said between us and the payment's company, for operators who look into
//! it. It is the payment service's own data, read as its role; what may not be known was taken out before it was
//! written.

use actix_web::get;
use actix_web::http::StatusCode;
use actix_web::web::Data;
use chrono::{DateTime, Utc};
use platform::paging::{NoFilter, PageParams};
use platform::{ApiError, MinPosition, Operator, PagedQuery, ValidPath};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::ReadApi;
use crate::error::ReadError;
use crate::freshness::Source;
use crate::list::List;
use crate::openapi::{AnyQuery, errors};
use crate::page::Page;

/// One call of a company's API, and its answer.
#[derive(Debug, Serialize, ToSchema, sqlx::FromRow)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Exchange {
    id: Uuid,
    /// The company, as the payment service calls it: `TOSS`, `NICE`, `MOCK`.
    company: String,
    method: String,
    /// The path, with keys as `***`.
    endpoint: String,
    #[schema(value_type = Option<Object>)]
    request_headers: Option<Value>,
    /// The request, with everything as `***` that may not be known.
    #[schema(value_type = Option<Object>)]
    request_body: Option<Value>,
    /// The answer's status; `null` when there was no answer.
    response_status: Option<i32>,
    #[schema(value_type = Option<Object>)]
    response_headers: Option<Value>,
    /// The answer, with everything as `***` that may not be known.
    #[schema(value_type = Option<Object>)]
    response_body: Option<Value>,
    duration_ms: Option<i32>,
    /// Whether the company answered with a status below 400.
    success: bool,
    /// Why there was no answer, such as `TIMEOUT`.
    error: Option<String>,
    /// When it was written down.
    created_at: DateTime<Utc>,
}

errors!(
    ExchangeErrors,
    [403: ["FORBIDDEN"], 404: ["EXCHANGES_NOT_KEPT", "PAYMENT_NOT_FOUND"]]
);

/// What was said between us and the payment's company, the newest first.
#[utoipa::path(
    tag = "payments",
    params(("id" = Uuid, Path), PageParams, AnyQuery),
    responses((status = 200, body = Page<Exchange>), ExchangeErrors),
    security(("bearer" = []))
)]
#[get("/payments/{id}/exchanges")]
pub(super) async fn list_exchanges(
    _: Operator,
    id: ValidPath<Uuid>,
    query: PagedQuery<NoFilter>,
    least: MinPosition,
    api: Data<ReadApi>,
) -> Result<Page<Exchange>, ApiError> {
    let position = api.reach(least, &[Source::Payments]).await?;
    if !exists(&api, id.0).await? {
        return Err(ApiError::not_found("PAYMENT_NOT_FOUND"));
    }
    let Some(pool) = api.payment_service() else {
        return Err(ApiError::new(StatusCode::NOT_FOUND, "EXCHANGES_NOT_KEPT"));
    };
    let told = |exchange: Exchange| exchange;
    Ok(exchanges(id.0)
        .read(pool, &query.page, position, told)
        .await?)
}

async fn exists(api: &ReadApi, id: Uuid) -> Result<bool, ReadError> {
    let exists =
        sqlx::query_scalar("SELECT EXISTS (SELECT FROM read_model.payments WHERE id = $1)");
    Ok(exists.bind(id).fetch_one(api.pool()).await?)
}

/// What was said about a payment. Ids are in the order of time, more exactly than `created_at`, which the rows of one
/// statement share.
fn exchanges(payment_id: Uuid) -> List<'static> {
    List::new(
        "l.id, l.pg_company AS company, l.http_method AS method, l.api_endpoint AS endpoint,
         l.request_headers, l.request_body, l.response_status, l.response_headers, l.response_body,
         l.duration_ms, coalesce(l.success, false) AS success, l.error_message AS error, l.created_at",
        ("l.payment_id, l.id", "JOIN payment.pg_api_logs l ON l.id = page.id"),
        ["l.payment_id", "l.id"],
        move |query| {
            query
                .push("FROM payment.pg_api_logs l WHERE l.payment_id = ")
                .push_bind(payment_id);
        },
    )
}
