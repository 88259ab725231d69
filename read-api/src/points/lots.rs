//! `GET /points/lots` and `GET /points/{userId}/lots`.

use actix_web::get;
use actix_web::web::Data;
use chrono::{DateTime, Utc};
use platform::paging::PageParams;
use platform::{
    ApiError, MinPosition, Operator, PageRequest, PagedQuery, Principal, Sort, Sortable, ValidPath,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::checked;
use crate::ReadApi;
use crate::freshness::Source;
use crate::list::List;
use crate::openapi::{AnyQuery, errors};
use crate::page::Page;

/// No filter: all lots.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LotFilter {}

impl Sortable for LotFilter {
    const SORTS: &'static [Sort] = &[Sort::descending("earnedAt")];
}

/// Points that were earned at once and expire at once:
/// `earned + owed = spent + expired + takenBack + remaining`.
#[derive(Debug, Serialize, ToSchema, sqlx::FromRow)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PointLot {
    id: Uuid,
    /// `ORDER` (a confirmed order earned it) or `ADJUSTMENT` (an operator gave it).
    origin: String,
    /// The order that earned it.
    order_id: Option<Uuid>,
    earned: i64,
    /// What orders took, also those that are not paid yet.
    spent: i64,
    expired: i64,
    /// What refunds or operators took back.
    taken_back: i64,
    remaining: i64,
    /// What was taken back after it had been spent.
    owed: i64,
    earned_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
}

errors!(OwnErrors, []);
errors!(OperatorErrors, [403: ["FORBIDDEN"]]);

/// The caller's lots, the newest first.
#[utoipa::path(
    tag = "points",
    params(PageParams, AnyQuery),
    responses((status = 200, body = Page<PointLot>), OwnErrors),
    security(("bearer" = []))
)]
#[get("/points/lots")]
pub(super) async fn list_lots(
    caller: Principal,
    query: PagedQuery<LotFilter>,
    least: MinPosition,
    api: Data<ReadApi>,
) -> Result<Page<PointLot>, ApiError> {
    list(&api, caller.subject(), &query.page, least).await
}

/// A user's lots, the newest first.
#[utoipa::path(
    tag = "points",
    params(("userId" = String, Path), PageParams, AnyQuery),
    responses((status = 200, body = Page<PointLot>), OperatorErrors),
    security(("bearer" = []))
)]
#[get("/points/{userId}/lots")]
pub(super) async fn list_lots_of_user(
    _: Operator,
    user_id: ValidPath<String>,
    query: PagedQuery<LotFilter>,
    least: MinPosition,
    api: Data<ReadApi>,
) -> Result<Page<PointLot>, ApiError> {
    list(&api, checked(&user_id.0)?, &query.page, least).await
}

async fn list(
    api: &ReadApi,
    user_id: &str,
    page: &PageRequest,
    least: MinPosition,
) -> Result<Page<PointLot>, ApiError> {
    let position = api.reach(least, &[Source::Points]).await?;
    let told = |lot: PointLot| lot;
    Ok(lots(user_id).read(api.pool(), page, position, told).await?)
}

/// A user's lots.
pub(crate) fn lots(user_id: &str) -> List<'_> {
    List::new(
        "l.id, l.origin, l.order_id, l.earned, l.spent, l.expired, l.taken_back, l.remaining, l.owed,
         l.earned_at, l.expires_at",
        ("l.id", "JOIN read_model.point_lots l ON l.id = page.id"),
        ["l.earned_at", "l.id"],
        move |query| {
            query
                .push("FROM read_model.point_lots l WHERE l.user_id = ")
                .push_bind(user_id);
        },
    )
}
