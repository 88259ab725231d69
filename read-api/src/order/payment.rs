//! `GET /orders/{id}/payment`: where the payment of an order stands (U-03, PAY-04).

use actix_web::get;
use actix_web::web::Data;
use chrono::{DateTime, Utc};
use platform::{ApiError, MinPosition, Principal, ValidPath};
use serde::Serialize;
use sqlx::PgPool;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::ReadApi;
use crate::answer::answer;
use crate::error::ReadError;
use crate::freshness::Source;
use crate::money::Money;
use crate::openapi::{AnyQuery, errors};
use crate::payment::{self, PaymentDetail, PaymentStatus};

/// Where the payment of an order stands; there from the moment the order is placed.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OrderPayment {
    order_id: Uuid,
    /// `null` before one was asked for.
    payment_id: Option<Uuid>,
    /// `PENDING` before one was asked for; `CANCELLED` when none ever will be.
    #[schema(value_type = PaymentStatus)]
    status: String,
    /// What is to be paid.
    amount: Money,
    /// What was paid.
    paid_amount: Money,
    /// What of it went back.
    refunded_amount: Money,
    updated_at: DateTime<Utc>,
    /// The payment itself; `null` before one was asked for.
    payment: Option<PaymentDetail>,
}

#[derive(sqlx::FromRow)]
struct Row {
    order_id: Uuid,
    last_transaction_id: Option<Uuid>,
    current_status: String,
    currency: String,
    payment_amount: i64,
    paid_amount: i64,
    refunded_amount: i64,
    last_updated_at: DateTime<Utc>,
}

impl Row {
    fn with(self, payment: Option<PaymentDetail>) -> OrderPayment {
        let money = |amount| Money::new(amount, &self.currency);
        OrderPayment {
            order_id: self.order_id,
            payment_id: self.last_transaction_id,
            amount: money(self.payment_amount),
            paid_amount: money(self.paid_amount),
            refunded_amount: money(self.refunded_amount),
            status: self.current_status,
            updated_at: self.last_updated_at,
            payment,
        }
    }
}

errors!(PaymentErrors, [404: ["ORDER_NOT_FOUND"]]);

/// The payment state of one order.
#[utoipa::path(
    tag = "orders",
    params(("id" = Uuid, Path), AnyQuery),
    responses((status = 200, body = platform::Data<OrderPayment>), PaymentErrors),
    security(("bearer" = []))
)]
#[get("/orders/{id}/payment")]
pub(super) async fn get_order_payment(
    caller: Principal,
    id: ValidPath<Uuid>,
    least: MinPosition,
    api: Data<ReadApi>,
) -> Result<platform::Data<OrderPayment>, ApiError> {
    let position = api.reach(least, &[Source::Payments]).await?;
    let payment = find(api.pool(), id.0, &caller).await?;
    let payment = payment.ok_or_else(|| ApiError::not_found("ORDER_NOT_FOUND"))?;
    Ok(answer(payment, position))
}

/// The snapshot first; the payment itself only when the snapshot names one.
async fn find(
    pool: &PgPool,
    order_id: Uuid,
    caller: &Principal,
) -> Result<Option<OrderPayment>, ReadError> {
    let row: Option<Row> = sqlx::query_as(
        "SELECT order_id, last_transaction_id, current_status, currency, payment_amount, paid_amount,
                refunded_amount, last_updated_at
           FROM read_model.payment_states WHERE order_id = $1 AND ($2 OR user_id = $3)",
    )
    .bind(order_id)
    .bind(super::sees_all(caller))
    .bind(caller.subject())
    .fetch_optional(pool)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let payment = match row.last_transaction_id {
        Some(payment_id) => payment::find(pool, payment_id, caller).await?,
        None => None,
    };
    Ok(Some(row.with(payment)))
}
