//! Giving a paid order back, whole or in parts: the order says what of which line, the payment gives the
//! money back, and when it has, pieces and coupon follow.
//!
//! Stated rules. Pieces become stock again, in the warehouses that they came from, when they had not left
//! yet (the order was paid or confirmed); from then on they are the buyer's, and an operator receives them
//! when they come back. The points that paid a line go back with it, to the lots that they came from. Of the points
//! that the order earned, each line gives back the part that its money does. Should they be spent already, the account
//! owes them. The coupon comes back with the last of the order, and can be used again while it is valid. A customer
//! refunds pieces of their own order until it is shipped; an amount of money, or anything later, is an operator's to
//! refund.

use serde_json::{Value, json};

use super::cancel_order::AskedBy;
use crate::coupon_pool::{CouponPool, CouponPoolCommand};
use crate::ids::{OrderId, OrderItemId, PaymentId, RefundId, UserId};
use crate::inventory::{Inventory, InventoryCommand};
use crate::order::{Order, OrderCommand, OrderError, OrderStatus, RefundScope, RefundedLine};
use crate::payment::{Payment, PaymentCommand, PaymentError, RefundReason, RefundRequest};
use crate::points::{LinePoints, PointAccount, Points, PointsCommand, PointsError};
use crate::rejection::Rejection;
use crate::streams::StreamId;
use crate::workspace::{Halt, Operation, Workspace};

/// Give all or part of a payment back. The gateway itself is called by the checkout saga.
#[derive(Clone, Debug)]
pub struct RefundPayment {
    /// The refund's new id: the gateway's idempotency key, until it refuses.
    pub refund_id: RefundId,
    /// Which payment.
    pub payment_id: PaymentId,
    /// What of it.
    pub scope: RefundScope,
    /// Why: 1 to 200 characters.
    pub reason: String,
    /// Who asks.
    pub by: AskedBy,
}

impl Operation for RefundPayment {
    fn name(&self) -> &'static str {
        "refund-payment"
    }

    fn streams(&self) -> Vec<StreamId> {
        vec![StreamId::of::<Payment>(self.payment_id)]
    }

    fn decide(&self, workspace: &mut Workspace<'_>) -> Result<Value, Halt> {
        let (refund_id, payment_id) = (self.refund_id, self.payment_id);
        let order_id = Payment::requested_in(workspace, payment_id)?.order_id;
        self.check_asker(workspace, order_id)?;
        let start = OrderCommand::StartRefund {
            refund_id,
            scope: self.scope.clone(),
            reason: self.reason.clone(),
        };
        workspace.execute::<Order>(order_id, start)?;
        let order = workspace.read::<Order>(order_id)?;
        let order = order.placed().map_err(Rejection::from)?;
        if order.payment_id != Some(payment_id) {
            // A payment that came too late paid nothing of this order: it goes back by itself, whole.
            let status = order.status;
            return Err(Rejection::from(OrderError::NotRefundable { status }).into());
        }
        let refund = order.refund(refund_id).cloned();
        let is_new = refund.as_ref().is_some_and(|refund| !refund.done);
        let lines = refund.map(|refund| refund.lines).unwrap_or_default();
        let others_remain = !order.is_all_going();
        let user_id = order.user_id.clone();
        let nothing = crate::money::Money::zero(order.total.currency());
        let amount = lines
            .iter()
            .try_fold(nothing, |sum, line| sum.plus(line.amount))
            .map_err(|error| Rejection::from(OrderError::BadTotal(error)))?;
        if is_new {
            check_points(workspace, &user_id, order_id, &lines)?;
        }
        let request = RefundRequest {
            refund_id,
            amount: Some(amount),
            reason: RefundReason::Requested,
            others_remain,
        };
        workspace.execute::<Payment>(payment_id, PaymentCommand::RequestRefund(request))?;
        if is_done(workspace, payment_id, refund_id)? {
            // Nothing of it was money, so no gateway is asked.
            give_back(workspace, order_id, refund_id)?;
        }
        let done = is_done(workspace, payment_id, refund_id)?;
        Ok(json!({
            "id": refund_id,
            "paymentId": payment_id,
            "orderId": order_id,
            "amount": amount,
            "points": lines.iter().map(|line| line.points).sum::<i64>(),
            "status": if done { "SUCCEEDED" } else { "PENDING" },
            "items": lines.iter().map(|line| json!({
                "orderItemId": line.order_item_id,
                "quantity": line.quantity,
                "amount": line.amount,
                "points": line.points,
            })).collect::<Vec<_>>(),
        }))
    }
}

