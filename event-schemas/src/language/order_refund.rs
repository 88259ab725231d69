//! What is said about orders that go back, whole or in parts.

use domain::order::RefundedLine;
use domain::{Money, OrderItemId, PaymentId, ProductId, RefundId};
use serde::Serialize;

use super::order::as_avro_int;
use super::{Body, Translation};

#[derive(Clone, Debug, Serialize)]
pub(crate) struct Requested {
    order_id: String,
    payment_id: PaymentId,
    refund_id: RefundId,
    items: Vec<Item>,
    amount: i64,
    points: i64,
    currency: &'static str,
    restocks: bool,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct Item {
    order_item_id: OrderItemId,
    product_id: ProductId,
    #[serde(serialize_with = "as_avro_int")]
    quantity: u32,
    amount: i64,
    points: i64,
    #[serde(serialize_with = "as_avro_int")]
    left_quantity: u32,
    left_amount: i64,
    left_points: i64,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct Done {
    order_id: String,
    refund_id: RefundId,
    amount: i64,
    points: i64,
    currency: &'static str,
    whole: bool,
}

pub(super) fn requested(
    order_id: &str,
    (payment_id, refund_id): (PaymentId, RefundId),
    (amount, points): (Money, i64),
    lines: &[RefundedLine],
    restocks: bool,
) -> Translation {
    let requested = Requested {
        order_id: order_id.to_owned(),
        payment_id,
        refund_id,
        items: lines.iter().map(item).collect(),
        amount: amount.amount(),
        points,
        currency: amount.currency().code(),
        restocks,
    };
    (
        "ORDER_REFUND_REQUESTED",
        Body::OrderRefundRequested(requested),
    )
}

pub(super) fn done(
    order_id: &str,
    refund_id: RefundId,
    (amount, points): (Money, i64),
    whole: bool,
) -> Translation {
    let done = Done {
        order_id: order_id.to_owned(),
        refund_id,
        amount: amount.amount(),
        points,
        currency: amount.currency().code(),
        whole,
    };
    ("ORDER_REFUNDED", Body::OrderRefunded(done))
}

fn item(line: &RefundedLine) -> Item {
    Item {
        order_item_id: line.order_item_id,
        product_id: line.product_id,
        quantity: line.quantity,
        amount: line.amount.amount(),
        points: line.points,
        left_quantity: line.left_quantity,
        left_amount: line.left_amount.amount(),
        left_points: line.left_points,
    }
}
