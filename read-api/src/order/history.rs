//! `GET /orders/{id}/history`: what happened to an order, event by event.

use actix_web::get;
use actix_web::web::Data;
use chrono::{DateTime, Utc};
use platform::{ApiError, MinPosition, Principal, ValidPath};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::ReadApi;
use crate::answer::answer;
use crate::error::ReadError;
use crate::freshness::Source;
use crate::openapi::{AnyQuery, errors};

/// The most events that are listed. An order has about ten; one whose payment is unknown for weeks is
/// asked for on a schedule that ends.
const HISTORY_MAX: i64 = 1_000;

/// Something that happened to an order.
#[derive(Debug, Serialize, ToSchema, sqlx::FromRow)]
#[serde(rename_all = "camelCase")]
pub(crate) struct HistoryEntry {
    /// Its place in the log.
    position: i64,
    event_id: Uuid,
    /// The event's type, such as `OrderPlaced` or `PaymentSucceeded`.
    #[serde(rename = "type")]
    #[schema(rename = "type")]
    event_type: String,
    at: DateTime<Utc>,
    /// What there is to say about it; depends on the type.
    #[schema(value_type = Object)]
    detail: Value,
}

errors!(HistoryErrors, [404: ["ORDER_NOT_FOUND"]]);

/// What happened to an order and its payment, the oldest first.
#[utoipa::path(
    tag = "orders",
    params(("id" = Uuid, Path), AnyQuery),
    responses((status = 200, body = platform::Data<Vec<HistoryEntry>>), HistoryErrors),
    security(("bearer" = []))
)]
#[get("/orders/{id}/history")]
pub(super) async fn get_order_history(
    caller: Principal,
    id: ValidPath<Uuid>,
    least: MinPosition,
    api: Data<ReadApi>,
) -> Result<platform::Data<Vec<HistoryEntry>>, ApiError> {
    let position = api.reach(least, &[Source::Orders]).await?;
    let entries: Vec<HistoryEntry> = sqlx::query_as(
        "SELECT h.position, h.event_id, h.event_type, h.at, h.detail
           FROM read_model.orders o JOIN read_model.order_history h ON h.order_id = o.id
          WHERE o.id = $1 AND ($2 OR o.user_id = $3)
          ORDER BY h.position LIMIT $4",
    )
    .bind(id.0)
    .bind(super::sees_all(&caller))
    .bind(caller.subject())
    .bind(HISTORY_MAX)
    .fetch_all(api.pool())
    .await
    .map_err(ReadError::from)?;
    // Every order was placed: no entry means no order that the caller may see.
    if entries.is_empty() {
        return Err(ApiError::not_found("ORDER_NOT_FOUND"));
    }
    Ok(answer(entries, position))
}
