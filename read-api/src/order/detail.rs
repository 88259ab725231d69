//! `GET /orders/{id}` (O-02, U-03).

use actix_web::get;
use actix_web::web::Data;
use chrono::{DateTime, Utc};
use platform::{ApiError, MinPosition, Principal, ValidPath};
use serde::Serialize;
use sqlx::PgPool;
use utoipa::ToSchema;
use uuid::Uuid;

use super::list::OrderStatus;
use crate::ReadApi;
use crate::answer::answer;
use crate::error::ReadError;
use crate::freshness::Source;
use crate::money::Money;
use crate::openapi::{AnyQuery, errors};
use crate::payment::PaymentStatus;

/// The most items that are listed; an order may have a hundred.
const ITEMS_MAX: i64 = 1_000;

/// An order.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OrderDetail {
    id: Uuid,
    user_id: String,
    #[schema(value_type = OrderStatus)]
    status: String,
    items: Vec<OrderItem>,
    /// The sum of the items.
    subtotal_amount: Money,
    /// What the coupon takes off.
    discount_amount: Money,
    /// What is to be paid, or was: subtotal less discount.
    total_amount: Money,
    coupon_code: Option<String>,
    payment: OrderPaymentState,
    /// Why it was cancelled; `null` when it was not.
    cancellation: Option<Cancellation>,
    /// Unpaid after this moment, it is cancelled.
    payment_due_at: DateTime<Utc>,
    /// Paid, it is confirmed by itself at this moment.
    confirmation_due_at: Option<DateTime<Utc>>,
    paid_at: Option<DateTime<Utc>>,
    confirmed_at: Option<DateTime<Utc>>,
    shipped_at: Option<DateTime<Utc>>,
    delivered_at: Option<DateTime<Utc>>,
    cancelled_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    /// How many events it has.
    version: i64,
}

/// A line of an order, as it was when the order was placed.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OrderItem {
    id: Uuid,
    product_id: Uuid,
    /// The product's name.
    name: String,
    quantity: i32,
    /// The price of a piece.
    unit_price: Money,
    /// `quantity × unitPrice`.
    amount: Money,
}

/// Where an order's payment stands.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OrderPaymentState {
    /// `null` before one was asked for.
    id: Option<Uuid>,
    /// `null` for the moment in which only the order is known.
    #[schema(value_type = Option<PaymentStatus>)]
    status: Option<String>,
    /// What was paid.
    paid_amount: Money,
    /// What of it went back.
    refunded_amount: Money,
}

/// Why an order was cancelled.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Cancellation {
    /// `PAYMENT_FAILED`, `PAYMENT_TIMED_OUT` or `REQUESTED`.
    kind: String,
    /// Of `PAYMENT_FAILED`: the payment's failure code.
    failure_code: Option<String>,
    /// Of `REQUESTED`: the words of whoever asked.
    reason: Option<String>,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    user_id: String,
    status: String,
    currency: String,
    subtotal_amount: i64,
    discount_amount: i64,
    total_amount: i64,
    coupon_code: Option<String>,
    payment_id: Option<Uuid>,
    payment_status: Option<String>,
    paid_amount: i64,
    refunded_amount: i64,
    payment_due_at: DateTime<Utc>,
    confirmation_due_at: Option<DateTime<Utc>>,
    paid_at: Option<DateTime<Utc>>,
    confirmed_at: Option<DateTime<Utc>>,
    shipped_at: Option<DateTime<Utc>>,
    delivered_at: Option<DateTime<Utc>>,
    cancelled_at: Option<DateTime<Utc>>,
    cancel_kind: Option<String>,
    cancel_code: Option<String>,
    cancel_reason: Option<String>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    version: i64,
}

#[derive(sqlx::FromRow)]
struct ItemRow {
    id: Uuid,
    product_id: Uuid,
    product_name: String,
    quantity: i32,
    unit_price_amount: i64,
    amount: i64,
}

