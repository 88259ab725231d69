//! An order's history: what each event says, fit to be shown to the buyer.
//!
//! The details are written out one by one and not copied from the payload: a payment's token, for one,
//! must never be shown.

use domain::DomainEvent;
use domain::order::{CancelReason, OrderEvent};
use domain::payment::PaymentEvent;
use serde_json::{Value, json};
use uuid::Uuid;

use super::fold::cancel_kind;
use super::rows::HistoryRow;
use crate::error::ProjectionError;
use crate::projector::Event;

pub(super) fn row(order_id: Uuid, event: &Event) -> Result<HistoryRow, ProjectionError> {
    let detail = match &*event.event {
        DomainEvent::Order(order_event) => of_order(order_event),
        DomainEvent::Payment(payment_event) => of_payment(event, payment_event),
        DomainEvent::Inventory(_)
        | DomainEvent::CouponPool(_)
        | DomainEvent::PaymentMethod(_)
        | DomainEvent::Points(_)
        | DomainEvent::Product(_) => {
            json!({})
        }
    };
    Ok(HistoryRow {
        order_id,
        position: event.position()?,
        event_id: event.stored.metadata.event_id,
        event_type: event.stored.event_type.clone(),
        at: event.at(),
        detail,
    })
}

fn of_order(event: &OrderEvent) -> Value {
    match event {
        OrderEvent::OrderPlaced {
            lines,
            discount,
            total,
            payment_due_at,
            ..
        } => json!({
            "items": lines.len(),
            "couponCode": discount.as_ref().map(|discount| discount.code),
            "totalAmount": total,
            "paymentDueAt": payment_due_at,
        }),
        OrderEvent::OrderDiscounted { discount, total } => json!({
            "couponCode": discount.code,
            "discountAmount": discount.amount,
            "totalAmount": total,
        }),
        OrderEvent::OrderPaymentStarted { payment_id } => json!({ "paymentId": payment_id }),
        OrderEvent::OrderPaid {
            payment_id,
            confirmation_due_at,
        } => {
            json!({ "paymentId": payment_id, "confirmationDueAt": confirmation_due_at })
        }
        OrderEvent::OrderPointsApplied { points, payable } => {
            json!({ "points": points, "payableAmount": payable })
        }
        OrderEvent::OrderRefundStarted {
            refund_id,
            amount,
            points,
            lines,
            reason,
            ..
        } => json!({
            "refundId": refund_id,
            "amount": amount,
            "points": points,
            "text": reason,
            "items": lines.iter().map(|line| json!({
                "orderItemId": line.order_item_id,
                "quantity": line.quantity,
                "amount": line.amount,
                "points": line.points,
            })).collect::<Vec<_>>(),
        }),
        OrderEvent::OrderRefunded {
            refund_id,
            amount,
            points,
            whole,
        } => json!({ "refundId": refund_id, "amount": amount, "points": points, "whole": whole }),
        OrderEvent::OrderConfirmed {}
        | OrderEvent::OrderShipped {}
        | OrderEvent::OrderDelivered {} => json!({}),
        OrderEvent::OrderCancelled { reason, was_paid } => {
            let kind = cancel_kind(reason);
            match reason {
                CancelReason::PaymentFailed { code } => {
                    json!({ "reason": kind, "failureCode": code, "wasPaid": was_paid })
                }
                CancelReason::Requested { reason } => {
                    json!({ "reason": kind, "text": reason, "wasPaid": was_paid })
                }
                CancelReason::PaymentTimedOut => json!({ "reason": kind, "wasPaid": was_paid }),
            }
        }
    }
}

fn of_payment(event: &Event, payment_event: &PaymentEvent) -> Value {
    let id = &event.stored.aggregate_id;
    match payment_event {
        PaymentEvent::PaymentRequested {
            amount, gateway, ..
        } => {
            json!({ "paymentId": id, "amount": amount, "gateway": gateway })
        }
        PaymentEvent::PaymentOutcomeUnknown {
            inquiries,
            next_inquiry_at,
            ..
        } => {
            json!({ "paymentId": id, "inquiries": inquiries, "nextInquiryAt": next_inquiry_at })
        }
        PaymentEvent::PaymentSucceeded {
            amount,
            gateway_transaction_id,
            ..
        } => json!({
            "paymentId": id,
            "amount": amount,
            "gatewayTransactionId": gateway_transaction_id,
        }),
        PaymentEvent::PaymentFailed { code, .. } => json!({ "paymentId": id, "failureCode": code }),
        PaymentEvent::PaymentMismatched {
            expected, charged, ..
        } => {
            json!({ "paymentId": id, "amount": expected, "chargedAmount": charged })
        }
        PaymentEvent::PaymentRefundRequested {
            refund_id,
            amount,
            reason,
            ..
        }
        | PaymentEvent::PaymentRefunded {
            refund_id,
            amount,
            reason,
            ..
        } => {
            json!({ "paymentId": id, "refundId": refund_id, "amount": amount, "reason": reason })
        }
        PaymentEvent::PaymentRefundDelayed {
            refund_id,
            attempts,
            next_attempt_at,
            ..
        } => json!({
            "paymentId": id,
            "refundId": refund_id,
            "attempts": attempts,
            "nextAttemptAt": next_attempt_at,
        }),
        PaymentEvent::PaymentDepositAwaited {
            amount, account, ..
        } => json!({
            "paymentId": id,
            "amount": amount,
            "bank": account.bank,
            "depositUntil": account.until,
        }),
        // Why is between the shop and the gateway.
        PaymentEvent::PaymentInquiryRequested { .. }
        | PaymentEvent::PaymentReviewRequired { .. } => json!({ "paymentId": id }),
    }
}
