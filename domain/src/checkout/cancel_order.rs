//! Cancelling an order (O-04), by request or because nobody paid (RS-05): whatever it holds goes back
//! in the same transaction.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::deposit;
use crate::coupon_pool::{CouponPool, CouponPoolCommand};
use crate::ids::{OrderId, PaymentId, RefundId, UserId};
use crate::inventory::{Inventory, InventoryCommand};
use crate::order::{CancelReason, Order, OrderCommand, OrderStatus, PlacedOrder};
use crate::payment::{Payment, PaymentCommand, RefundReason, RefundRequest};
use crate::points::{PointAccount, PointsCommand};
use crate::rejection::Rejection;
use crate::streams::StreamId;
use crate::workspace::{Halt, Operation, Workspace};

/// Who asks for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AskedBy {
    /// A user: for their own order only.
    User(UserId),
    /// An operator: for any order.
    Operator,
}

/// Cancel an order. A payment that is still under way is left alone: should it succeed after all, it is
/// refunded when its answer arrives.
#[derive(Clone, Debug)]
pub struct CancelOrder {
    /// Which order.
    pub order_id: OrderId,
    /// Who cancels.
    pub by: AskedBy,
    /// In their words: 1 to 500 characters, checked at the edge.
    pub reason: String,
    /// The id of the refund, should it be paid.
    pub refund_id: RefundId,
}

impl Operation for CancelOrder {
    fn name(&self) -> &'static str {
        "cancel-order"
    }

    fn streams(&self) -> Vec<StreamId> {
        vec![StreamId::of::<Order>(self.order_id)]
    }

    fn decide(&self, workspace: &mut Workspace<'_>) -> Result<Value, Halt> {
        let order = workspace.read::<Order>(self.order_id)?;
        let order = match &self.by {
            AskedBy::User(user_id) => order.placed_by(user_id),
            AskedBy::Operator => order.placed(),
        };
        let was_paid = order.map_err(Rejection::from)?.status == OrderStatus::Paid;
        let reason = CancelReason::Requested {
            reason: self.reason.clone(),
        };
        if was_paid {
            undo_order(workspace, self.order_id, reason, self.refund_id)?;
        } else {
            release_order(workspace, self.order_id, reason)?;
        }
        Ok(json!({ "id": self.order_id, "status": OrderStatus::Cancelled }))
    }
}

/// Cancel an order that nobody paid in time. Does nothing to one that was paid or cancelled meanwhile, or that
/// waits for a deposit into an account that is still open.
#[derive(Clone, Debug)]
pub struct ExpireOrder {
    /// Which order.
    pub order_id: OrderId,
    /// When.
    pub now: DateTime<Utc>,
}

impl Operation for ExpireOrder {
    fn name(&self) -> &'static str {
        "expire-order"
    }

    fn streams(&self) -> Vec<StreamId> {
        vec![StreamId::of::<Order>(self.order_id)]
    }

    fn decide(&self, workspace: &mut Workspace<'_>) -> Result<Value, Halt> {
        let order = workspace
            .read::<Order>(self.order_id)?
            .placed()
            .map_err(Rejection::from)?;
        let is_due = order.status == OrderStatus::Pending && self.now >= order.payment_due_at;
        let payment_id = order.payment_id;
        if is_due && !self.waits_for_deposit(workspace, payment_id)? {
            release_order(workspace, self.order_id, CancelReason::PaymentTimedOut)?;
        }
        let order = workspace
            .read::<Order>(self.order_id)?
            .placed()
            .map_err(Rejection::from)?;
        Ok(json!({ "id": self.order_id, "status": order.status }))
    }
}

impl ExpireOrder {
    /// Whether the buyer has an account to pay into, and still time to do it.
    fn waits_for_deposit(
        &self,
        workspace: &mut Workspace<'_>,
        payment_id: Option<PaymentId>,
    ) -> Result<bool, Halt> {
        let Some(payment_id) = payment_id else {
            return Ok(false);
        };
        let payment = Payment::requested_in(workspace, payment_id)?;
        Ok(deposit::is_awaited(payment, self.now))
    }
}

/// The order, once the streams of all that it holds are in memory: they are asked for together, so that
/// a cold order of many lines is read in one round trip.
pub(super) fn order_and_holdings(
    workspace: &mut Workspace<'_>,
    order_id: OrderId,
) -> Result<PlacedOrder, Halt> {
    let order = workspace
        .read::<Order>(order_id)?
        .placed()
        .map_err(Rejection::from)?
        .clone();
    let inventories = order.lines.iter();
    let inventories = inventories.map(|line| StreamId::of::<Inventory>(line.product_id));
    let pool = order.discount.as_ref();
    let pool = pool.map(|discount| StreamId::of::<CouponPool>(discount.code.pool()));
    let account = (order.points > 0).then(|| StreamId::of::<PointAccount>(&order.user_id));
    let holdings: Vec<StreamId> = inventories.chain(pool).chain(account).collect();
    workspace.require(&holdings)?;
    Ok(order)
}

/// Cancels an unpaid order: its stock, its coupon and its points are free again.
pub(super) fn release_order(
    workspace: &mut Workspace<'_>,
    order_id: OrderId,
    reason: CancelReason,
) -> Result<(), Halt> {
    workspace.execute::<Order>(order_id, OrderCommand::Cancel { reason })?;
    let order = order_and_holdings(workspace, order_id)?;
    for line in order.lines.iter() {
        workspace.execute::<Inventory>(line.product_id, InventoryCommand::Release { order_id })?;
    }
    if let Some(discount) = order.discount {
        let release = CouponPoolCommand::Release {
            user_id: order.user_id.clone(),
            order_id,
        };
        workspace.execute::<CouponPool>(discount.code.pool(), release)?;
    }
    if order.points > 0 {
        workspace.execute::<PointAccount>(order.user_id, PointsCommand::Release { order_id })?;
    }
    Ok(())
}

/// Cancels a paid order: its pieces are stock again, its coupon, its points and its money go back.
fn undo_order(
    workspace: &mut Workspace<'_>,
    order_id: OrderId,
    reason: CancelReason,
    refund_id: RefundId,
) -> Result<(), Halt> {
    workspace.execute::<Order>(order_id, OrderCommand::Cancel { reason })?;
    let order = order_and_holdings(workspace, order_id)?;
    for line in order.lines.iter() {
        let allocations = line.allocations.clone();
        let take_back = InventoryCommand::TakeBack {
            order_id,
            allocations,
        };
        workspace.execute::<Inventory>(line.product_id, take_back)?;
    }
    if let Some(discount) = order.discount {
        let give_back = CouponPoolCommand::GiveBack {
            user_id: order.user_id.clone(),
            order_id,
        };
        workspace.execute::<CouponPool>(discount.code.pool(), give_back)?;
    }
    if order.points > 0 {
        let account = workspace.read::<PointAccount>(&order.user_id)?;
        let give_back = PointsCommand::Return {
            order_id,
            refund_id,
            lines: account.returnable(order_id),
        };
        workspace.execute::<PointAccount>(&order.user_id, give_back)?;
    }
    if let Some(payment_id) = order.payment_id {
        let refund = RefundRequest::of_all(refund_id, RefundReason::OrderCancelled);
        workspace.execute::<Payment>(payment_id, PaymentCommand::RequestRefund(refund))?;
    }
    Ok(())
}