impl Row {
    fn with_items(self, items: Vec<ItemRow>) -> OrderDetail {
        let money = |amount| Money::new(amount, &self.currency);
        let items = items.into_iter().map(|item| OrderItem {
            id: item.id,
            product_id: item.product_id,
            name: item.product_name,
            quantity: item.quantity,
            unit_price: money(item.unit_price_amount),
            amount: money(item.amount),
        });
        OrderDetail {
            items: items.collect(),
            subtotal_amount: money(self.subtotal_amount),
            discount_amount: money(self.discount_amount),
            total_amount: money(self.total_amount),
            payment: OrderPaymentState {
                id: self.payment_id,
                paid_amount: money(self.paid_amount),
                refunded_amount: money(self.refunded_amount),
                status: self.payment_status,
            },
            cancellation: self.cancel_kind.map(|kind| Cancellation {
                kind,
                failure_code: self.cancel_code,
                reason: self.cancel_reason,
            }),
            id: self.id,
            user_id: self.user_id,
            status: self.status,
            coupon_code: self.coupon_code,
            payment_due_at: self.payment_due_at,
            confirmation_due_at: self.confirmation_due_at,
            paid_at: self.paid_at,
            confirmed_at: self.confirmed_at,
            shipped_at: self.shipped_at,
            delivered_at: self.delivered_at,
            cancelled_at: self.cancelled_at,
            created_at: self.created_at,
            updated_at: self.updated_at,
            version: self.version,
        }
    }
}

errors!(DetailErrors, [404: ["ORDER_NOT_FOUND"]]);

/// One order: the caller's own, or any for an operator.
#[utoipa::path(
    tag = "orders",
    params(("id" = Uuid, Path), AnyQuery),
    responses((status = 200, body = platform::Data<OrderDetail>), DetailErrors),
    security(("bearer" = []))
)]
#[get("/orders/{id}")]
pub(super) async fn get_order(
    caller: Principal,
    id: ValidPath<Uuid>,
    least: MinPosition,
    api: Data<ReadApi>,
) -> Result<platform::Data<OrderDetail>, ApiError> {
    let position = api
        .reach(least, &[Source::Orders, Source::Payments])
        .await?;
    let order = find(api.pool(), id.0, &caller).await?;
    let order = order.ok_or_else(|| ApiError::not_found("ORDER_NOT_FOUND"))?;
    Ok(answer(order, position))
}

/// Two statements: the items of an order never change once it is there.
async fn find(
    pool: &PgPool,
    id: Uuid,
    caller: &Principal,
) -> Result<Option<OrderDetail>, ReadError> {
    let row: Option<Row> = sqlx::query_as(
        "SELECT o.id, o.user_id, o.status, o.currency, o.subtotal_amount, o.discount_amount,
                o.total_amount, o.coupon_code, o.payment_id, o.payment_due_at, o.confirmation_due_at,
                o.paid_at, o.confirmed_at, o.shipped_at, o.delivered_at, o.cancelled_at, o.cancel_kind,
                o.cancel_code, o.cancel_reason, o.created_at, o.updated_at, o.version,
                s.current_status AS payment_status, coalesce(s.paid_amount, 0) AS paid_amount,
                coalesce(s.refunded_amount, 0) AS refunded_amount
           FROM read_model.orders o
           LEFT JOIN read_model.payment_states s ON s.order_id = o.id
          WHERE o.id = $1 AND ($2 OR o.user_id = $3)",
    )
    .bind(id)
    .bind(super::sees_all(caller))
    .bind(caller.subject())
    .fetch_optional(pool)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let items: Vec<ItemRow> = sqlx::query_as(
        "SELECT id, product_id, product_name, quantity, unit_price_amount, amount
           FROM read_model.order_items WHERE order_id = $1 ORDER BY line_number LIMIT $2",
    )
    .bind(id)
    .bind(ITEMS_MAX)
    .fetch_all(pool)
    .await?;
    Ok(Some(row.with_items(items)))
}
