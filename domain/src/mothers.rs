//! Values for tests: the same short name is the same value everywhere.

use chrono::{DateTime, Duration, Utc};
use uuid::Uuid;

use crate::ids::{
    AdjustmentId, CouponCode, CouponPoolId, LotId, OrderId, OrderItemId, PaymentId,
    PaymentMethodId, ProductId, RefundId, UserId, WarehouseId,
};
use crate::inventory::Allocation;
use crate::money::{Currency, Money};
use crate::order::{Discount, OrderLine};
use crate::points::{LinePoints, Points};
use crate::quantity::Quantity;

/// So many minutes after the shop opened.
pub(crate) fn at(minutes: i64) -> DateTime<Utc> {
    let opening: DateTime<Utc> = "2026-03-02T09:00:00Z".parse().unwrap();
    opening + Duration::minutes(minutes)
}

/// A UUID that shows which kind of thing it names, and which of them.
fn uuid(kind: u128, number: u32) -> Uuid {
    Uuid::from_u128((0x0191_0000_0000_7000_8000_0000_0000_0000) | (kind << 32) | u128::from(number))
}

pub(crate) fn product_id(number: u32) -> ProductId {
    ProductId::new(uuid(1, number))
}

pub(crate) fn order_id(number: u32) -> OrderId {
    OrderId::new(uuid(2, number))
}

pub(crate) fn order_item_id(number: u32) -> OrderItemId {
    OrderItemId::new(uuid(3, number))
}

pub(crate) fn payment_id(number: u32) -> PaymentId {
    PaymentId::new(uuid(4, number))
}

pub(crate) fn refund_id(number: u32) -> RefundId {
    RefundId::new(uuid(5, number))
}

pub(crate) fn pool_id(number: u32) -> CouponPoolId {
    CouponPoolId::new(uuid(6, number))
}

pub(crate) fn lot_id(number: u32) -> LotId {
    LotId::new(uuid(7, number))
}

pub(crate) fn adjustment_id(number: u32) -> AdjustmentId {
    AdjustmentId::new(uuid(8, number))
}

pub(crate) fn method_id(number: u32) -> PaymentMethodId {
    PaymentMethodId::new(uuid(9, number))
}

/// Coupon number `serial` of the first pool.
pub(crate) fn coupon(serial: u32) -> CouponCode {
    CouponCode::new(pool_id(1), serial)
}

pub(crate) fn user(name: &str) -> UserId {
    name.parse().unwrap()
}

pub(crate) fn warehouse(name: &str) -> WarehouseId {
    name.parse().unwrap()
}

pub(crate) fn krw(amount: i64) -> Money {
    Money::new(amount, Currency::Krw).unwrap()
}

pub(crate) fn usd(cents: i64) -> Money {
    Money::new(cents, Currency::Usd).unwrap()
}

pub(crate) fn pieces(quantity: u32) -> Quantity {
    Quantity::new(quantity).unwrap()
}

pub(crate) fn points(number: i64) -> Points {
    Points::new(number).unwrap()
}

/// Points by the number of the line.
pub(crate) fn line_points(of: &[(u32, i64)]) -> Vec<LinePoints> {
    let of = of.iter().map(|(line, number)| LinePoints {
        order_item_id: order_item_id(*line),
        points: points(*number),
    });
    of.collect()
}

/// Pieces by warehouse.
pub(crate) fn allocations(from: &[(&str, u32)]) -> Vec<Allocation> {
    let from = from.iter().map(|(name, quantity)| Allocation {
        warehouse: warehouse(name),
        quantity: *quantity,
    });
    from.collect()
}

/// A line of product number `product`, all of it from Seoul.
pub(crate) fn line(product: u32, quantity: u32, unit_price: Money) -> OrderLine {
    OrderLine {
        order_item_id: order_item_id(product),
        product_id: product_id(product),
        name: format!("product {product}"),
        quantity,
        unit_price,
        amount: unit_price.times(quantity).unwrap(),
        allocations: allocations(&[("seoul", quantity)]),
    }
}

/// What coupon number `serial` of the first pool takes off.
pub(crate) fn discount(serial: u32, amount: Money) -> Discount {
    Discount {
        code: coupon(serial),
        amount,
    }
}
