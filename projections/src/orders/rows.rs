//! The rows of `schema.sql`.

use chrono::{DateTime, Utc};
use domain::order::{OrderEvent, OrderLine};
use serde_json::Value;
use uuid::Uuid;

use crate::error::ProjectionError;
use crate::table::row;

row! {
    OrderRow in "orders" key (id) {
        id: Uuid as "uuid",
        user_id: String as "text",
        status: String as "text",
        currency: String as "text",
        subtotal_amount: i64 as "bigint",
        discount_amount: i64 as "bigint",
        total_amount: i64 as "bigint",
        points: i64 as "bigint",
        refunded_amount: i64 as "bigint",
        refunded_points: i64 as "bigint",
        item_count: i32 as "integer",
        coupon_code: Option<String> as "text",
        payment_id: Option<Uuid> as "uuid",
        payment_due_at: DateTime<Utc> as "timestamptz",
        confirmation_due_at: Option<DateTime<Utc>> as "timestamptz",
        paid_at: Option<DateTime<Utc>> as "timestamptz",
        confirmed_at: Option<DateTime<Utc>> as "timestamptz",
        shipped_at: Option<DateTime<Utc>> as "timestamptz",
        delivered_at: Option<DateTime<Utc>> as "timestamptz",
        cancelled_at: Option<DateTime<Utc>> as "timestamptz",
        cancel_kind: Option<String> as "text",
        cancel_code: Option<String> as "text",
        cancel_reason: Option<String> as "text",
        created_at: DateTime<Utc> as "timestamptz",
        updated_at: DateTime<Utc> as "timestamptz",
        version: i64 as "bigint",
    }
}

row! {
    ItemRow in "order_items" key (order_id, line_number) {
        order_id: Uuid as "uuid",
        line_number: i32 as "integer",
        id: Uuid as "uuid",
        product_id: Uuid as "uuid",
        product_name: String as "text",
        quantity: i32 as "integer",
        unit_price_amount: i64 as "bigint",
        amount: i64 as "bigint",
    }
}

row! {
    RefundRow in "order_refunds" key (order_id, id) {
        order_id: Uuid as "uuid",
        id: Uuid as "uuid",
        payment_id: Uuid as "uuid",
        status: String as "text",
        amount: i64 as "bigint",
        points: i64 as "bigint",
        restocks: bool as "boolean",
        reason: String as "text",
        requested_at: DateTime<Utc> as "timestamptz",
        completed_at: Option<DateTime<Utc>> as "timestamptz",
    }
}

row! {
    RefundItemRow in "order_refund_items" key (order_id, refund_id, order_item_id) {
        order_id: Uuid as "uuid",
        refund_id: Uuid as "uuid",
        order_item_id: Uuid as "uuid",
        quantity: i32 as "integer",
        amount: i64 as "bigint",
        points: i64 as "bigint",
    }
}

row! {
    HistoryRow in "order_history" key (order_id, position) {
        order_id: Uuid as "uuid",
        position: i64 as "bigint",
        event_id: Uuid as "uuid",
        event_type: String as "text",
        at: DateTime<Utc> as "timestamptz",
        detail: Value as "jsonb",
    }
}

row! {
    OrderPaymentRow in "order_payments" key (payment_id) {
        payment_id: Uuid as "uuid",
        order_id: Uuid as "uuid",
    }
}

/// The items of an order that was placed; none for other events.
pub(super) fn items(order_id: Uuid, event: &OrderEvent) -> Result<Vec<ItemRow>, ProjectionError> {
    let OrderEvent::OrderPlaced { lines, .. } = event else {
        return Ok(vec![]);
    };
    (1..)
        .zip(lines)
        .map(|(line_number, line)| item(order_id, line_number, line))
        .collect()
}

/// A number of pieces as a column holds it.
pub(super) fn pieces(quantity: u32) -> Result<i32, ProjectionError> {
    i32::try_from(quantity)
        .map_err(|_| ProjectionError::Poison(format!("{quantity} pieces are too many")))
}

fn item(order_id: Uuid, line_number: i32, line: &OrderLine) -> Result<ItemRow, ProjectionError> {
    let quantity = pieces(line.quantity)?;
    Ok(ItemRow {
        order_id,
        line_number,
        id: line.order_item_id.uuid(),
        product_id: line.product_id.uuid(),
        product_name: line.name.clone(),
        quantity,
        unit_price_amount: line.unit_price.amount(),
        amount: line.amount.amount(),
    })
}
