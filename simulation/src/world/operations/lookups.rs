//! Operations of the simulation's own: what a client would have looked up before, and what has no endpoint yet.

use domain::checkout::{AskedBy, RefundPayment};
use domain::order::{Order, OrderCommand, OrderError, OrderStatus, RefundItem, RefundScope};
use domain::{Halt, Operation, OrderId, RefundId, Rejection, StreamId, Workspace};
use serde_json::{Value, json};

use super::price;
use crate::deeds::Part;

/// An order goes on its way: the shop has the rule, and no endpoint for it yet.
#[derive(Debug)]
pub(super) struct Move {
    pub(super) order: OrderId,
    pub(super) command: OrderCommand,
}

impl Operation for Move {
    fn name(&self) -> &'static str {
        "move-order"
    }

    fn streams(&self) -> Vec<StreamId> {
        vec![StreamId::of::<Order>(self.order)]
    }

    fn decide(&self, workspace: &mut Workspace<'_>) -> Result<Value, Halt> {
        workspace.execute::<Order>(self.order, self.command.clone())?;
        let order = workspace.read::<Order>(self.order)?;
        let order = order.placed().map_err(Rejection::from)?;
        Ok(json!({ "id": self.order, "status": order.status }))
    }
}

/// A part of an order goes back. A client would have read the order and its payment; here they are looked up
/// when the request is decided.
#[derive(Debug)]
pub(super) struct Refund {
    pub(super) refund_id: RefundId,
    pub(super) order: OrderId,
    pub(super) by: AskedBy,
    pub(super) part: Part,
}

impl Operation for Refund {
    fn name(&self) -> &'static str {
        "refund-payment"
    }

    fn streams(&self) -> Vec<StreamId> {
        vec![StreamId::of::<Order>(self.order)]
    }

    fn decide(&self, workspace: &mut Workspace<'_>) -> Result<Value, Halt> {
        let order = workspace.read::<Order>(self.order)?;
        let order = order.placed().map_err(Rejection::from)?;
        let status = order.status;
        let Some(payment_id) = order.payment_id.filter(|_| status != OrderStatus::Pending) else {
            return Err(Rejection::from(OrderError::NotRefundable { status }).into());
        };
        let scope = match self.part {
            Part::All => RefundScope::Everything,
            Part::Won(won) => RefundScope::Amount(price(won)),
            Part::Pieces { line, quantity } => {
                let place = line.checked_rem(order.lines.len()).unwrap_or(0);
                let line = order.lines.get(place);
                let item = line.map(|line| RefundItem {
                    order_item_id: line.order_item_id,
                    quantity,
                });
                RefundScope::Items(item.into_iter().collect())
            }
        };
        let refund = RefundPayment {
            refund_id: self.refund_id,
            payment_id,
            scope,
            reason: "too small".to_owned(),
            by: self.by.clone(),
        };
        refund.decide(workspace)
    }
}
