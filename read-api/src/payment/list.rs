//! `GET /payments`: the caller's own; an operator's are everybody's, with what a person must look at.

use actix_web::get;
use actix_web::web::Data;
use chrono::{DateTime, Utc};
use platform::paging::PageParams;
use platform::{ApiError, MinPosition, PagedQuery, Principal, Sort, Sortable};
use serde::{Deserialize, Serialize};
use sqlx::{Postgres, QueryBuilder};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::PaymentStatus;
use super::detail::Review;
use crate::ReadApi;
use crate::freshness::Source;
use crate::list::List;
use crate::money::Money;
use crate::openapi::{AnyQuery, errors};
use crate::order::sees_all;
use crate::page::Page;

/// Which payments.
#[derive(Clone, Copy, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct PaymentFilter {
    /// Only those that stand here.
    status: Option<PaymentStatus>,
    /// `true`: only those that a person must look at; an operator's to ask for.
    review: Option<bool>,
}

impl Sortable for PaymentFilter {
    const SORTS: &'static [Sort] = &[Sort::descending("requestedAt")];
}

/// A payment in a list.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PaymentSummary {
    id: Uuid,
    order_id: Uuid,
    user_id: String,
    #[schema(value_type = PaymentStatus)]
    status: String,
    /// What was asked for.
    amount: Money,
    gateway: String,
    failure_code: Option<String>,
    /// Why the outcome is unknown.
    unknown_reason: Option<String>,
    /// How often it was found unknown.
    inquiries: i32,
    /// When it is asked about next; `null` while UNKNOWN: never again by itself.
    next_inquiry_at: Option<DateTime<Utc>>,
    /// Until when its deposit is awaited, or was.
    deposit_until: Option<DateTime<Utc>>,
    /// Why a person of the shop must look at it; `null` to customers.
    review: Option<Review>,
    requested_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    order_id: Uuid,
    user_id: String,
    status: String,
    currency: String,
    amount: i64,
    gateway: String,
    failure_code: Option<String>,
    unknown_reason: Option<String>,
    inquiries: i32,
    next_inquiry_at: Option<DateTime<Utc>>,
    deposit_until: Option<DateTime<Utc>>,
    review_reason: Option<String>,
    review_at: Option<DateTime<Utc>>,
    requested_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl Row {
    fn seen_by_operator(self, operator: bool) -> PaymentSummary {
        let review = self.review_reason.zip(self.review_at);
        let review = review.filter(|_| operator);
        PaymentSummary {
            id: self.id,
            order_id: self.order_id,
            user_id: self.user_id,
            status: self.status,
            amount: Money::new(self.amount, &self.currency),
            gateway: self.gateway,
            failure_code: self.failure_code,
            unknown_reason: self.unknown_reason,
            inquiries: self.inquiries,
            next_inquiry_at: self.next_inquiry_at,
            deposit_until: self.deposit_until,
            review: review.map(|(reason, since)| Review { reason, since }),
            requested_at: self.requested_at,
            updated_at: self.updated_at,
        }
    }
}

errors!(ListErrors, [403: ["FORBIDDEN"]]);

/// Payments, the newest first: the caller's own, or everybody's for an operator.
#[utoipa::path(
    tag = "payments",
    params(PaymentFilter, PageParams, AnyQuery),
    responses((status = 200, body = Page<PaymentSummary>), ListErrors),
    security(("bearer" = []))
)]
#[get("/payments")]
pub(super) async fn list_payments(
    caller: Principal,
    query: PagedQuery<PaymentFilter>,
    least: MinPosition,
    api: Data<ReadApi>,
) -> Result<Page<PaymentSummary>, ApiError> {
    let PagedQuery { filter, page } = query;
    let operator = sees_all(&caller);
    if filter.review.is_some() && !operator {
        return Err(ApiError::forbidden());
    }
    let position = api.reach(least, &[Source::Payments]).await?;
    let owner = (!operator).then(|| caller.subject());
    let told = |row: Row| row.seen_by_operator(operator);
    let payments = payments(owner, filter);
    Ok(payments.read(api.pool(), &page, position, told).await?)
}

/// The payments of a user, or everybody's.
pub(crate) fn payments(owner: Option<&str>, filter: PaymentFilter) -> List<'_> {
    List::new(
        "p.id, p.order_id, p.user_id, p.status, p.currency, p.amount, p.gateway, p.failure_code,
         p.unknown_reason, p.inquiries, p.next_inquiry_at, p.deposit_until, p.review_reason, p.review_at,
         p.requested_at, p.updated_at",
        ("p.id", "JOIN read_model.payments p ON p.id = page.id"),
        ["p.requested_at", "p.id"],
        move |query| matching(query, owner, filter),
    )
}

fn matching<'a>(
    query: &mut QueryBuilder<'a, Postgres>,
    owner: Option<&'a str>,
    filter: PaymentFilter,
) {
    query.push("FROM read_model.payments p WHERE true");
    if let Some(owner) = owner {
        query.push(" AND p.user_id = ").push_bind(owner);
    }
    if let Some(status) = filter.status {
        query.push(" AND p.status = ").push_bind(status.as_str());
    }
    match filter.review {
        Some(true) => query.push(" AND p.review_reason IS NOT NULL"),
        Some(false) => query.push(" AND p.review_reason IS NULL"),
        None => query,
    };
}
