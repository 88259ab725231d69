//! The committed schemas, as part of the program.

macro_rules! embed {
    ($($file:literal),* $(,)?) => { [$(($file, include_str!(concat!("../../", $file)))),*] };
}

/// The list of all versions ever published.
pub(super) const MANIFEST: &str = include_str!("../../registry.json");

/// Each schema with its path from this room's folder, as the manifest names it.
pub(super) const FILES: &[(&str, &str)] = &embed![
    "schemas/order.order.created/v1.avsc",
    "schemas/order.order.discounted/v1.avsc",
    "schemas/order.order.status-changed/v1.avsc",
    "schemas/payment.payment.requested/v1.avsc",
    "schemas/payment.payment.outcome-unknown/v1.avsc",
    "schemas/payment.payment.completed/v1.avsc",
    "schemas/payment.payment.failed/v1.avsc",
    "schemas/payment.payment.refund-requested/v1.avsc",
    "schemas/payment.payment.refund-delayed/v1.avsc",
    "schemas/payment.payment.refunded/v1.avsc",
    "schemas/inventory.stock.updated/v1.avsc",
    "schemas/coupon.pool.created/v1.avsc",
    "schemas/coupon.pool.closed/v1.avsc",
    "schemas/coupon.coupon.issued/v1.avsc",
    "schemas/coupon.coupon.held/v1.avsc",
    "schemas/coupon.coupon.used/v1.avsc",
    "schemas/coupon.coupon.released/v1.avsc",
    "schemas/product.product.created/v1.avsc",
    "schemas/product.product.updated/v1.avsc",
    "schemas/product.product.price-changed/v1.avsc",
    "schemas/product.product.status-changed/v1.avsc",
    "schemas/order.order.points-applied/v1.avsc",
    "schemas/order.order.refund-requested/v1.avsc",
    "schemas/order.order.refunded/v1.avsc",
    "schemas/payment.payment.refund-requested/v2.avsc",
    "schemas/payment.payment.refunded/v2.avsc",
    "schemas/points.points.earned/v1.avsc",
    "schemas/points.points.held/v1.avsc",
    "schemas/points.points.spent/v1.avsc",
    "schemas/points.points.released/v1.avsc",
    "schemas/points.points.returned/v1.avsc",
    "schemas/points.points.taken-back/v1.avsc",
    "schemas/points.points.expired/v1.avsc",
    "schemas/points.points.adjusted/v1.avsc",
    "schemas/payment.payment.deposit-awaited/v1.avsc",
    "schemas/payment.payment.review-required/v1.avsc",
    "schemas/payment.method.status-changed/v1.avsc",
];
