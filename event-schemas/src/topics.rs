//! The catalogue: every topic, what is on it and by what it is keyed.

/// A topic of the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Topic {
    /// `{domain}.{entity}.{event-type}`.
    pub name: &'static str,
    /// What its records say.
    pub about: &'static str,
    /// Whose id is the key of its records: what concerns one of these stays in order.
    pub keyed_by: &'static str,
    /// The values of `event_type` that occur on it.
    pub event_types: &'static [&'static str],
}

/// Every topic, in the order in which the order's story is told.
#[must_use]
pub fn topics() -> &'static [Topic] {
    TOPICS
}

/// Topic names, so that a translation cannot misspell one.
pub(crate) mod names {
    pub(crate) const ORDER_CREATED: &str = "order.order.created";
    pub(crate) const ORDER_DISCOUNTED: &str = "order.order.discounted";
    pub(crate) const ORDER_POINTS_APPLIED: &str = "order.order.points-applied";
    pub(crate) const ORDER_REFUND_REQUESTED: &str = "order.order.refund-requested";
    pub(crate) const ORDER_REFUNDED: &str = "order.order.refunded";
    pub(crate) const ORDER_STATUS_CHANGED: &str = "order.order.status-changed";
    pub(crate) const PAYMENT_REQUESTED: &str = "payment.payment.requested";
    pub(crate) const PAYMENT_OUTCOME_UNKNOWN: &str = "payment.payment.outcome-unknown";
    pub(crate) const PAYMENT_COMPLETED: &str = "payment.payment.completed";
    pub(crate) const PAYMENT_FAILED: &str = "payment.payment.failed";
    pub(crate) const PAYMENT_REFUND_REQUESTED: &str = "payment.payment.refund-requested";
    pub(crate) const PAYMENT_REFUND_DELAYED: &str = "payment.payment.refund-delayed";
    pub(crate) const PAYMENT_REFUNDED: &str = "payment.payment.refunded";
    pub(crate) const PAYMENT_DEPOSIT_AWAITED: &str = "payment.payment.deposit-awaited";
    pub(crate) const PAYMENT_REVIEW_REQUIRED: &str = "payment.payment.review-required";
    pub(crate) const PAYMENT_METHOD_STATUS_CHANGED: &str = "payment.method.status-changed";
    pub(crate) const STOCK_UPDATED: &str = "inventory.stock.updated";
    pub(crate) const COUPON_POOL_CREATED: &str = "coupon.pool.created";
    pub(crate) const COUPON_POOL_CLOSED: &str = "coupon.pool.closed";
    pub(crate) const COUPON_ISSUED: &str = "coupon.coupon.issued";
    pub(crate) const COUPON_HELD: &str = "coupon.coupon.held";
    pub(crate) const COUPON_USED: &str = "coupon.coupon.used";
    pub(crate) const COUPON_RELEASED: &str = "coupon.coupon.released";
    pub(crate) const PRODUCT_CREATED: &str = "product.product.created";
    pub(crate) const PRODUCT_UPDATED: &str = "product.product.updated";
    pub(crate) const PRODUCT_PRICE_CHANGED: &str = "product.product.price-changed";
    pub(crate) const PRODUCT_STATUS_CHANGED: &str = "product.product.status-changed";
    pub(crate) const POINTS_EARNED: &str = "points.points.earned";
    pub(crate) const POINTS_HELD: &str = "points.points.held";
    pub(crate) const POINTS_SPENT: &str = "points.points.spent";
    pub(crate) const POINTS_RELEASED: &str = "points.points.released";
    pub(crate) const POINTS_RETURNED: &str = "points.points.returned";
    pub(crate) const POINTS_TAKEN_BACK: &str = "points.points.taken-back";
    pub(crate) const POINTS_EXPIRED: &str = "points.points.expired";
    pub(crate) const POINTS_ADJUSTED: &str = "points.points.adjusted";
}

const fn topic(
    name: &'static str,
    keyed_by: &'static str,
    event_types: &'static [&'static str],
    about: &'static str,
) -> Topic {
    Topic {
        name,
        about,
        keyed_by,
        event_types,
    }
}

