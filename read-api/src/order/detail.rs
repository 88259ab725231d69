//! `GET /orders/{id}` (O-02, U-03).

use actix_web::get;
use actix_web::web::Data;
use chrono::{DateTime, Utc};
use failpoints::failpoint;
use platform::{ApiError, MinPosition, Principal, ValidPath};
use serde::{Deserialize, Serialize};
use sqlx::PgPool;
use sqlx::types::Json;
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
    /// What is to be paid, or was, with money or points: subtotal less discount.
    total_amount: Money,
    /// What of it points pay: one is a minor unit.
    points: i64,
    /// Money that went back by refunds.
    refunded_amount: Money,
    /// Points that went back by refunds.
    refunded_points: i64,
    /// Refunds of all or parts of it, done or not, oldest first.
    refunds: Vec<OrderRefund>,
    coupon_code: Option<String>,
    /// Its payment, also before one is asked for: the order number that the buyer's browser begins with at the
    /// gateway.
    payment_id: Uuid,
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
    /// Pieces that a refund took, done or not.
    refunded_quantity: i64,
    /// Money that a refund took, done or not.
    refunded_amount: Money,
    /// Points that a refund took, done or not.
    refunded_points: i64,
}

/// What goes back of an order.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OrderRefund {
    id: Uuid,
    payment_id: Uuid,
    /// `PENDING` until money and points are back, then `SUCCEEDED`.
    status: String,
    amount: Money,
    points: i64,
    /// Whether its pieces become stock again: they had not left the warehouse.
    restocks: bool,
    /// In the words of whoever asked.
    reason: String,
    requested_at: DateTime<Utc>,
    completed_at: Option<DateTime<Utc>>,
}

#[derive(Deserialize)]
struct RefundRow {
    id: Uuid,
    payment_id: Uuid,
    status: String,
    amount: i64,
    points: i64,
    restocks: bool,
    reason: String,
    requested_at: DateTime<Utc>,
    completed_at: Option<DateTime<Utc>>,
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
    points: i64,
    order_refunded_amount: i64,
    refunded_points: i64,
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
    items: Json<Vec<ItemRow>>,
    refunds: Json<Vec<RefundRow>>,
}

#[derive(Deserialize)]
struct ItemRow {
    id: Uuid,
    product_id: Uuid,
    product_name: String,
    quantity: i32,
    unit_price_amount: i64,
    amount: i64,
    refunded_quantity: i64,
    refunded_amount: i64,
    refunded_points: i64,
}

impl From<Row> for OrderDetail {
    fn from(row: Row) -> Self {
        let money = |amount| Money::new(amount, &row.currency);
        let items = row.items.0.into_iter().map(|item| OrderItem {
            id: item.id,
            product_id: item.product_id,
            name: item.product_name,
            quantity: item.quantity,
            unit_price: money(item.unit_price_amount),
            amount: money(item.amount),
            refunded_quantity: item.refunded_quantity,
            refunded_amount: money(item.refunded_amount),
            refunded_points: item.refunded_points,
        });
        let refunds = row.refunds.0.into_iter().map(|refund| OrderRefund {
            id: refund.id,
            payment_id: refund.payment_id,
            status: refund.status,
            amount: money(refund.amount),
            points: refund.points,
            restocks: refund.restocks,
            reason: refund.reason,
            requested_at: refund.requested_at,
            completed_at: refund.completed_at,
        });
        Self {
            items: items.collect(),
            refunds: refunds.collect(),
            points: row.points,
            refunded_amount: money(row.order_refunded_amount),
            refunded_points: row.refunded_points,
            subtotal_amount: money(row.subtotal_amount),
            discount_amount: money(row.discount_amount),
            total_amount: money(row.total_amount),
            payment: OrderPaymentState {
                id: row.payment_id,
                paid_amount: money(row.paid_amount),
                refunded_amount: money(row.refunded_amount),
                status: row.payment_status,
            },
            payment_id: row.payment_id.unwrap_or_else(|| payment_of(row.id)),
            cancellation: row.cancel_kind.map(|kind| Cancellation {
                kind,
                failure_code: row.cancel_code,
                reason: row.cancel_reason,
            }),
            id: row.id,
            user_id: row.user_id,
            status: row.status,
            coupon_code: row.coupon_code,
            payment_due_at: row.payment_due_at,
            confirmation_due_at: row.confirmation_due_at,
            paid_at: row.paid_at,
            confirmed_at: row.confirmed_at,
            shipped_at: row.shipped_at,
            delivered_at: row.delivered_at,
            cancelled_at: row.cancelled_at,
            created_at: row.created_at,
            updated_at: row.updated_at,
            version: row.version,
        }
    }
}

/// The payment that an order will have, as the write side makes its id (`PaymentId::of_order`).
fn payment_of(order_id: Uuid) -> Uuid {
    const CHANGED: u128 = 0x70_6179_6d65_6e74;
    Uuid::from_u128(order_id.as_u128() ^ CHANGED)
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

/// One statement: to ask twice would cost more than to answer.
async fn find(
    pool: &PgPool,
    id: Uuid,
    caller: &Principal,
) -> Result<Option<OrderDetail>, ReadError> {
    let row: Option<Row> = sqlx::query_as(
        "SELECT o.id, o.user_id, o.status, o.currency, o.subtotal_amount, o.discount_amount,
                o.total_amount, o.points, o.refunded_amount AS order_refunded_amount, o.refunded_points,
                o.coupon_code, o.payment_id, o.payment_due_at, o.confirmation_due_at,
                o.paid_at, o.confirmed_at, o.shipped_at, o.delivered_at, o.cancelled_at, o.cancel_kind,
                o.cancel_code, o.cancel_reason, o.created_at, o.updated_at, o.version,
                s.current_status AS payment_status, coalesce(s.paid_amount, 0) AS paid_amount,
                coalesce(s.refunded_amount, 0) AS refunded_amount,
                (SELECT coalesce(json_agg(i), '[]')
                   FROM (SELECT id, product_id, product_name, quantity, unit_price_amount, amount,
                                coalesce(r.quantity_back, 0) AS refunded_quantity,
                                coalesce(r.amount_back, 0) AS refunded_amount,
                                coalesce(r.points_back, 0) AS refunded_points
                           FROM read_model.order_items l
                           LEFT JOIN (SELECT order_item_id, sum(quantity) AS quantity_back,
                                             sum(amount) AS amount_back, sum(points) AS points_back
                                        FROM read_model.order_refund_items
                                       WHERE order_id = o.id GROUP BY order_item_id) r
                             ON r.order_item_id = l.id
                          WHERE l.order_id = o.id
                          ORDER BY line_number LIMIT $4) i) AS items,
                (SELECT coalesce(json_agg(r), '[]')
                   FROM (SELECT id, payment_id, status, amount, points, restocks, reason,
                                requested_at, completed_at
                           FROM read_model.order_refunds WHERE order_id = o.id
                          ORDER BY requested_at, id LIMIT $4) r) AS refunds
           FROM read_model.orders o
           LEFT JOIN read_model.payment_states s ON s.order_id = o.id
          WHERE o.id = $1 AND ($2 OR o.user_id = $3)",
    )
    .bind(id)
    .bind(super::sees_all(caller))
    .bind(caller.subject())
    .bind(ITEMS_MAX)
    .fetch_optional(pool)
    .await?;
    failpoint!("read-api.order.read", sqlx::Error::Io);
    Ok(row.map(OrderDetail::from))
}
