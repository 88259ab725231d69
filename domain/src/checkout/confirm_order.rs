//! Confirming a paid order: by its timer, or by an operator sooner.

use serde_json::{Value, json};

use crate::ids::OrderId;
use crate::order::{Order, OrderCommand};
use crate::rejection::Rejection;
use crate::streams::StreamId;
use crate::workspace::{Halt, Operation, Workspace};

/// Confirm a paid order.
#[derive(Clone, Debug)]
pub struct ConfirmOrder {
    /// Which order.
    pub order_id: OrderId,
}

impl Operation for ConfirmOrder {
    fn name(&self) -> &'static str {
        "confirm-order"
    }

    fn streams(&self) -> Vec<StreamId> {
        vec![StreamId::of::<Order>(self.order_id)]
    }

    fn decide(&self, workspace: &mut Workspace<'_>) -> Result<Value, Halt> {
        workspace.execute::<Order>(self.order_id, OrderCommand::Confirm)?;
        let order = workspace
            .read::<Order>(self.order_id)?
            .placed()
            .map_err(Rejection::from)?;
        Ok(json!({ "id": self.order_id, "status": order.status }))
    }
}