impl RefundPayment {
    /// A customer's own order only, and only what may be theirs to decide.
    fn check_asker(&self, workspace: &mut Workspace<'_>, order_id: OrderId) -> Result<(), Halt> {
        let AskedBy::User(user_id) = &self.by else {
            return Ok(());
        };
        let order = workspace.read::<Order>(order_id)?;
        let order = order
            .placed_by(user_id)
            // The payment was asked for, not the order: another's payment does not exist.
            .map_err(|_| Rejection::from(PaymentError::NotFound))?;
        let status = order.status;
        match status {
            OrderStatus::Shipped | OrderStatus::Delivered => {
                Err(Rejection::from(OrderError::NotRefundable { status }).into())
            }
            OrderStatus::Pending
            | OrderStatus::Paid
            | OrderStatus::Confirmed
            | OrderStatus::Cancelled => Ok(()),
        }
    }
}

fn is_done(
    workspace: &mut Workspace<'_>,
    payment_id: PaymentId,
    refund_id: RefundId,
) -> Result<bool, Halt> {
    let payment = Payment::requested_in(workspace, payment_id)?;
    Ok(payment.refund(refund_id).is_some_and(|refund| refund.done))
}

/// The money of an order's refund went back: the order knows, its pieces are stock again, and with the last
/// of it its coupon comes back. Does nothing the second time.
pub(super) fn give_back(
    workspace: &mut Workspace<'_>,
    order_id: OrderId,
    refund_id: RefundId,
) -> Result<(), Halt> {
    let order = workspace.read::<Order>(order_id)?;
    let order = order.placed().map_err(Rejection::from)?;
    let Some(refund) = order.refund(refund_id).filter(|refund| !refund.done) else {
        return Ok(());
    };
    let pieces = refund.lines.iter().filter(|_| refund.restock);
    let pieces = pieces.map(|line| (line.product_id, order.pieces_back(line)));
    let pieces: Vec<_> = pieces.filter(|(_, back)| !back.is_empty()).collect();
    let (user_id, discount) = (order.user_id.clone(), order.discount.clone());
    let (taken, kept) = (refund.lines.clone(), order.kept());
    let inventories = pieces.iter();
    let mut holdings: Vec<StreamId> = inventories
        .map(|(product_id, _)| StreamId::of::<Inventory>(product_id))
        .collect();
    holdings.extend(
        discount
            .as_ref()
            .map(|discount| StreamId::of::<CouponPool>(discount.code.pool())),
    );
    holdings.push(StreamId::of::<PointAccount>(&user_id));
    workspace.require(&holdings)?;
    workspace.execute::<Order>(order_id, OrderCommand::CompleteRefund { refund_id })?;
    for (product_id, allocations) in pieces {
        let take_back = InventoryCommand::TakeBack {
            order_id,
            allocations,
        };
        workspace.execute::<Inventory>(product_id, take_back)?;
    }
    let order = workspace.read::<Order>(order_id)?;
    let all_is_back = order.placed().map_err(Rejection::from)?.is_all_back();
    if let (true, Some(discount)) = (all_is_back, discount) {
        let user_id = user_id.clone();
        let give_back = CouponPoolCommand::GiveBack { user_id, order_id };
        workspace.execute::<CouponPool>(discount.code.pool(), give_back)?;
    }
    return_points(workspace, &user_id, (order_id, refund_id), &taken)?;
    take_back_points(workspace, &user_id, (order_id, refund_id), &taken, &kept)
}

