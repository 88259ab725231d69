//! Asking for an order's payment (PAY-01): payment + order + coupon hold + points, or nothing.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::place_order::hold_coupon;
use super::settle_payment::pay_order;
use crate::coupon_pool::CouponPool;
use crate::ids::{CouponCode, OrderId, PaymentId, PaymentMethodId, UserId};
use crate::order::{Order, OrderCommand, OrderError, OrderStatus};
use crate::payment::{Payment, PaymentCommand, PaymentStatus};
use crate::payment_method::PaymentMethods;
use crate::points::{self, LinePoints, PointAccount, Points, PointsCommand, PointsError};
use crate::rejection::Rejection;
use crate::streams::StreamId;
use crate::workspace::{Halt, Operation, Workspace};

/// The "gateway transaction" of an order that costs no money: no gateway is asked.
const FREE_OF_CHARGE: &str = "free-of-charge";

/// Ask for an order's payment. The gateway itself is called by the checkout saga.
#[derive(Clone, Debug)]
pub struct RequestPayment {
    /// The payment's id: the order's own ([`PaymentId::of_order`]).
    pub payment_id: PaymentId,
    /// Which order.
    pub order_id: OrderId,
    /// Who pays: the order's buyer.
    pub user_id: UserId,
    /// Through which gateway.
    pub gateway: String,
    /// What the gateway gave the buyer's browser; empty when points pay all of it.
    pub token: String,
    /// A saved payment method of theirs, charged instead: by its own gateway, whichever is named.
    pub method_id: Option<PaymentMethodId>,
    /// How much of it is paid with points.
    pub points: Points,
    /// A coupon of theirs, if none was given with the order.
    pub coupon: Option<CouponCode>,
    /// When.
    pub now: DateTime<Utc>,
    /// When the order confirms itself, should it be paid at once.
    pub confirmation_due_at: DateTime<Utc>,
}

impl Operation for RequestPayment {
    fn name(&self) -> &'static str {
        "request-payment"
    }

    fn streams(&self) -> Vec<StreamId> {
        let mut streams = vec![
            StreamId::of::<Order>(self.order_id),
            StreamId::of::<Payment>(self.payment_id),
        ];
        streams.extend(
            self.coupon
                .map(|code| StreamId::of::<CouponPool>(code.pool())),
        );
        if self.method_id.is_some() {
            streams.push(StreamId::of::<PaymentMethods>(&self.user_id));
        }
        if !self.points.is_zero() {
            streams.push(StreamId::of::<PointAccount>(&self.user_id));
        }
        streams
    }

    fn new_streams(&self) -> Vec<StreamId> {
        vec![StreamId::of::<Payment>(self.payment_id)]
    }

    fn decide(&self, workspace: &mut Workspace<'_>) -> Result<Value, Halt> {
        let order = workspace.read::<Order>(self.order_id)?;
        let order = order.placed_by(&self.user_id).map_err(Rejection::from)?;
        let (status, subtotal) = (order.status, order.subtotal);
        let open = status == OrderStatus::Pending && order.payment_id.is_none();
        // After its time the order's timer is about to cancel it.
        if !open || self.now >= order.payment_due_at {
            return Err(Rejection::from(OrderError::NotPayable { status }).into());
        }
        if let Some(code) = self
            .coupon
            .filter(|code| !has_coupon(order.discount.as_ref(), *code))
        {
            if order.discount.is_some() {
                return Err(Rejection::from(OrderError::AlreadyDiscounted).into());
            }
            let (user_id, order_id) = (&self.user_id, self.order_id);
            let discount = hold_coupon(workspace, user_id, code, order_id, subtotal, self.now)?;
            workspace.execute::<Order>(self.order_id, OrderCommand::ApplyDiscount { discount })?;
        }
        if !self.points.is_zero() {
            self.hold_points(workspace)?;
        }
        self.start(workspace)
    }
}

fn has_coupon(discount: Option<&crate::order::Discount>, code: CouponCode) -> bool {
    discount.is_some_and(|discount| discount.code == code)
}

impl RequestPayment {
    /// Sets the points aside, each line's part for the line: what pays a line goes back with it.
    fn hold_points(&self, workspace: &mut Workspace<'_>) -> Result<(), Halt> {
        let order_id = self.order_id;
        let points = self.points.get();
        workspace.execute::<Order>(order_id, OrderCommand::ApplyPoints { points })?;
        let order = workspace
            .read::<Order>(order_id)?
            .placed()
            .map_err(Rejection::from)?;
        if order.total.currency() != points::CURRENCY {
            let reason = "points pay won only";
            let field = "points";
            return Err(Rejection::from(PointsError::Invalid { field, reason }).into());
        }
        let parts = order.lines.iter().zip(order.tenders());
        let parts = parts.map(|(line, tender)| {
            Points::new(tender.points).map(|points| LinePoints {
                order_item_id: line.order_item_id,
                points,
            })
        });
        let lines = parts.collect::<Result<Vec<_>, _>>();
        let lines = lines.map_err(|error| Rejection::from(PointsError::from(error)))?;
        let hold = PointsCommand::Hold {
            order_id,
            amount: self.points,
            lines,
            now: self.now,
        };
        workspace.execute::<PointAccount>(&self.user_id, hold)
    }

    /// The one that is named, or that of the method: which has to be the buyer's, and active.
    fn charging_gateway(&self, workspace: &mut Workspace<'_>) -> Result<String, Halt> {
        let Some(method_id) = self.method_id else {
            return Ok(self.gateway.clone());
        };
        let methods = workspace.read::<PaymentMethods>(&self.user_id)?;
        let method = methods.active(method_id).map_err(Rejection::from)?;
        Ok(method.gateway.clone())
    }

    fn start(&self, workspace: &mut Workspace<'_>) -> Result<Value, Halt> {
        let (order_id, payment_id) = (self.order_id, self.payment_id);
        workspace.execute::<Order>(order_id, OrderCommand::StartPayment { payment_id })?;
        let order = workspace
            .read::<Order>(order_id)?
            .placed()
            .map_err(Rejection::from)?;
        let points = order.points;
        let amount = order.payable().map_err(Rejection::from)?;
        let request = PaymentCommand::Request {
            order_id,
            user_id: self.user_id.clone(),
            amount,
            gateway: self.charging_gateway(workspace)?,
            token: self.token.clone(),
            method_id: self.method_id,
        };
        workspace.execute::<Payment>(payment_id, request)?;
        let status = Payment::requested_in(workspace, payment_id)?.status;
        if amount.is_zero() && status == PaymentStatus::Pending {
            let gateway_transaction_id = FREE_OF_CHARGE.to_owned();
            let succeed = PaymentCommand::Succeed {
                charged: amount,
                gateway_transaction_id,
            };
            workspace.execute::<Payment>(payment_id, succeed)?;
            pay_order(workspace, order_id, payment_id, self.confirmation_due_at)?;
        }
        let payment = Payment::requested_in(workspace, payment_id)?;
        Ok(json!({
            "id": payment_id,
            "orderId": order_id,
            "amount": payment.amount,
            "points": points,
            "status": payment.status,
        }))
    }
}
