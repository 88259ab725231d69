//! The words of the published language: one file a domain, each with its records and the translation
//! into them.
//!
//! Two things never leave: what opens a payment (what the gateway gave the buyer's browser, and anything of a saved card),
//! and words that a person typed about an order, a count or points. A topic keeps its history, so what was once
//! published cannot be taken back, while a field can be added at any time.

pub(crate) mod coupon;
pub(crate) mod inventory;
pub(crate) mod order;
pub(crate) mod order_refund;
pub(crate) mod payment;
pub(crate) mod payment_method;
pub(crate) mod points;
pub(crate) mod product;
pub(crate) mod refund;

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::topics::names;

/// A public name and the record that goes with it.
pub(crate) type Translation = (&'static str, Body);

/// The own fields of any record.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub(crate) enum Body {
    OrderCreated(order::Created),
    OrderDiscounted(order::Discounted),
    OrderStatusChanged(order::StatusChanged),
    OrderPointsApplied(order::PointsApplied),
    OrderRefundRequested(order_refund::Requested),
    OrderRefunded(order_refund::Done),
    PaymentRequested(payment::Requested),
    PaymentOutcomeUnknown(payment::OutcomeUnknown),
    PaymentCompleted(payment::Completed),
    PaymentFailed(payment::Failed),
    PaymentRefundRequested(refund::Requested),
    PaymentRefundDelayed(refund::Delayed),
    PaymentRefunded(refund::Done),
    PaymentDepositAwaited(payment::DepositAwaited),
    PaymentReviewRequired(payment::ReviewRequired),
    PaymentMethodStatusChanged(payment_method::StatusChanged),
    StockUpdated(inventory::StockUpdated),
    CouponPoolCreated(coupon::PoolCreated),
    CouponPoolClosed(coupon::PoolClosed),
    CouponIssued(coupon::Issued),
    CouponHeld(coupon::Held),
    CouponUsed(coupon::OfOrder),
    CouponReleased(coupon::OfOrder),
    ProductCreated(product::Created),
    ProductUpdated(product::Updated),
    ProductPriceChanged(product::PriceChanged),
    ProductStatusChanged(product::StatusChanged),
    PointsEarned(points::Earned),
    PointsHeld(points::Held),
    PointsSpent(points::Spent),
    PointsReleased(points::Released),
    PointsReturned(points::Returned),
    PointsTakenBack(points::TakenBack),
    PointsExpired(points::Expired),
    PointsAdjusted(points::Adjusted),
}

impl Body {
    pub(crate) fn topic(&self) -> &'static str {
        match self {
            Self::OrderCreated(_) => names::ORDER_CREATED,
            Self::OrderDiscounted(_) => names::ORDER_DISCOUNTED,
            Self::OrderStatusChanged(_) => names::ORDER_STATUS_CHANGED,
            Self::OrderPointsApplied(_) => names::ORDER_POINTS_APPLIED,
            Self::OrderRefundRequested(_) => names::ORDER_REFUND_REQUESTED,
            Self::OrderRefunded(_) => names::ORDER_REFUNDED,
            Self::PaymentRequested(_) => names::PAYMENT_REQUESTED,
            Self::PaymentOutcomeUnknown(_) => names::PAYMENT_OUTCOME_UNKNOWN,
            Self::PaymentCompleted(_) => names::PAYMENT_COMPLETED,
            Self::PaymentFailed(_) => names::PAYMENT_FAILED,
            Self::PaymentRefundRequested(_) => names::PAYMENT_REFUND_REQUESTED,
            Self::PaymentRefundDelayed(_) => names::PAYMENT_REFUND_DELAYED,
            Self::PaymentRefunded(_) => names::PAYMENT_REFUNDED,
            Self::PaymentDepositAwaited(_) => names::PAYMENT_DEPOSIT_AWAITED,
            Self::PaymentReviewRequired(_) => names::PAYMENT_REVIEW_REQUIRED,
            Self::PaymentMethodStatusChanged(_) => names::PAYMENT_METHOD_STATUS_CHANGED,
            Self::StockUpdated(_) => names::STOCK_UPDATED,
            Self::CouponPoolCreated(_) => names::COUPON_POOL_CREATED,
            Self::CouponPoolClosed(_) => names::COUPON_POOL_CLOSED,
            Self::CouponIssued(_) => names::COUPON_ISSUED,
            Self::CouponHeld(_) => names::COUPON_HELD,
            Self::CouponUsed(_) => names::COUPON_USED,
            Self::CouponReleased(_) => names::COUPON_RELEASED,
            Self::ProductCreated(_) => names::PRODUCT_CREATED,
            Self::ProductUpdated(_) => names::PRODUCT_UPDATED,
            Self::ProductPriceChanged(_) => names::PRODUCT_PRICE_CHANGED,
            Self::ProductStatusChanged(_) => names::PRODUCT_STATUS_CHANGED,
            Self::PointsEarned(_) => names::POINTS_EARNED,
            Self::PointsHeld(_) => names::POINTS_HELD,
            Self::PointsSpent(_) => names::POINTS_SPENT,
            Self::PointsReleased(_) => names::POINTS_RELEASED,
            Self::PointsReturned(_) => names::POINTS_RETURNED,
            Self::PointsTakenBack(_) => names::POINTS_TAKEN_BACK,
            Self::PointsExpired(_) => names::POINTS_EXPIRED,
            Self::PointsAdjusted(_) => names::POINTS_ADJUSTED,
        }
    }
}

/// A moment as it is published.
fn millis(moment: DateTime<Utc>) -> i64 {
    moment.timestamp_millis()
}
