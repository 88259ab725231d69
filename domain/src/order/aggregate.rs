//! The rules of an order.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::commands::OrderCommand;
use super::error::OrderError;
use super::events::{CancelReason, Discount, OrderEvent, OrderLine};
use super::refund::LineLeft;
use super::refunding::{self, OrderRefund};
use crate::decider::Decider;
use crate::ids::{PaymentId, UserId};
use crate::money::{Money, MoneyError};

/// The order's rules.
pub struct Order;

impl Order {
    /// The most lines of one order.
    pub const LINES_MAX: usize = 500;
}

/// Where an order stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum OrderStatus {
    /// Placed, not paid.
    Pending,
    /// Paid; the buyer may still cancel.
    Paid,
    /// Confirmed.
    Confirmed,
    /// On its way.
    Shipped,
    /// Arrived.
    Delivered,
    /// Cancelled: final.
    Cancelled,
}

impl OrderStatus {
    /// As in the API.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "PENDING",
            Self::Paid => "PAID",
            Self::Confirmed => "CONFIRMED",
            Self::Shipped => "SHIPPED",
            Self::Delivered => "DELIVERED",
            Self::Cancelled => "CANCELLED",
        }
    }

    /// How many steps after its payment an order is; `None` when it is not paid.
    fn paid_steps(self) -> Option<u8> {
        match self {
            Self::Pending | Self::Cancelled => None,
            Self::Paid => Some(0),
            Self::Confirmed => Some(1),
            Self::Shipped => Some(2),
            Self::Delivered => Some(3),
        }
    }
}

impl fmt::Display for OrderStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An order as its events made it; empty before it was placed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct OrderState(Option<PlacedOrder>);

/// An order that was placed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PlacedOrder {
    /// Who buys.
    pub user_id: UserId,
    /// What they buy.
    pub lines: Arc<[OrderLine]>,
    /// The sum of the lines.
    pub subtotal: Money,
    /// What a coupon takes off.
    pub discount: Option<Discount>,
    /// What is to be paid, with money or points.
    pub total: Money,
    /// What of it points pay.
    pub points: i64,
    /// Where it stands.
    pub status: OrderStatus,
    /// The payment that is under way or that paid it.
    pub payment_id: Option<PaymentId>,
    /// Unpaid after this moment, it is cancelled.
    pub payment_due_at: DateTime<Utc>,
    /// Its refunds, oldest first.
    pub refunds: Vec<OrderRefund>,
    /// What each line has left; empty before the first refund: then it is all there.
    pub(super) left: Vec<LineLeft>,
}

impl PlacedOrder {
    /// What is to be paid with money.
    ///
    /// # Errors
    /// More points than the order costs: no such order exists.
    pub fn payable(&self) -> Result<Money, OrderError> {
        let points = Money::new(self.points, self.total.currency())?;
        Ok(self.total.minus(points)?)
    }
}

impl OrderState {
    /// The order, if it was placed.
    ///
    /// # Errors
    /// There is no such order.
    pub fn placed(&self) -> Result<&PlacedOrder, OrderError> {
        self.0.as_ref().ok_or(OrderError::NotFound)
    }

    /// The order, if it is this user's: another's is as if it did not exist.
    ///
    /// # Errors
    /// There is no such order, for this user.
    pub fn placed_by(&self, user_id: &UserId) -> Result<&PlacedOrder, OrderError> {
        let order = self.placed()?;
        if order.user_id == *user_id {
            Ok(order)
        } else {
            Err(OrderError::NotFound)
        }
    }
}

impl Decider for Order {
    const TYPE: &'static str = "order";
    const STATE_VERSION: u32 = 2;
    type State = OrderState;
    type Command = OrderCommand;
    type Event = OrderEvent;
    type Error = OrderError;

