//! `GET /points` and `GET /points/{userId}`.

use actix_web::get;
use actix_web::web::Data;
use chrono::{DateTime, Utc};
use platform::{ApiError, MinPosition, Operator, Principal, ValidPath};
use serde::Serialize;
use sqlx::{Postgres, QueryBuilder};
use utoipa::ToSchema;

use super::checked;
use crate::ReadApi;
use crate::answer::answer;
use crate::error::ReadError;
use crate::freshness::Source;
use crate::openapi::{AnyQuery, errors};

/// What expires within so many days is said to expire soon.
const SOON_DAYS: i32 = 30;

/// What a user has. One point is one won.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PointAccount {
    user_id: String,
    /// What remains of all lots, less what is owed; below zero when more is owed.
    balance: i64,
    /// How many can be spent now.
    spendable: i64,
    /// Points that a refund took back after they had been spent.
    owed: i64,
    /// How many of those that can be spent expire within 30 days.
    expiring_soon: i64,
    /// When the first of them expire.
    next_expiry_at: Option<DateTime<Utc>>,
}

#[derive(sqlx::FromRow)]
struct Row {
    balance: i64,
    owed: i64,
    over: i64,
    soon: i64,
    next_expiry_at: Option<DateTime<Utc>>,
}

impl Row {
    fn of(self, user_id: &str) -> PointAccount {
        // A lot whose time is over still counts in the balance for the moment until its timer has fired.
        let spendable = self.balance.saturating_sub(self.over).max(0);
        PointAccount {
            user_id: user_id.to_owned(),
            balance: self.balance,
            spendable,
            owed: self.owed,
            expiring_soon: self.soon.min(spendable),
            next_expiry_at: self.next_expiry_at,
        }
    }
}

errors!(OwnErrors, []);
errors!(OperatorErrors, [403: ["FORBIDDEN"]]);

/// The caller's points.
#[utoipa::path(
    tag = "points",
    params(AnyQuery),
    responses((status = 200, body = platform::Data<PointAccount>), OwnErrors),
    security(("bearer" = []))
)]
#[get("/points")]
pub(super) async fn get_points(
    caller: Principal,
    least: MinPosition,
    api: Data<ReadApi>,
) -> Result<platform::Data<PointAccount>, ApiError> {
    find(&api, caller.subject(), least).await
}

/// A user's points. One who never earned any has none.
#[utoipa::path(
    tag = "points",
    params(("userId" = String, Path), AnyQuery),
    responses((status = 200, body = platform::Data<PointAccount>), OperatorErrors),
    security(("bearer" = []))
)]
#[get("/points/{userId}")]
pub(super) async fn get_points_of_user(
    _: Operator,
    user_id: ValidPath<String>,
    least: MinPosition,
    api: Data<ReadApi>,
) -> Result<platform::Data<PointAccount>, ApiError> {
    find(&api, checked(&user_id.0)?, least).await
}

async fn find(
    api: &ReadApi,
    user_id: &str,
    least: MinPosition,
) -> Result<platform::Data<PointAccount>, ApiError> {
    let position = api.reach(least, &[Source::Points]).await?;
    let row: Row = sums_query(user_id)
        .build_query_as()
        .fetch_one(api.pool())
        .await
        .map_err(ReadError::from)?;
    Ok(answer(row.of(user_id), position))
}

/// One row, also for a user who has no account.
pub(crate) fn sums_query(user_id: &str) -> QueryBuilder<'_, Postgres> {
    let mut query = QueryBuilder::new(format!(
        "SELECT coalesce(max(a.balance), 0) AS balance, coalesce(max(a.owed), 0) AS owed,
                coalesce(sum(l.remaining) FILTER (WHERE l.expires_at <= now()), 0)::bigint AS over,
                coalesce(sum(l.remaining) FILTER (WHERE l.expires_at > now()
                    AND l.expires_at <= now() + make_interval(days => {SOON_DAYS})), 0)::bigint AS soon,
                min(l.expires_at) FILTER (WHERE l.expires_at > now()) AS next_expiry_at
           FROM (SELECT "
    ));
    query.push_bind(user_id).push(
        " AS user_id) asked
           LEFT JOIN read_model.point_accounts a ON a.user_id = asked.user_id
           LEFT JOIN read_model.point_lots l ON l.user_id = asked.user_id AND l.remaining > 0",
    );
    query
}
