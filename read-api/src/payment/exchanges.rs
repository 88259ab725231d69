//! `GET /payments/{id}/exchanges`: what was said between us and the payment's company, for operators who look into
//! it. It is the payment service's own data, read as its role; what may not be known was taken out before it was
//! written.

use actix_web::get;
use actix_web::http::StatusCode;
use actix_web::web::Data;
use chrono::{DateTime, Utc};
use platform::paging::{NoFilter, PageParams};
use platform::{ApiError, MinPosition, Operator, PageRequest, PagedQuery, ValidPath};
use serde::Serialize;
use serde_json::Value;
use sqlx::{Postgres, QueryBuilder};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::ReadApi;
use crate::error::ReadError;
use crate::freshness::Source;
use crate::openapi::{AnyQuery, errors};
use crate::page::{self, Page};

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
    let rows: Vec<Exchange> = page_query(id.0, &query.page)
        .build_query_as()
        .fetch_all(pool)
        .await
        .map_err(ReadError::from)?;
    let matching = |query: &mut _| matching(query, id.0);
    let total = page::total(pool, &query.page, rows.len(), matching).await?;
    Ok(Page::new(rows, &query.page, total, position))
}

async fn exists(api: &ReadApi, id: Uuid) -> Result<bool, ReadError> {
    let exists =
        sqlx::query_scalar("SELECT EXISTS (SELECT FROM read_model.payments WHERE id = $1)");
    Ok(exists.bind(id).fetch_one(api.pool()).await?)
}

/// The statement of a page. Ids are in the order of time, more exactly than `created_at`, which the rows of one
/// statement share.
fn page_query(payment_id: Uuid, page: &PageRequest) -> QueryBuilder<'static, Postgres> {
    let direction = page.sort().direction.as_sql();
    let mut query = QueryBuilder::new(
        "SELECT id, pg_company AS company, http_method AS method, api_endpoint AS endpoint,
                request_headers, request_body, response_status, response_headers, response_body,
                duration_ms, coalesce(success, false) AS success, error_message AS error, created_at ",
    );
    matching(&mut query, payment_id);
    query.push(format!(" ORDER BY id {direction} LIMIT "));
    query
        .push_bind(page.limit())
        .push(" OFFSET ")
        .push_bind(page.offset());
    query
}

fn matching(query: &mut QueryBuilder<'_, Postgres>, payment_id: Uuid) {
    query
        .push("FROM payment.pg_api_logs WHERE payment_id = ")
        .push_bind(payment_id);
}