    fn decide(state: &OrderState, command: OrderCommand) -> Result<Vec<OrderEvent>, OrderError> {
        match command {
            OrderCommand::Place {
                user_id,
                lines,
                discount,
                payment_due_at,
            } => place(state, user_id, lines, discount, payment_due_at),
            OrderCommand::ApplyDiscount { discount } => apply_discount(state.placed()?, discount),
            OrderCommand::StartPayment { payment_id } => start_payment(state.placed()?, payment_id),
            OrderCommand::Pay {
                payment_id,
                confirmation_due_at,
            } => pay(state.placed()?, payment_id, confirmation_due_at),
            OrderCommand::Confirm => step(state, OrderStatus::Paid, OrderEvent::OrderConfirmed {}),
            OrderCommand::Ship => step(state, OrderStatus::Confirmed, OrderEvent::OrderShipped {}),
            OrderCommand::Deliver => {
                step(state, OrderStatus::Shipped, OrderEvent::OrderDelivered {})
            }
            OrderCommand::Cancel { reason } => cancel(state.placed()?, reason),
            OrderCommand::ApplyPoints { points } => apply_points(state.placed()?, points),
            OrderCommand::StartRefund {
                refund_id,
                scope,
                reason,
            } => refunding::start(state.placed()?, refund_id, &scope, reason),
            OrderCommand::CompleteRefund { refund_id } => {
                refunding::complete(state.placed()?, refund_id)
            }
        }
    }

    fn evolve(state: &mut OrderState, event: &OrderEvent) {
        if let OrderEvent::OrderPlaced {
            user_id,
            lines,
            subtotal,
            discount,
            total,
            payment_due_at,
        } = event
        {
            state.0 = Some(PlacedOrder {
                user_id: user_id.clone(),
                lines: lines.as_slice().into(),
                subtotal: *subtotal,
                discount: discount.clone(),
                total: *total,
                status: OrderStatus::Pending,
                payment_id: None,
                points: 0,
                payment_due_at: *payment_due_at,
                refunds: Vec::new(),
                left: Vec::new(),
            });
        }
        let Some(order) = state.0.as_mut() else {
            return;
        };
        match event {
            OrderEvent::OrderPlaced { .. } => {}
            OrderEvent::OrderDiscounted { discount, total } => {
                order.discount = Some(discount.clone());
                order.total = *total;
            }
            OrderEvent::OrderPaymentStarted { payment_id } => order.payment_id = Some(*payment_id),
            OrderEvent::OrderPaid { .. } => order.status = OrderStatus::Paid,
            OrderEvent::OrderConfirmed {} => order.status = OrderStatus::Confirmed,
            OrderEvent::OrderShipped {} => order.status = OrderStatus::Shipped,
            OrderEvent::OrderDelivered {} => order.status = OrderStatus::Delivered,
            OrderEvent::OrderCancelled { .. } => order.status = OrderStatus::Cancelled,
            OrderEvent::OrderPointsApplied { points, .. } => order.points = *points,
            OrderEvent::OrderRefundStarted {
                refund_id,
                lines,
                restock,
                ..
            } => refunding::started(order, *refund_id, lines, *restock),
            OrderEvent::OrderRefunded { refund_id, .. } => refunding::completed(order, *refund_id),
        }
    }
}

fn place(
    state: &OrderState,
    user_id: UserId,
    lines: Vec<OrderLine>,
    discount: Option<Discount>,
    payment_due_at: DateTime<Utc>,
) -> Result<Vec<OrderEvent>, OrderError> {
    if state.0.is_some() {
        return Err(OrderError::AlreadyPlaced);
    }
    let subtotal = check_lines(&lines)?;
    let total = match &discount {
        Some(discount) => subtotal.minus(discount.amount)?,
        None => subtotal,
    };
    Ok(vec![OrderEvent::OrderPlaced {
        user_id,
        lines,
        subtotal,
        discount,
        total,
        payment_due_at,
    }])
}

/// The sum of the lines, if they are as an order's lines must be.
fn check_lines(lines: &[OrderLine]) -> Result<Money, OrderError> {
    let bad_lines = OrderError::BadLines {
        max: Order::LINES_MAX,
    };
    let products: BTreeSet<_> = lines.iter().map(|line| line.product_id).collect();
    if lines.len() > Order::LINES_MAX || products.len() != lines.len() {
        return Err(bad_lines);
    }
    let Some((first, rest)) = lines.split_first() else {
        return Err(bad_lines);
    };
    for line in lines {
        if line.unit_price.times(line.quantity)? != line.amount {
            return Err(OrderError::BadTotal(MoneyError::TooLarge));
        }
    }
    Ok(rest
        .iter()
        .try_fold(first.amount, |sum, line| sum.plus(line.amount))?)
}

