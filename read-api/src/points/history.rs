//! `GET /points/history` and `GET /points/{userId}/history`.

use actix_web::get;
use actix_web::web::Data;
use chrono::{DateTime, Utc};
use platform::paging::{NoFilter, PageParams};
use platform::{ApiError, MinPosition, Operator, PageRequest, PagedQuery, Principal, ValidPath};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use super::checked;
use crate::ReadApi;
use crate::freshness::Source;
use crate::list::List;
use crate::openapi::{AnyQuery, errors};
use crate::page::Page;

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
    let told = |change: PointChange| change;
    Ok(history(user_id)
        .read(api.pool(), page, position, told)
        .await?)
}

/// What happened to a user's points.
pub(crate) fn history(user_id: &str) -> List<'_> {
    List::new(
        "h.kind, h.points, h.change, h.order_id, h.lot_id, h.detail, h.at AS created_at",
        (
            "h.user_id, h.position",
            "JOIN read_model.point_history h
               ON h.position = page.position AND h.user_id = page.user_id",
        ),
        ["h.user_id", "h.position"],
        move |query| {
            query
                .push("FROM read_model.point_history h WHERE h.user_id = ")
                .push_bind(user_id);
        },
    )
}
