//! The rules of the shop, and nothing else.
//!
//! Everything here is pure and synchronous: no clock, no id generation, no I/O. Time, ids and what a
//! gateway answered arrive inside commands. One folder an aggregate ([`order`], [`inventory`],
//! [`coupon_pool`], [`payment`], [`payment_method`], [`points`], [`product`]); the operations that touch several of them at
//! once, and the sagas that carry an order through, are in [`checkout`].

pub mod checkout;
pub mod coupon_pool;
mod decider;
#[cfg(test)]
mod golden;
mod ids;
pub mod inventory;
mod money;
#[cfg(test)]
mod mothers;
pub mod order;
pub mod payment;
pub mod payment_method;
pub mod points;
pub mod product;
mod quantity;
mod recorded;
mod rejection;
mod saga;
mod sharing;
#[cfg(test)]
mod spec;
mod streams;
mod workspace;

pub use decider::{Aggregate, Decider};
pub use ids::{
    AdjustmentId, CouponCode, CouponPoolId, IdError, LotId, OrderId, OrderItemId, PaymentId,
    PaymentMethodId, ProductId, RefundId, UserId, WarehouseId,
};
pub use money::{Currency, Money, MoneyError};
pub use quantity::{Quantity, QuantityError};
pub use recorded::{DomainEvent, Recorded, UnknownEvent};
pub use rejection::Rejection;
pub use saga::{Action, Due, GatewayRequest, Step};
pub use sharing::{SharingError, share};
pub use streams::{AggregateTypes, Folded, StreamId, StreamStateError, aggregate_types};
pub use workspace::{Decision, Halt, Loaded, Operation, StagedEvent, States, Workspace};
