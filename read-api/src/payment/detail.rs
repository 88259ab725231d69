//! `GET /payments/{id}`. The token that a payment was made with is in no read model, and so not here.

use actix_web::get;
use actix_web::web::Data;
use chrono::{DateTime, Utc};
use platform::{ApiError, MinPosition, Principal, ValidPath};
use serde::{Deserialize, Serialize};
use sqlx::PgPool;
use sqlx::types::Json;
use utoipa::ToSchema;
use uuid::Uuid;

use super::PaymentStatus;
use crate::ReadApi;
use crate::answer::answer;
use crate::error::ReadError;
use crate::freshness::Source;
use crate::money::Money;
use crate::openapi::{AnyQuery, errors};
use crate::order::sees_all;

/// A payment.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PaymentDetail {
    id: Uuid,
    order_id: Uuid,
    #[schema(value_type = PaymentStatus)]
    status: String,
    /// What was asked for.
    amount: Money,
    /// What the gateway charged.
    charged_amount: Money,
    /// What of it went back.
    refunded_amount: Money,
    gateway: String,
    gateway_transaction_id: Option<String>,
    failure_code: Option<String>,
    failure_message: Option<String>,
    /// Why the outcome is unknown.
    unknown_reason: Option<String>,
    /// How often it was found unknown.
    inquiries: i32,
    next_inquiry_at: Option<DateTime<Utc>>,
    /// Where to pay into, of a payment by bank transfer; also once it is paid.
    deposit: Option<Deposit>,
    /// Why a person of the shop must look at it; `null` to customers.
    review: Option<Review>,
    /// What goes back of it, done or not, oldest first.
    refunds: Vec<Refund>,
    requested_at: DateTime<Utc>,
    /// When it succeeded or failed.
    completed_at: Option<DateTime<Utc>>,
    updated_at: DateTime<Utc>,
}

/// An account to pay into: the gateway's, for this one payment.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PaymentDeposit)]
pub(crate) struct Deposit {
    /// The bank, by the gateway's code for it.
    bank: String,
    /// The account's number.
    number: String,
    /// In whose name it is, where the gateway says so.
    holder: Option<String>,
    /// Until when. The order waits as long.
    until: DateTime<Utc>,
}

/// Why a person must look.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PaymentReview)]
pub(crate) struct Review {
    /// ANSWER_MISMATCHED, CHARGE_UNREADABLE, REFUNDED_AT_GATEWAY, DEPOSIT_MISMATCHED, DEPOSIT_TAKEN_BACK,
    /// CHARGE_CHANGED, CHARGED_TWICE or CHARGE_DENIED.
    pub(super) reason: String,
    /// Since when.
    pub(super) since: DateTime<Utc>,
}

/// The most refunds that are listed; a payment may have a hundred, and one that cancels the rest.
const REFUNDS_MAX: i64 = 200;

/// A refund.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Refund {
    id: Uuid,
    /// `PENDING` until the gateway said that it is done, then `SUCCEEDED`.
    status: String,
    /// `ORDER_CANCELLED`, `LATE_SUCCESS`, `AMOUNT_MISMATCH` or `REQUESTED`.
    reason: String,
    amount: Money,
    /// Attempts that failed.
    failed_attempts: i32,
    /// Why the last of them failed.
    delay_reason: Option<String>,
    next_attempt_at: Option<DateTime<Utc>>,
    requested_at: DateTime<Utc>,
    /// When it was done; `null` before.
    completed_at: Option<DateTime<Utc>>,
}

#[derive(Deserialize)]
struct RefundRow {
    id: Uuid,
    status: String,
    reason: String,
    amount: i64,
    failed_attempts: i32,
    delay_reason: Option<String>,
    next_attempt_at: Option<DateTime<Utc>>,
    requested_at: DateTime<Utc>,
    completed_at: Option<DateTime<Utc>>,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    order_id: Uuid,
    status: String,
    currency: String,
    amount: i64,
    charged_amount: i64,
    charged_currency: Option<String>,
    refunded_amount: i64,
    gateway: String,
    gateway_transaction_id: Option<String>,
    failure_code: Option<String>,
    failure_message: Option<String>,
    unknown_reason: Option<String>,
    inquiries: i32,
    next_inquiry_at: Option<DateTime<Utc>>,
    deposit_bank: Option<String>,
    deposit_number: Option<String>,
    deposit_holder: Option<String>,
    deposit_until: Option<DateTime<Utc>>,
    review_reason: Option<String>,
    review_at: Option<DateTime<Utc>>,
    requested_at: DateTime<Utc>,
    completed_at: Option<DateTime<Utc>>,
    refunds: Json<Vec<RefundRow>>,
    updated_at: DateTime<Utc>,
}

