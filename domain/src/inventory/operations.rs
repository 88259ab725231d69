//! What an operator does to a product's stock.

use serde_json::{Value, json};

use super::{Inventory, InventoryCommand};
use crate::ids::{ProductId, WarehouseId};
use crate::product::{Product, ProductError};
use crate::quantity::Quantity;
use crate::rejection::Rejection;
use crate::streams::StreamId;
use crate::workspace::{Halt, Operation, Workspace};

/// Stock arrives.
#[derive(Clone, Debug)]
pub struct ReceiveStock {
    /// Of which product.
    pub product_id: ProductId,
    /// Where.
    pub warehouse: WarehouseId,
    /// How much.
    pub quantity: Quantity,
}

/// A count is corrected.
#[derive(Clone, Debug)]
pub struct AdjustStock {
    /// Of which product.
    pub product_id: ProductId,
    /// Where.
    pub warehouse: WarehouseId,
    /// By how much, up or down.
    pub delta: i32,
    /// Why.
    pub reason: String,
}

impl Operation for ReceiveStock {
    fn name(&self) -> &'static str {
        "receive-stock"
    }

    fn streams(&self) -> Vec<StreamId> {
        streams(self.product_id)
    }

    fn decide(&self, workspace: &mut Workspace<'_>) -> Result<Value, Halt> {
        let (warehouse, quantity) = (self.warehouse.clone(), self.quantity);
        change(
            workspace,
            self.product_id,
            InventoryCommand::Receive {
                warehouse,
                quantity,
            },
        )
    }
}

impl Operation for AdjustStock {
    fn name(&self) -> &'static str {
        "adjust-stock"
    }

    fn streams(&self) -> Vec<StreamId> {
        streams(self.product_id)
    }

    fn decide(&self, workspace: &mut Workspace<'_>) -> Result<Value, Halt> {
        let (warehouse, reason) = (self.warehouse.clone(), self.reason.clone());
        let adjust = InventoryCommand::Adjust {
            warehouse,
            delta: self.delta,
            reason,
        };
        change(workspace, self.product_id, adjust)
    }
}

fn streams(product_id: ProductId) -> Vec<StreamId> {
    vec![
        StreamId::of::<Product>(product_id),
        StreamId::of::<Inventory>(product_id),
    ]
}

/// Changes the stock of a product that exists, and answers what there is now.
fn change(
    workspace: &mut Workspace<'_>,
    product_id: ProductId,
    command: InventoryCommand,
) -> Result<Value, Halt> {
    if !workspace.read::<Product>(product_id)?.exists() {
        return Err(Rejection::from(ProductError::NotFound).into());
    }
    workspace.execute::<Inventory>(product_id, command)?;
    let inventory = workspace.read::<Inventory>(product_id)?;
    Ok(json!({
        "id": product_id,
        "stock": inventory.stock(),
        "reservedStock": inventory.reserved(),
        "availableStock": inventory.available(),
    }))
}
