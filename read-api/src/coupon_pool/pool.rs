//! `GET /coupon-pools/{id}`.

use actix_web::get;
use actix_web::web::Data;
use chrono::{DateTime, Utc};
use platform::{ApiError, MinPosition, Principal, ValidPath};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Discount, DiscountRow};
use crate::ReadApi;
use crate::answer::answer;
use crate::error::ReadError;
use crate::freshness::Source;
use crate::openapi::{AnyQuery, errors};

/// A coupon pool.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CouponPool {
    id: Uuid,
    name: String,
    discount: Discount,
    /// How many coupons it was made with.
    quantity: i64,
    /// How many were taken.
    issued: i64,
    /// How many are left.
    remaining: i64,
    /// How many are used by orders that are paid.
    used: i64,
    valid_from: DateTime<Utc>,
    valid_until: DateTime<Utc>,
    /// When its validity was found to be over.
    closed_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    name: String,
    #[sqlx(flatten)]
    discount: DiscountRow,
    quantity: i64,
    issued: i64,
    remaining: i64,
    used: i64,
    valid_from: DateTime<Utc>,
    valid_until: DateTime<Utc>,
    closed_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl From<Row> for CouponPool {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            name: row.name,
            discount: row.discount.into(),
            quantity: row.quantity,
            issued: row.issued,
            remaining: row.remaining,
            used: row.used,
            valid_from: row.valid_from,
            valid_until: row.valid_until,
            closed_at: row.closed_at,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

errors!(PoolErrors, [404: ["COUPON_POOL_NOT_FOUND"]]);

/// One coupon pool, with what was issued and what remains.
#[utoipa::path(
    tag = "coupons",
    params(("id" = Uuid, Path), AnyQuery),
    responses((status = 200, body = platform::Data<CouponPool>), PoolErrors),
    security(("bearer" = []))
)]
#[get("/coupon-pools/{id}")]
pub(super) async fn get_coupon_pool(
    _: Principal,
    id: ValidPath<Uuid>,
    least: MinPosition,
    api: Data<ReadApi>,
) -> Result<platform::Data<CouponPool>, ApiError> {
    let position = api.reach(least, &[Source::Coupons]).await?;
    let row: Option<Row> = sqlx::query_as(
        "SELECT id, name, discount_percent, discount_amount, discount_max_amount, discount_currency,
                quantity, issued, remaining, used, valid_from, valid_until, closed_at, created_at,
                updated_at
           FROM read_model.coupon_pools WHERE id = $1",
    )
    .bind(id.0)
    .fetch_optional(api.pool())
    .await
    .map_err(ReadError::from)?;
    let row = row.ok_or_else(|| ApiError::not_found("COUPON_POOL_NOT_FOUND"))?;
    Ok(answer(CouponPool::from(row), position))
}
