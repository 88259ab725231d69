//! An event as it stands in the log, with its type back on.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::coupon_pool::{CouponPool, CouponPoolEvent};
use crate::decider::Decider as _;
use crate::inventory::{Inventory, InventoryEvent};
use crate::order::{Order, OrderEvent};
use crate::payment::{Payment, PaymentEvent};
use crate::payment_method::{PaymentMethodEvent, PaymentMethods};
use crate::points::{PointAccount, PointsEvent};
use crate::product::{Product, ProductEvent};
use crate::streams::{StreamStateError, parse_event};

/// Any event of the shop. Matches on it are exhaustive, so that a new event cannot be forgotten by the
/// published language.
#[derive(Clone, Debug, PartialEq)]
pub enum DomainEvent {
    /// Of an order.
    Order(OrderEvent),
    /// Of a product's inventory.
    Inventory(InventoryEvent),
    /// Of a coupon pool.
    CouponPool(CouponPoolEvent),
    /// Of a payment.
    Payment(PaymentEvent),
    /// Of a user's payment methods.
    PaymentMethod(PaymentMethodEvent),
    /// Of an account of points.
    Points(PointsEvent),
    /// Of a product.
    Product(ProductEvent),
}

/// An event of the log that this program cannot read.
#[derive(Debug, thiserror::Error)]
#[error("{aggregate_type} {event_type} version {event_version} cannot be read")]
pub struct UnknownEvent {
    /// The aggregate's type.
    pub aggregate_type: String,
    /// The event's stored name.
    pub event_type: String,
    /// The event's stored version.
    pub event_version: String,
    /// Why.
    pub source: StreamStateError,
}

impl DomainEvent {
    /// Parses a stored event, lifting older versions.
    ///
    /// # Errors
    /// An unknown type, or JSON of another shape.
    pub fn parse(
        aggregate_type: &str,
        event_type: &str,
        event_version: &str,
        payload: &str,
    ) -> Result<Self, UnknownEvent> {
        let (t, v, p) = (event_type, event_version, payload);
        match aggregate_type {
            Order::TYPE => parse_event::<Order>(t, v, p).map(Self::Order),
            Inventory::TYPE => parse_event::<Inventory>(t, v, p).map(Self::Inventory),
            CouponPool::TYPE => parse_event::<CouponPool>(t, v, p).map(Self::CouponPool),
            Payment::TYPE => parse_event::<Payment>(t, v, p).map(Self::Payment),
            PaymentMethods::TYPE => parse_event::<PaymentMethods>(t, v, p).map(Self::PaymentMethod),
            PointAccount::TYPE => parse_event::<PointAccount>(t, v, p).map(Self::Points),
            Product::TYPE => parse_event::<Product>(t, v, p).map(Self::Product),
            other => Err(StreamStateError::UnknownType(other.to_owned())),
        }
        .map_err(|source| UnknownEvent {
            aggregate_type: aggregate_type.to_owned(),
            event_type: event_type.to_owned(),
            event_version: event_version.to_owned(),
            source,
        })
    }
}

/// An event of the log with where, when and why.
#[derive(Clone, Debug, PartialEq)]
pub struct Recorded {
    /// Its place in the one total order, from 1.
    pub position: u64,
    /// Its own id.
    pub event_id: Uuid,
    /// The aggregate that it belongs to.
    pub aggregate_id: String,
    /// Its number in that aggregate's stream, from 1.
    pub sequence: u64,
    /// When the command that caused it was taken.
    pub occurred_at: DateTime<Utc>,
    /// What happened.
    pub event: DomainEvent,
}
