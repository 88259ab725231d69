//! What an event is to a user. The kinds and their parameters are listed in `schema.sql`.

use domain::coupon_pool::CouponPoolEvent;
use domain::order::{CancelReason, OrderEvent};
use domain::payment::{AMOUNT_MISMATCH, PaymentEvent, RefundReason};
use domain::points::PointsEvent;
use domain::{DomainEvent, UserId};
use serde_json::{Value, json};
use uuid::Uuid;

use super::lookups::Lookups;
use crate::error::ProjectionError;
use crate::orders::cancel_kind;
use crate::projector::Event;

pub(super) struct Notice {
    pub(super) user_id: String,
    pub(super) kind: &'static str,
    pub(super) params: Value,
}

fn to(user_id: &UserId, kind: &'static str, params: Value) -> Option<Notice> {
    Some(Notice {
        user_id: user_id.to_string(),
        kind,
        params,
    })
}

/// What a user is told about an event; nothing about most.
pub(super) fn of(event: &Event, lookups: &Lookups) -> Result<Option<Notice>, ProjectionError> {
    match &*event.event {
        DomainEvent::Order(order_event) => of_order(event, order_event, lookups),
        DomainEvent::Payment(payment_event) => Ok(of_payment(event, payment_event)),
        DomainEvent::CouponPool(pool_event) => of_coupon_pool(event, pool_event, lookups),
        DomainEvent::Points(points_event) => Ok(of_points(event, points_event)),
        DomainEvent::Inventory(_) | DomainEvent::PaymentMethod(_) | DomainEvent::Product(_) => {
            Ok(None)
        }
    }
}

fn of_order(
    event: &Event,
    order_event: &OrderEvent,
    lookups: &Lookups,
) -> Result<Option<Notice>, ProjectionError> {
    let order_id: Uuid = event.id()?;
    let (kind, params) = match order_event {
        OrderEvent::OrderPlaced { .. }
        | OrderEvent::OrderDiscounted { .. }
        | OrderEvent::OrderPointsApplied { .. }
        | OrderEvent::OrderPaymentStarted { .. }
        | OrderEvent::OrderRefundStarted { .. }
        | OrderEvent::OrderRefunded { .. }
        | OrderEvent::OrderPaid { .. } => return Ok(None),
        OrderEvent::OrderConfirmed {} => ("ORDER_CONFIRMED", json!({ "orderId": order_id })),
        OrderEvent::OrderShipped {} => ("ORDER_SHIPPED", json!({ "orderId": order_id })),
        OrderEvent::OrderDelivered {} => ("ORDER_DELIVERED", json!({ "orderId": order_id })),
        OrderEvent::OrderCancelled { reason, was_paid } => {
            ("ORDER_CANCELLED", cancelled(order_id, reason, *was_paid))
        }
    };
    Ok(Some(Notice {
        user_id: lookups.user_of(order_id)?,
        kind,
        params,
    }))
}

fn cancelled(order_id: Uuid, reason: &CancelReason, was_paid: bool) -> Value {
    let kind = cancel_kind(reason);
    match reason {
        CancelReason::PaymentFailed { code } => json!({
            "orderId": order_id,
            "reason": kind,
            "failureCode": code,
            "wasPaid": was_paid,
        }),
        CancelReason::PaymentTimedOut | CancelReason::Requested { .. } => {
            json!({ "orderId": order_id, "reason": kind, "wasPaid": was_paid })
        }
    }
}

fn of_payment(event: &Event, payment_event: &PaymentEvent) -> Option<Notice> {
    let id = &event.stored.aggregate_id;
    match payment_event {
        PaymentEvent::PaymentSucceeded {
            order_id,
            user_id,
            amount,
            ..
        } => to(
            user_id,
            "PAYMENT_SUCCEEDED",
            json!({ "orderId": order_id, "paymentId": id, "amount": amount }),
        ),
        PaymentEvent::PaymentFailed {
            order_id,
            user_id,
            amount,
            code,
            ..
        } => to(
            user_id,
            "PAYMENT_FAILED",
            json!({ "orderId": order_id, "paymentId": id, "amount": amount, "failureCode": code }),
        ),
        PaymentEvent::PaymentMismatched {
            order_id,
            user_id,
            expected,
            ..
        } => to(
            user_id,
            "PAYMENT_FAILED",
            json!({
                "orderId": order_id,
                "paymentId": id,
                "amount": expected,
                "failureCode": AMOUNT_MISMATCH,
            }),
        ),
        PaymentEvent::PaymentRefunded {
            order_id,
            user_id,
            refund_id,
            amount,
            reason,
            others_remain: _,
        } => {
            let kind = match reason {
                RefundReason::OrderCancelled => "PAYMENT_CANCELLED",
                RefundReason::LateSuccess | RefundReason::AmountMismatch => "PAYMENT_REFUNDED",
                RefundReason::Requested => "ORDER_REFUNDED",
            };
            let params = json!({
                "orderId": order_id,
                "paymentId": id,
                "refundId": refund_id,
                "amount": amount,
                "reason": reason,
            });
            to(user_id, kind, params)
        }
        PaymentEvent::PaymentRequested { .. }
        | PaymentEvent::PaymentOutcomeUnknown { .. }
        | PaymentEvent::PaymentRefundRequested { .. }
        | PaymentEvent::PaymentRefundDelayed { .. }
        | PaymentEvent::PaymentDepositAwaited { .. }
        | PaymentEvent::PaymentInquiryRequested { .. }
        | PaymentEvent::PaymentReviewRequired { .. } => None,
    }
}

fn of_coupon_pool(
    event: &Event,
    pool_event: &CouponPoolEvent,
    lookups: &Lookups,
) -> Result<Option<Notice>, ProjectionError> {
    let pool_id: Uuid = event.id()?;
    Ok(match pool_event {
        CouponPoolEvent::CouponIssued { user_id, code } => {
            let pool = lookups.pool(pool_id)?;
            let params = json!({
                "couponPoolId": pool_id,
                "code": code,
                "name": pool.name,
                "validUntil": pool.valid_until,
            });
            to(user_id, "COUPON_ISSUED", params)
        }
        CouponPoolEvent::CouponReleased {
            user_id,
            code,
            order_id,
        }
        | CouponPoolEvent::CouponGivenBack {
            user_id,
            code,
            order_id,
        } => to(
            user_id,
            "COUPON_RETURNED",
            json!({ "couponPoolId": pool_id, "code": code, "orderId": order_id }),
        ),
        CouponPoolEvent::CouponPoolCreated { .. }
        | CouponPoolEvent::CouponHeld { .. }
        | CouponPoolEvent::CouponUsed { .. }
        | CouponPoolEvent::CouponPoolClosed {} => None,
    })
}

/// Of points a user is told what they earned; the rest follows from their own doing or is no news.
fn of_points(event: &Event, points_event: &PointsEvent) -> Option<Notice> {
    match points_event {
        PointsEvent::PointsEarned {
            order_id,
            points,
            expires_at,
            ..
        } => Some(Notice {
            user_id: event.stored.aggregate_id.clone(),
            kind: "POINTS_EARNED",
            params: json!({ "orderId": order_id, "points": points, "expiresAt": expires_at }),
        }),
        PointsEvent::PointsHeld { .. }
        | PointsEvent::PointsSpent { .. }
        | PointsEvent::PointsReleased { .. }
        | PointsEvent::PointsReturned { .. }
        | PointsEvent::PointsTakenBack { .. }
        | PointsEvent::PointsExpired { .. }
        | PointsEvent::PointsAdjusted { .. } => None,
    }
}
