//! Confirming a paid order, by its timer or by an operator sooner: from now on it is final, so now it earns
//! its points.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use crate::ids::{LotId, OrderId};
use crate::order::{Order, OrderCommand, OrderStatus};
use crate::points::{EarningPolicy, PointAccount, PointsCommand};
use crate::rejection::Rejection;
use crate::streams::StreamId;
use crate::workspace::{Halt, Operation, Workspace};

/// Confirm a paid order. One that is confirmed already earns nothing more: also one that was confirmed
/// before there were points.
#[derive(Clone, Debug)]
pub struct ConfirmOrder {
    /// Which order.
    pub order_id: OrderId,
    /// The id of the lot of points that it earns.
    pub lot_id: LotId,
    /// What it earns.
    pub earning: EarningPolicy,
    /// When.
    pub now: DateTime<Utc>,
}

impl Operation for ConfirmOrder {
    fn name(&self) -> &'static str {
        "confirm-order"
    }

    fn streams(&self) -> Vec<StreamId> {
        vec![StreamId::of::<Order>(self.order_id)]
    }

    fn decide(&self, workspace: &mut Workspace<'_>) -> Result<Value, Halt> {
        let order = workspace.read::<Order>(self.order_id)?;
        let before = order.placed().map_err(Rejection::from)?.status;
        workspace.execute::<Order>(self.order_id, OrderCommand::Confirm)?;
        if before == OrderStatus::Paid {
            self.earn(workspace)?;
        }
        let order = workspace
            .read::<Order>(self.order_id)?
            .placed()
            .map_err(Rejection::from)?;
        Ok(json!({ "id": self.order_id, "status": order.status }))
    }
}

impl ConfirmOrder {
    /// The buyer's account is read only when there is something to earn.
    fn earn(&self, workspace: &mut Workspace<'_>) -> Result<(), Halt> {
        let order = workspace
            .read::<Order>(self.order_id)?
            .placed()
            .map_err(Rejection::from)?
            .clone();
        // What is about to go back counts still: when it has gone, its points are taken back.
        let lines = self.earning.earns(order.total.currency(), &order.kept());
        if lines.iter().all(|line| line.points.is_zero()) {
            return Ok(());
        }
        let earn = PointsCommand::Earn {
            order_id: self.order_id,
            lot_id: self.lot_id,
            lines,
            now: self.now,
            expires_at: self.earning.expiry(self.now),
        };
        workspace.execute::<PointAccount>(order.user_id, earn)
    }
}
