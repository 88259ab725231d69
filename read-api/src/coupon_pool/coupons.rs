//! `GET /coupons`: the caller's own (U-02, CO-03).

use actix_web::get;
use actix_web::web::Data;
use chrono::{DateTime, Utc};
use platform::paging::PageParams;
use platform::{ApiError, MinPosition, PagedQuery, Principal, Sort, Sortable};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Discount, DiscountRow};
use crate::ReadApi;
use crate::freshness::Source;
use crate::list::List;
use crate::openapi::{AnyQuery, errors};
use crate::page::Page;

/// No filter: all of the caller's coupons.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CouponFilter {}

impl Sortable for CouponFilter {
    const SORTS: &'static [Sort] = &[Sort::descending("issuedAt")];
}

/// A coupon that the caller holds.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Coupon {
    code: String,
    coupon_pool_id: Uuid,
    /// The pool's name.
    name: String,
    discount: Discount,
    /// `ISSUED` (free), `HELD` (by an order that is not paid yet) or `USED`.
    status: String,
    is_used: bool,
    /// Whether it can be used now: free, and within its validity.
    is_usable: bool,
    /// The order that holds or used it.
    order_id: Option<Uuid>,
    valid_from: DateTime<Utc>,
    valid_until: DateTime<Utc>,
    issued_at: DateTime<Utc>,
    used_at: Option<DateTime<Utc>>,
}

#[derive(sqlx::FromRow)]
struct Row {
    code: String,
    pool_id: Uuid,
    name: String,
    #[sqlx(flatten)]
    discount: DiscountRow,
    state: String,
    is_used: bool,
    is_usable: bool,
    order_id: Option<Uuid>,
    valid_from: DateTime<Utc>,
    valid_until: DateTime<Utc>,
    issued_at: DateTime<Utc>,
    used_at: Option<DateTime<Utc>>,
}

impl From<Row> for Coupon {
    fn from(row: Row) -> Self {
        Self {
            code: row.code,
            coupon_pool_id: row.pool_id,
            name: row.name,
            discount: row.discount.into(),
            status: row.state,
            is_used: row.is_used,
            is_usable: row.is_usable,
            order_id: row.order_id,
            valid_from: row.valid_from,
            valid_until: row.valid_until,
            issued_at: row.issued_at,
            used_at: row.used_at,
        }
    }
}

errors!(ListErrors, []);

/// The caller's coupons, the newest first, used or not.
#[utoipa::path(
    tag = "coupons",
    params(PageParams, AnyQuery),
    responses((status = 200, body = Page<Coupon>), ListErrors),
    security(("bearer" = []))
)]
#[get("/coupons")]
pub(super) async fn list_coupons(
    caller: Principal,
    query: PagedQuery<CouponFilter>,
    least: MinPosition,
    api: Data<ReadApi>,
) -> Result<Page<Coupon>, ApiError> {
    let page = query.page;
    let position = api.reach(least, &[Source::Coupons]).await?;
    let told = Coupon::from as fn(Row) -> Coupon;
    let coupons = coupons(caller.subject());
    Ok(coupons.read(api.pool(), &page, position, told).await?)
}

/// A user's coupons, with their pools.
pub(crate) fn coupons(user_id: &str) -> List<'_> {
    List::new(
        "c.code, c.pool_id, p.name, p.discount_percent, p.discount_amount, p.discount_max_amount,
         p.discount_currency, c.state, c.is_used, c.order_id, p.valid_from, p.valid_until, c.issued_at,
         c.used_at,
         c.state = 'ISSUED' AND p.closed_at IS NULL
             AND now() >= p.valid_from AND now() < p.valid_until AS is_usable",
        (
            "c.code",
            "JOIN read_model.user_coupons c ON c.code = page.code
             JOIN read_model.coupon_pools p ON p.id = c.pool_id",
        ),
        ["c.issued_at", "c.code"],
        move |query| {
            query
                .push("FROM read_model.user_coupons c WHERE c.user_id = ")
                .push_bind(user_id);
        },
    )
}
