//! `GET /orders`: the caller's own (U-01, O-05).

use actix_web::get;
use actix_web::web::Data;
use chrono::{DateTime, Utc};
use failpoints::failpoint;
use platform::paging::PageParams;
use platform::{ApiError, MinPosition, PagedQuery, Principal, Sort, Sortable};
use serde::{Deserialize, Serialize};
use sqlx::{Postgres, QueryBuilder};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::ReadApi;
use crate::freshness::Source;
use crate::list::List;
use crate::money::Money;
use crate::openapi::{AnyQuery, errors};
use crate::page::Page;
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
    let orders = orders(caller.subject(), filter);
    let told = OrderSummary::from as fn(Row) -> OrderSummary;
    let answer = orders.read(api.pool(), &page, position, told).await?;
    failpoint!("read-api.orders.read", |error| {
        crate::error::ReadError::from(sqlx::Error::Io(error))
    });
    Ok(answer)
}

/// A user's orders.
pub(crate) fn orders(user_id: &str, filter: OrderFilter) -> List<'_> {
    List::new(
        "o.id, o.status, o.currency, o.total_amount, o.item_count, o.payment_id, o.payment_due_at,
         o.created_at, o.updated_at, s.current_status AS payment_status",
        (
            "o.id",
            "JOIN read_model.orders o ON o.id = page.id
             LEFT JOIN read_model.payment_states s ON s.order_id = o.id",
        ),
        ["o.created_at", "o.id"],
        move |query| matching(query, user_id, filter),
    )
}

fn matching<'a>(query: &mut QueryBuilder<'a, Postgres>, user_id: &'a str, filter: OrderFilter) {
    query
        .push("FROM read_model.orders o WHERE o.user_id = ")
        .push_bind(user_id);
    if let Some(status) = filter.status {
        query.push(" AND o.status = ").push_bind(status.as_str());
    }
}
