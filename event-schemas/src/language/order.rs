//! What is said about orders.

use domain::order::{CancelReason, OrderEvent, OrderLine, OrderStatus};
use domain::{CouponCode, OrderItemId, PaymentId, ProductId, UserId};
use serde::ser::Error as _;
use serde::{Serialize, Serializer};

use super::{Body, Translation, millis, order_refund};

#[derive(Clone, Debug, Serialize)]
pub(crate) struct Created {
    order_id: String,
    user_id: UserId,
    items: Vec<Item>,
    total_amount: i64,
    currency: &'static str,
    subtotal_amount: Option<i64>,
    discount_amount: i64,
    coupon_code: Option<CouponCode>,
    payment_due_at: Option<i64>,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct Item {
    product_id: ProductId,
    #[serde(serialize_with = "as_avro_int")]
    quantity: u32,
    price: i64,
    order_item_id: Option<OrderItemId>,
    name: Option<String>,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct Discounted {
    order_id: String,
    coupon_code: CouponCode,
    discount_amount: i64,
    total_amount: i64,
    currency: &'static str,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct PointsApplied {
    order_id: String,
    points: i64,
    payable_amount: i64,
    currency: &'static str,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct StatusChanged {
    order_id: String,
    status: &'static str,
    previous_status: Option<&'static str>,
    reason: Option<&'static str>,
    failure_code: Option<String>,
    payment_id: Option<PaymentId>,
}

/// `None` for the start of a payment: `payment.payment.requested` says it.
pub(crate) fn translate(order_id: &str, event: &OrderEvent) -> Option<Translation> {
    Some(match event {
        OrderEvent::OrderPlaced {
            user_id,
            lines,
            subtotal,
            discount,
            total,
            payment_due_at,
        } => {
            let created = Created {
                order_id: order_id.to_owned(),
                user_id: user_id.clone(),
                items: lines.iter().map(item).collect(),
                total_amount: total.amount(),
                currency: total.currency().code(),
                subtotal_amount: Some(subtotal.amount()),
                discount_amount: discount.as_ref().map_or(0, |d| d.amount.amount()),
                coupon_code: discount.as_ref().map(|d| d.code),
                payment_due_at: Some(millis(*payment_due_at)),
            };
            ("ORDER_CREATED", Body::OrderCreated(created))
        }
        OrderEvent::OrderDiscounted { discount, total } => {
            let discounted = Discounted {
                order_id: order_id.to_owned(),
                coupon_code: discount.code,
                discount_amount: discount.amount.amount(),
                total_amount: total.amount(),
                currency: total.currency().code(),
            };
            ("ORDER_DISCOUNTED", Body::OrderDiscounted(discounted))
        }
        OrderEvent::OrderPointsApplied { points, payable } => {
            let applied = PointsApplied {
                order_id: order_id.to_owned(),
                points: *points,
                payable_amount: payable.amount(),
                currency: payable.currency().code(),
            };
            ("ORDER_POINTS_APPLIED", Body::OrderPointsApplied(applied))
        }
        OrderEvent::OrderRefundStarted {
            refund_id,
            payment_id,
            amount,
            points,
            lines,
            restock,
            // Whoever asked typed their own words; they stay inside.
            reason: _,
        } => {
            let ids = (*payment_id, *refund_id);
            order_refund::requested(order_id, ids, (*amount, *points), lines, *restock)
        }
        OrderEvent::OrderRefunded {
            refund_id,
            amount,
            points,
            whole,
        } => order_refund::done(order_id, *refund_id, (*amount, *points), *whole),
        OrderEvent::OrderPaymentStarted { .. } => return None,
        OrderEvent::OrderPaid { payment_id, .. } => {
            let mut changed = moved(order_id, OrderStatus::Pending, OrderStatus::Paid);
            changed.payment_id = Some(*payment_id);
            ("ORDER_PAID", Body::OrderStatusChanged(changed))
        }
        OrderEvent::OrderConfirmed {} => {
            let changed = moved(order_id, OrderStatus::Paid, OrderStatus::Confirmed);
            ("ORDER_CONFIRMED", Body::OrderStatusChanged(changed))
        }
        OrderEvent::OrderShipped {} => {
            let changed = moved(order_id, OrderStatus::Confirmed, OrderStatus::Shipped);
            ("ORDER_SHIPPED", Body::OrderStatusChanged(changed))
        }
        OrderEvent::OrderDelivered {} => {
            let changed = moved(order_id, OrderStatus::Shipped, OrderStatus::Delivered);
            ("ORDER_DELIVERED", Body::OrderStatusChanged(changed))
        }
        OrderEvent::OrderCancelled { reason, was_paid } => {
            let changed = cancelled(order_id, reason, *was_paid);
            ("ORDER_CANCELLED", Body::OrderStatusChanged(changed))
        }
    })
}

fn item(line: &OrderLine) -> Item {
    Item {
        product_id: line.product_id,
        quantity: line.quantity,
        price: line.unit_price.amount(),
        order_item_id: Some(line.order_item_id),
        name: Some(line.name.clone()),
    }
}

fn moved(order_id: &str, from: OrderStatus, to: OrderStatus) -> StatusChanged {
    StatusChanged {
        order_id: order_id.to_owned(),
        status: to.as_str(),
        previous_status: Some(from.as_str()),
        reason: None,
        failure_code: None,
        payment_id: None,
    }
}

fn cancelled(order_id: &str, reason: &CancelReason, was_paid: bool) -> StatusChanged {
    let from = if was_paid {
        OrderStatus::Paid
    } else {
        OrderStatus::Pending
    };
    let mut changed = moved(order_id, from, OrderStatus::Cancelled);
    changed.reason = Some(match reason {
        CancelReason::PaymentFailed { code } => {
            changed.failure_code = Some(code.clone());
            "PAYMENT_FAILED"
        }
        CancelReason::PaymentTimedOut => "PAYMENT_TIMED_OUT",
        // Whoever asked typed their own words; they stay inside.
        CancelReason::Requested { .. } => "REQUESTED",
    });
    changed
}

/// Avro's `int` is signed: a count beyond it is an error, never a wrong number.
pub(super) fn as_avro_int<S: Serializer>(count: &u32, serializer: S) -> Result<S::Ok, S::Error> {
    let int = i32::try_from(*count)
        .map_err(|_| S::Error::custom(format!("{count} is more than an Avro int holds")))?;
    serializer.serialize_i32(int)
}
