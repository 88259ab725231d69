//! An order.

use super::Cases;
use crate::mothers::{
    allocations, at, discount, krw, line, order_item_id, payment_id, product_id, refund_id, usd,
    user,
};
use crate::order::{CancelReason, OrderEvent, OrderLine, RefundedLine};

pub(super) fn cases() -> Cases<OrderEvent> {
    let split = OrderLine {
        name: "녹차 100 g".to_owned(),
        allocations: allocations(&[("seoul", 2), ("busan", 1)]),
        ..line(2, 3, krw(9_900))
    };
    let cancelled = |reason, was_paid| OrderEvent::OrderCancelled { reason, was_paid };
    vec![
        (
            None,
            OrderEvent::OrderPlaced {
                user_id: user("ann"),
                lines: vec![line(1, 1, krw(1_000)), split],
                subtotal: krw(30_700),
                discount: Some(discount(42, krw(700))),
                total: krw(30_000),
                payment_due_at: at(15),
            },
        ),
        (
            Some("without-coupon"),
            OrderEvent::OrderPlaced {
                user_id: user("household-2469"),
                lines: vec![line(1, 1, usd(1_099))],
                subtotal: usd(1_099),
                discount: None,
                total: usd(1_099),
                payment_due_at: at(15),
            },
        ),
        (
            None,
            OrderEvent::OrderDiscounted {
                discount: discount(42, krw(700)),
                total: krw(30_000),
            },
        ),
        (
            None,
            OrderEvent::OrderPaymentStarted {
                payment_id: payment_id(1),
            },
        ),
        (
            None,
            OrderEvent::OrderPaid {
                payment_id: payment_id(1),
                confirmation_due_at: at(31),
            },
        ),
        (None, OrderEvent::OrderConfirmed {}),
        (None, OrderEvent::OrderShipped {}),
        (None, OrderEvent::OrderDelivered {}),
        (
            None,
            cancelled(
                CancelReason::Requested {
                    reason: "changed my mind".to_owned(),
                },
                true,
            ),
        ),
        (
            Some("payment-failed"),
            cancelled(
                CancelReason::PaymentFailed {
                    code: "CARD_DECLINED".to_owned(),
                },
                false,
            ),
        ),
        (
            Some("timed-out"),
            cancelled(CancelReason::PaymentTimedOut, false),
        ),
        (
            None,
            OrderEvent::OrderPointsApplied {
                points: 1_000,
                payable: krw(29_000),
            },
        ),
        (
            None,
            OrderEvent::OrderRefundStarted {
                refund_id: refund_id(1),
                payment_id: payment_id(1),
                amount: krw(9_351),
                points: 322,
                lines: vec![RefundedLine {
                    order_item_id: order_item_id(2),
                    product_id: product_id(2),
                    quantity: 1,
                    amount: krw(9_351),
                    points: 322,
                    left_quantity: 2,
                    left_amount: krw(18_703),
                    left_points: 646,
                }],
                restock: true,
                reason: "사이즈가 작아요".to_owned(),
            },
        ),
        (
            None,
            OrderEvent::OrderRefunded {
                refund_id: refund_id(1),
                amount: krw(9_351),
                points: 322,
                whole: false,
            },
        ),
    ]
}
