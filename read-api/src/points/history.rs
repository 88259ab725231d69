//! `GET /points/history` and `GET /points/{userId}/history`.

use actix_web::get;
use actix_web::web::Data;
use chrono::{DateTime, Utc};
use platform::paging::{NoFilter, PageParams};
use platform::{ApiError, MinPosition, Operator, PageRequest, PagedQuery, Principal, ValidPath};
use serde::Serialize;
use serde_json::Value;
use sqlx::{Postgres, QueryBuilder};
use utoipa::ToSchema;
use uuid::Uuid;

use super::checked;
use crate::ReadApi;
use crate::error::ReadError;
use crate::freshness::Source;
use crate::openapi::{AnyQuery, errors};
use crate::page::{self, Page};

/// Something that happened to a user's points.
#[derive(Debug, Serialize, ToSchema, sqlx::FromRow)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PointChange {
    /// `EARNED`, `HELD`, `SPENT`, `RELEASED`, `RETURNED`, `TAKEN_BACK`, `EXPIRED` or `ADJUSTED`.
    #[serde(rename = "type")]
    #[schema(rename = "type")]
    kind: String,
    /// How many points it is about.
    points: i64,
    /// What it did to the balance.
    change: i64,
    /// The order that it is about.
    order_id: Option<Uuid>,
    /// The lot, when it is about one.
    lot_id: Option<Uuid>,
    /// More of it: `refundId`, `expiresAt`, `expired`, `owed`, `reason`; depends on the type.
    #[schema(value_type = Object)]
    detail: Value,
    created_at: DateTime<Utc>,
}

errors!(OwnErrors, []);
errors!(OperatorErrors, [403: ["FORBIDDEN"]]);

/// What happened to the caller's points, the newest first.
#[utoipa::path(
    tag = "points",
    params(PageParams, AnyQuery),
    responses((status = 200, body = Page<PointChange>), OwnErrors),
    security(("bearer" = []))
)]
#[get("/points/history")]
pub(super) async fn list_history(
    caller: Principal,
    query: PagedQuery<NoFilter>,
    least: MinPosition,
    api: Data<ReadApi>,
) -> Result<Page<PointChange>, ApiError> {
    list(&api, caller.subject(), &query.page, least).await
}

/// What happened to a user's points, the newest first.
#[utoipa::path(
    tag = "points",
    params(("userId" = String, Path), PageParams, AnyQuery),
    responses((status = 200, body = Page<PointChange>), OperatorErrors),
    security(("bearer" = []))
)]
#[get("/points/{userId}/history")]
pub(super) async fn list_history_of_user(
    _: Operator,
    user_id: ValidPath<String>,
    query: PagedQuery<NoFilter>,
    least: MinPosition,
    api: Data<ReadApi>,
) -> Result<Page<PointChange>, ApiError> {
    list(&api, checked(&user_id.0)?, &query.page, least).await
}

async fn list(
    api: &ReadApi,
    user_id: &str,
    page: &PageRequest,
    least: MinPosition,
) -> Result<Page<PointChange>, ApiError> {
    let position = api.reach(least, &[Source::Points]).await?;
    let mut select = page_query("", user_id, page);
    let rows: Vec<PointChange> = select
        .build_query_as()
        .fetch_all(api.pool())
        .await
        .map_err(ReadError::from)?;
    let matching = |query: &mut _| matching(query, user_id);
    let total = page::total(api.pool(), page, rows.len(), matching).await?;
    Ok(Page::new(rows, page, total, position))
}

/// The statement of a page: the positions from an index alone, then their rows.
pub(crate) fn page_query<'a>(
    prefix: &str,
    user_id: &'a str,
    page: &PageRequest,
) -> QueryBuilder<'a, Postgres> {
    let direction = page.sort().direction.as_sql();
    let mut query = QueryBuilder::new(format!(
        "{prefix}SELECT h.kind, h.points, h.change, h.order_id, h.lot_id, h.detail, h.at AS created_at
           FROM (SELECT h.position "
    ));
    matching(&mut query, user_id);
    query.push(format!(" ORDER BY h.position {direction} LIMIT "));
    query
        .push_bind(page.limit())
        .push(" OFFSET ")
        .push_bind(page.offset());
    query.push(
        ") page JOIN read_model.point_history h ON h.position = page.position AND h.user_id = ",
    );
    query
        .push_bind(user_id)
        .push(format!(" ORDER BY h.position {direction}"));
    query
}

/// The statement that counts them.
#[cfg(test)]
pub(crate) fn count_query<'a>(prefix: &str, user_id: &'a str) -> QueryBuilder<'a, Postgres> {
    page::count_query(prefix, |query| matching(query, user_id))
}

fn matching<'a>(query: &mut QueryBuilder<'a, Postgres>, user_id: &'a str) {
    query
        .push("FROM read_model.point_history h WHERE h.user_id = ")
        .push_bind(user_id);
}
