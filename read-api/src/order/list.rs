//! `GET /orders`: the caller's own (U-01, O-05).

use actix_web::get;
use actix_web::web::Data;
use chrono::{DateTime, Utc};
use failpoints::failpoint;
use platform::paging::PageParams;
use platform::{ApiError, MinPosition, PageRequest, PagedQuery, Principal, Sort, Sortable};
use serde::{Deserialize, Serialize};
use sqlx::{Postgres, QueryBuilder};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::ReadApi;
use crate::error::ReadError;
use crate::freshness::Source;
use crate::money::Money;
use crate::openapi::{AnyQuery, errors};
use crate::page::{self, Page};
use crate::payment::PaymentStatus;

/// Where an order stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum OrderStatus {
    /// Waits for its payment.
    Pending,
    /// Paid, and may still be cancelled.
    Paid,
    /// No longer cancelled, only refunded.
    Confirmed,
    /// On its way.
    Shipped,
    /// Arrived.
    Delivered,
    /// Cancelled, for good.
    Cancelled,
}

impl OrderStatus {
    /// As in the read model.
    fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "PENDING",
            Self::Paid => "PAID",
            Self::Confirmed => "CONFIRMED",
            Self::Shipped => "SHIPPED",
            Self::Delivered => "DELIVERED",
            Self::Cancelled => "CANCELLED",
        }
    }
}

/// Which of the caller's orders.
#[derive(Clone, Copy, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct OrderFilter {
    /// Only those that stand here.
    pub(crate) status: Option<OrderStatus>,
}

impl Sortable for OrderFilter {
    const SORTS: &'static [Sort] = &[Sort::descending("createdAt")];
}

/// An order in a list.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OrderSummary {
    id: Uuid,
    #[schema(value_type = OrderStatus)]
    status: String,
    /// What is to be paid, or was.
    total_amount: Money,
    /// Lines, not pieces.
    item_count: i32,
    /// Where its payment stands; `null` for the moment in which only the order is known.
    #[schema(value_type = Option<PaymentStatus>)]
    payment_status: Option<String>,
    payment_id: Option<Uuid>,
    /// Unpaid after this moment, it is cancelled.
    payment_due_at: DateTime<Utc>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    status: String,
    currency: String,
    total_amount: i64,
    item_count: i32,
    payment_status: Option<String>,
    payment_id: Option<Uuid>,
    payment_due_at: DateTime<Utc>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl From<Row> for OrderSummary {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            status: row.status,
            total_amount: Money::new(row.total_amount, &row.currency),
            item_count: row.item_count,
            payment_status: row.payment_status,
            payment_id: row.payment_id,
            payment_due_at: row.payment_due_at,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

errors!(ListErrors, []);

/// The caller's orders, the newest first.
#[utoipa::path(
    tag = "orders",
    params(OrderFilter, PageParams, AnyQuery),
    responses((status = 200, body = Page<OrderSummary>), ListErrors),
    security(("bearer" = []))
)]
#[get("/orders")]
pub(super) async fn list_orders(
    caller: Principal,
    query: PagedQuery<OrderFilter>,
    least: MinPosition,
    api: Data<ReadApi>,
) -> Result<Page<OrderSummary>, ApiError> {
    let PagedQuery { filter, page } = query;
    let position = api
        .reach(least, &[Source::Orders, Source::Payments])
        .await?;
    let mut select = page_query("", caller.subject(), filter, &page);
    let rows: Vec<Row> = select
        .build_query_as()
        .fetch_all(api.pool())
        .await
        .map_err(ReadError::from)?;
    failpoint!("read-api.orders.read", |error| ReadError::from(
        sqlx::Error::Io(error)
    ));
    let matching = |query: &mut _| matching(query, caller.subject(), filter);
    let total = page::total(api.pool(), &page, rows.len(), matching).await?;
    let data = rows.into_iter().map(OrderSummary::from).collect();
    Ok(Page::new(data, &page, total, position))
}

/// The statement of a page: the ids from an index alone, then their rows.
pub(crate) fn page_query<'a>(
    prefix: &str,
    user_id: &'a str,
    filter: OrderFilter,
    page: &PageRequest,
) -> QueryBuilder<'a, Postgres> {
    let direction = page.sort().direction.as_sql();
    let mut query = QueryBuilder::new(format!(
        "{prefix}SELECT o.id, o.status, o.currency, o.total_amount, o.item_count, o.payment_id,
                o.payment_due_at, o.created_at, o.updated_at, s.current_status AS payment_status
           FROM (SELECT o.id "
    ));
    matching(&mut query, user_id, filter);
    query.push(format!(
        " ORDER BY o.created_at {direction}, o.id {direction} LIMIT "
    ));
    query
        .push_bind(page.limit())
        .push(" OFFSET ")
        .push_bind(page.offset());
    query.push(format!(
        ") page
           JOIN read_model.orders o ON o.id = page.id
           LEFT JOIN read_model.payment_states s ON s.order_id = o.id
          ORDER BY o.created_at {direction}, o.id {direction}"
    ));
    query
}

/// The statement that counts what fits.
#[cfg(test)]
pub(crate) fn count_query<'a>(
    prefix: &str,
    user_id: &'a str,
    filter: OrderFilter,
) -> QueryBuilder<'a, Postgres> {
    page::count_query(prefix, |query| matching(query, user_id, filter))
}

fn matching<'a>(query: &mut QueryBuilder<'a, Postgres>, user_id: &'a str, filter: OrderFilter) {
    query
        .push("FROM read_model.orders o WHERE o.user_id = ")
        .push_bind(user_id);
    if let Some(status) = filter.status {
        query.push(" AND o.status = ").push_bind(status.as_str());
    }
}