impl From<Row> for PaymentDetail {
    fn from(row: Row) -> Self {
        let deposit = match (row.deposit_bank, row.deposit_number, row.deposit_until) {
            (Some(bank), Some(number), Some(until)) => Some(Deposit {
                bank,
                number,
                holder: row.deposit_holder,
                until,
            }),
            _ => None,
        };
        let review = row.review_reason.zip(row.review_at);
        let review = review.map(|(reason, since)| Review { reason, since });
        let charged_in = row.charged_currency.as_deref().unwrap_or(&row.currency);
        let refunds = row.refunds.0.into_iter().map(|refund| Refund {
            id: refund.id,
            status: refund.status,
            reason: refund.reason,
            amount: Money::new(refund.amount, charged_in),
            failed_attempts: refund.failed_attempts,
            delay_reason: refund.delay_reason,
            next_attempt_at: refund.next_attempt_at,
            requested_at: refund.requested_at,
            completed_at: refund.completed_at,
        });
        Self {
            amount: Money::new(row.amount, &row.currency),
            charged_amount: Money::new(row.charged_amount, charged_in),
            refunded_amount: Money::new(row.refunded_amount, charged_in),
            id: row.id,
            order_id: row.order_id,
            status: row.status,
            gateway: row.gateway,
            gateway_transaction_id: row.gateway_transaction_id,
            failure_code: row.failure_code,
            failure_message: row.failure_message,
            unknown_reason: row.unknown_reason,
            inquiries: row.inquiries,
            next_inquiry_at: row.next_inquiry_at,
            deposit,
            review,
            refunds: refunds.collect(),
            requested_at: row.requested_at,
            completed_at: row.completed_at,
            updated_at: row.updated_at,
        }
    }
}

errors!(DetailErrors, [404: ["PAYMENT_NOT_FOUND"]]);

/// One payment: the caller's own, or any for an operator.
#[utoipa::path(
    tag = "payments",
    params(("id" = Uuid, Path), AnyQuery),
    responses((status = 200, body = platform::Data<PaymentDetail>), DetailErrors),
    security(("bearer" = []))
)]
#[get("/payments/{id}")]
pub(super) async fn get_payment(
    caller: Principal,
    id: ValidPath<Uuid>,
    least: MinPosition,
    api: Data<ReadApi>,
) -> Result<platform::Data<PaymentDetail>, ApiError> {
    let position = api.reach(least, &[Source::Payments]).await?;
    let payment = find(api.pool(), id.0, &caller).await?;
    let payment = payment.ok_or_else(|| ApiError::not_found("PAYMENT_NOT_FOUND"))?;
    Ok(answer(payment, position))
}

/// A payment that the caller may see.
pub(crate) async fn find(
    pool: &PgPool,
    id: Uuid,
    caller: &Principal,
) -> Result<Option<PaymentDetail>, ReadError> {
    let row: Option<Row> = sqlx::query_as(
        "SELECT id, order_id, status, currency, amount, charged_amount, charged_currency,
                refunded_amount, gateway, gateway_transaction_id, failure_code, failure_message,
                unknown_reason, inquiries, next_inquiry_at, deposit_bank, deposit_number,
                deposit_holder, deposit_until,
                CASE WHEN $2 THEN review_reason END AS review_reason, review_at, requested_at, completed_at, updated_at,
                (SELECT coalesce(json_agg(r), '[]')
                   FROM (SELECT id, status, reason, amount, failed_attempts, delay_reason,
                                next_attempt_at, requested_at, completed_at
                           FROM read_model.payment_refunds WHERE payment_id = p.id
                          ORDER BY requested_at, id LIMIT $4) r) AS refunds
           FROM read_model.payments p WHERE id = $1 AND ($2 OR user_id = $3)",
    )
    .bind(id)
    .bind(sees_all(caller))
    .bind(caller.subject())
    .bind(REFUNDS_MAX)
    .fetch_optional(pool)
    .await?;
    Ok(row.map(PaymentDetail::from))
}