fn apply_discount(order: &PlacedOrder, discount: Discount) -> Result<Vec<OrderEvent>, OrderError> {
    if order.discount.as_ref() == Some(&discount) {
        return Ok(vec![]);
    }
    if order.status != OrderStatus::Pending || order.payment_id.is_some() {
        return Err(OrderError::NotPayable {
            status: order.status,
        });
    }
    if order.discount.is_some() {
        return Err(OrderError::AlreadyDiscounted);
    }
    let total = order.subtotal.minus(discount.amount)?;
    Ok(vec![OrderEvent::OrderDiscounted { discount, total }])
}

fn apply_points(order: &PlacedOrder, points: i64) -> Result<Vec<OrderEvent>, OrderError> {
    if order.points == points {
        return Ok(vec![]);
    }
    if order.status != OrderStatus::Pending || order.payment_id.is_some() || order.points != 0 {
        return Err(OrderError::NotPayable {
            status: order.status,
        });
    }
    let payable = order.total;
    let paid = Money::new(points, payable.currency());
    let left = paid.and_then(|paid| payable.minus(paid));
    let left = left.map_err(|_| OrderError::TooManyPoints { payable })?;
    Ok(vec![OrderEvent::OrderPointsApplied {
        points,
        payable: left,
    }])
}

fn start_payment(
    order: &PlacedOrder,
    payment_id: PaymentId,
) -> Result<Vec<OrderEvent>, OrderError> {
    if order.payment_id == Some(payment_id) {
        return Ok(vec![]);
    }
    if order.status != OrderStatus::Pending || order.payment_id.is_some() {
        return Err(OrderError::NotPayable {
            status: order.status,
        });
    }
    Ok(vec![OrderEvent::OrderPaymentStarted { payment_id }])
}

fn pay(
    order: &PlacedOrder,
    payment_id: PaymentId,
    confirmation_due_at: DateTime<Utc>,
) -> Result<Vec<OrderEvent>, OrderError> {
    let this_one = order.payment_id == Some(payment_id);
    match order.status {
        OrderStatus::Pending if this_one => Ok(vec![OrderEvent::OrderPaid {
            payment_id,
            confirmation_due_at,
        }]),
        OrderStatus::Paid
        | OrderStatus::Confirmed
        | OrderStatus::Shipped
        | OrderStatus::Delivered
            if this_one =>
        {
            Ok(vec![])
        }
        status => Err(OrderError::NotPayable { status }),
    }
}

/// A plain step from one status to the next; repeated, or overtaken by a later step, it does nothing.
fn step(
    state: &OrderState,
    from: OrderStatus,
    event: OrderEvent,
) -> Result<Vec<OrderEvent>, OrderError> {
    let status = state.placed()?.status;
    if status == from {
        return Ok(vec![event]);
    }
    match (status.paid_steps(), from.paid_steps()) {
        (Some(done), Some(before)) if done > before => Ok(vec![]),
        _ => Err(OrderError::WrongStatus { status }),
    }
}

fn cancel(order: &PlacedOrder, reason: CancelReason) -> Result<Vec<OrderEvent>, OrderError> {
    match order.status {
        OrderStatus::Pending => Ok(vec![OrderEvent::OrderCancelled {
            reason,
            was_paid: false,
        }]),
        OrderStatus::Paid if order.refunds.is_empty() => Ok(vec![OrderEvent::OrderCancelled {
            reason,
            was_paid: true,
        }]),
        OrderStatus::Cancelled => Err(OrderError::AlreadyCancelled),
        // One of which a part went back is refunded to its end: a part cannot be cancelled twice.
        status @ (OrderStatus::Paid
        | OrderStatus::Confirmed
        | OrderStatus::Shipped
        | OrderStatus::Delivered) => Err(OrderError::NotCancellable { status }),
    }
}