const TOPICS: &[Topic] = &[
    topic(
        names::ORDER_CREATED,
        "order",
        &["ORDER_CREATED"],
        "An order was placed, and its stock is held until it is paid or its time is over.",
    ),
    topic(
        names::ORDER_DISCOUNTED,
        "order",
        &["ORDER_DISCOUNTED"],
        "A coupon was given when paying.",
    ),
    topic(
        names::ORDER_STATUS_CHANGED,
        "order",
        &[
            "ORDER_PAID",
            "ORDER_CONFIRMED",
            "ORDER_SHIPPED",
            "ORDER_DELIVERED",
            "ORDER_CANCELLED",
        ],
        "An order moved to another status.",
    ),
    topic(
        names::ORDER_POINTS_APPLIED,
        "order",
        &["ORDER_POINTS_APPLIED"],
        "Points pay a part of an order, or all of it.",
    ),
    topic(
        names::ORDER_REFUND_REQUESTED,
        "order",
        &["ORDER_REFUND_REQUESTED"],
        "All or part of an order is to go back.",
    ),
    topic(
        names::ORDER_REFUNDED,
        "order",
        &["ORDER_REFUNDED"],
        "Money and points of a refund are back with the buyer.",
    ),
    topic(
        names::PAYMENT_REQUESTED,
        "payment",
        &["PAYMENT_REQUESTED"],
        "A payment was asked for.",
    ),
    topic(
        names::PAYMENT_OUTCOME_UNKNOWN,
        "payment",
        &["PAYMENT_OUTCOME_UNKNOWN"],
        "Nobody knows yet whether the gateway charged.",
    ),
    topic(
        names::PAYMENT_COMPLETED,
        "payment",
        &["PAYMENT_SUCCESS"],
        "The gateway charged what was asked for.",
    ),
    topic(
        names::PAYMENT_FAILED,
        "payment",
        &["PAYMENT_FAILED"],
        "The gateway did not charge, or charged another amount.",
    ),
    topic(
        names::PAYMENT_REFUND_REQUESTED,
        "payment",
        &["PAYMENT_REFUND_REQUESTED"],
        "Charged money is to go back.",
    ),
    topic(
        names::PAYMENT_REFUND_DELAYED,
        "payment",
        &["PAYMENT_REFUND_DELAYED"],
        "A refund is not known to be done.",
    ),
    topic(
        names::PAYMENT_REFUNDED,
        "payment",
        &["PAYMENT_REFUNDED"],
        "Charged money went back.",
    ),
    topic(
        names::PAYMENT_DEPOSIT_AWAITED,
        "payment",
        &["PAYMENT_DEPOSIT_AWAITED"],
        "The buyer has an account to pay into, and nothing is in it yet.",
    ),
    topic(
        names::PAYMENT_REVIEW_REQUIRED,
        "payment",
        &["PAYMENT_REVIEW_REQUIRED"],
        "The gateway contradicts what is known of a payment: a person must look.",
    ),
    topic(
        names::PAYMENT_METHOD_STATUS_CHANGED,
        "user",
        &[
            "PAYMENT_METHOD_REGISTERED",
            "PAYMENT_METHOD_MADE_DEFAULT",
            "PAYMENT_METHOD_DELETED",
        ],
        "A user's saved payment method can be charged, is the default, or is charged no more.",
    ),
    topic(
        names::STOCK_UPDATED,
        "product",
        &[
            "STOCK_RECEIVED",
            "STOCK_ADJUSTED",
            "STOCK_RESERVED",
            "STOCK_DEDUCTED",
            "STOCK_RELEASED",
            "STOCK_RETURNED",
        ],
        "A product's stock or reserved stock changed, by warehouse.",
    ),
    topic(
        names::COUPON_POOL_CREATED,
        "coupon pool",
        &["COUPON_POOL_CREATED"],
        "A pool of coupons was created.",
    ),
    topic(
        names::COUPON_POOL_CLOSED,
        "coupon pool",
        &["COUPON_POOL_CLOSED"],
        "A pool's validity ended.",
    ),
    topic(
        names::COUPON_ISSUED,
        "coupon pool",
        &["COUPON_ISSUED"],
        "A user took a coupon.",
    ),
    topic(
        names::COUPON_HELD,
        "coupon pool",
        &["COUPON_HELD"],
        "An order holds a coupon.",
    ),
    topic(
        names::COUPON_USED,
        "coupon pool",
        &["COUPON_USED"],
        "An order was paid with a coupon.",
    ),
    topic(
        names::COUPON_RELEASED,
        "coupon pool",
        &["COUPON_RELEASED", "COUPON_GIVEN_BACK"],
        "A coupon is free again: its order was cancelled, unpaid or paid.",
    ),
    topic(
        names::PRODUCT_CREATED,
        "product",
        &["PRODUCT_CREATED"],
        "A product was entered in the catalogue.",
    ),
    topic(
        names::PRODUCT_UPDATED,
        "product",
        &["PRODUCT_UPDATED"],
        "A product's description changed.",
    ),
    topic(
        names::PRODUCT_PRICE_CHANGED,
        "product",
        &["PRODUCT_PRICE_CHANGED"],
        "A product's price changed.",
    ),
    topic(
        names::PRODUCT_STATUS_CHANGED,
        "product",
        &["PRODUCT_ON_SALE", "PRODUCT_SOLD_OUT"],
        "A product went on sale, or was marked as sold out.",
    ),
    topic(
        names::POINTS_EARNED,
        "user",
        &["POINTS_EARNED"],
        "A confirmed order earned points: a new lot.",
    ),
    topic(
        names::POINTS_HELD,
        "user",
        &["POINTS_HELD"],
        "Points were set aside for an order until it is paid or cancelled.",
    ),
    topic(
        names::POINTS_SPENT,
        "user",
        &["POINTS_SPENT"],
        "An order was paid, with the points that it held.",
    ),
    topic(
        names::POINTS_RELEASED,
        "user",
        &["POINTS_RELEASED"],
        "An order was not paid: the points that it held went back.",
    ),
    topic(
        names::POINTS_RETURNED,
        "user",
        &["POINTS_RETURNED"],
        "A refund gave back points that had paid lines of an order.",
    ),
    topic(
        names::POINTS_TAKEN_BACK,
        "user",
        &["POINTS_TAKEN_BACK"],
        "A refund took back points that lines of an order had earned.",
    ),
    topic(
        names::POINTS_EXPIRED,
        "user",
        &["POINTS_EXPIRED"],
        "A lot's time came: what remained of it expired.",
    ),
    topic(
        names::POINTS_ADJUSTED,
        "user",
        &["POINTS_ADJUSTED"],
        "An operator corrected a user's points.",
    ),
];