/// Refuses, before any money moves, what the account could not take back: it remembers an order for two years
/// ([`crate::points::RETURNABLE_DAYS`]).
fn check_points(
    workspace: &mut Workspace<'_>,
    user_id: &UserId,
    order_id: OrderId,
    taken: &[RefundedLine],
) -> Result<(), Halt> {
    if taken.iter().all(|line| line.points == 0) {
        return Ok(());
    }
    let returnable = workspace
        .read::<PointAccount>(user_id)?
        .returnable(order_id);
    for line in taken {
        let returnable = points_of(&returnable, line.order_item_id);
        if line.points > returnable.get() {
            let order_item_id = line.order_item_id;
            return Err(Rejection::from(PointsError::NotReturnable {
                order_item_id,
                returnable,
            })
            .into());
        }
    }
    Ok(())
}

fn points_of(lines: &[LinePoints], order_item_id: OrderItemId) -> Points {
    let line = lines
        .iter()
        .find(|line| line.order_item_id == order_item_id);
    line.map_or(Points::ZERO, |line| line.points)
}

/// The points that had paid what went back go back to the lots that they came from. The money is back already, so
/// nothing may stop this: should the account have forgotten the order while the gateway was away for weeks, its
/// points are an operator's to give.
fn return_points(
    workspace: &mut Workspace<'_>,
    user_id: &UserId,
    (order_id, refund_id): (OrderId, RefundId),
    taken: &[RefundedLine],
) -> Result<(), Halt> {
    if taken.iter().all(|line| line.points == 0) {
        return Ok(());
    }
    let returnable = workspace
        .read::<PointAccount>(user_id)?
        .returnable(order_id);
    let lines = taken.iter().map(|line| {
        let points = Points::new(line.points);
        let returnable = points_of(&returnable, line.order_item_id);
        points.map(|points| LinePoints {
            order_item_id: line.order_item_id,
            points: points.min(returnable),
        })
    });
    let lines = lines.collect::<Result<Vec<_>, _>>();
    let lines = lines.map_err(|error| Rejection::from(PointsError::from(error)))?;
    let give_back = PointsCommand::Return {
        order_id,
        refund_id,
        lines,
    };
    workspace.execute::<PointAccount>(user_id, give_back)
}

/// Of what the order earned goes the same part as of its money: of each line, what was refunded of what had
/// not gone back before, rounded down; with the last of its money all of it.
fn take_back_points(
    workspace: &mut Workspace<'_>,
    user_id: &UserId,
    (order_id, refund_id): (OrderId, RefundId),
    taken: &[RefundedLine],
    kept: &[(OrderItemId, i64)],
) -> Result<(), Halt> {
    let account = workspace.read::<PointAccount>(user_id)?;
    let earned = account.takeable(order_id);
    let lines = taken.iter().filter_map(|line| {
        let item = line.order_item_id;
        let earned = earned.iter().find(|earned| earned.order_item_id == item)?;
        let (_, kept) = kept.iter().find(|(kept, _)| *kept == item)?;
        let whole = i128::from(earned.points.get()) * i128::from(line.amount.amount());
        let share = whole.checked_div(i128::from(*kept))?;
        let points = Points::new(i64::try_from(share).ok()?).ok()?;
        (!points.is_zero()).then_some(LinePoints {
            order_item_id: item,
            points,
        })
    });
    let lines: Vec<LinePoints> = lines.collect();
    if lines.is_empty() {
        return Ok(());
    }
    let take_back = PointsCommand::TakeBack {
        order_id,
        refund_id,
        lines,
    };
    workspace.execute::<PointAccount>(user_id, take_back)
}
