//! What every contestant writes: the same command to the same aggregate, and so the same event with the
//! same metadata; the bare insert writes the same payload.

use std::collections::HashMap;

use domain::inventory::{Inventory, InventoryCommand, InventoryEvent};
use domain::{Halt, Operation, ProductId, StreamId, WarehouseId, Workspace};
use event_store::{Command, CommandId, Context, Fingerprint};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::error::BenchError;

/// Close to the 200 characters that a correction's reason may have: the payload comes to about 240 bytes,
/// as large as an order's events.
const REASON: &str = "Counted by hand in the yearly stocktaking: one piece had been put away on the shelf \
of another product, was found there, brought back to its own place, and is entered again here.";
const WAREHOUSE: &str = "seoul";
/// Goes into every event's metadata.
const PRINCIPAL: &str = "operator-7";

/// One piece is found: one event of an inventory of its own. Unlike `domain`'s operation of this kind it
/// reads no product beside it, since the stock framework cannot.
#[derive(Clone, Debug)]
pub(crate) struct FindPieces {
    inventory: ProductId,
    warehouse: WarehouseId,
    /// How many events it makes.
    times: u32,
    /// Whether the id was made for this command, as a shop's own are when something is created.
    is_new: bool,
}

impl FindPieces {
    /// On an aggregate that may have events.
    pub(crate) fn on(inventory: ProductId) -> Result<Self, BenchError> {
        Ok(Self {
            inventory,
            warehouse: warehouse()?,
            times: 1,
            is_new: false,
        })
    }

    /// On an aggregate whose id was made for this command.
    pub(crate) fn on_new(inventory: ProductId) -> Result<Self, BenchError> {
        Ok(Self {
            is_new: true,
            ..Self::on(inventory)?
        })
    }

    /// Making several events.
    pub(crate) fn repeated(self, times: u32) -> Self {
        Self { times, ..self }
    }
}

impl Operation for FindPieces {
    fn name(&self) -> &'static str {
        "bench-find-pieces"
    }

    fn streams(&self) -> Vec<StreamId> {
        vec![StreamId::of::<Inventory>(self.inventory)]
    }

    fn new_streams(&self) -> Vec<StreamId> {
        if self.is_new {
            self.streams()
        } else {
            Vec::new()
        }
    }

    fn decide(&self, workspace: &mut Workspace<'_>) -> Result<Value, Halt> {
        for _ in 0..self.times {
            let command = found_piece(self.warehouse.clone());
            workspace.execute::<Inventory>(self.inventory, command)?;
        }
        let inventory = workspace.read::<Inventory>(self.inventory)?;
        Ok(json!({ "id": self.inventory, "stock": inventory.stock() }))
    }
}

/// A new aggregate's id.
pub(crate) fn new_inventory() -> ProductId {
    ProductId::new(Uuid::now_v7())
}

/// The command itself, as the stock framework takes it.
pub(crate) fn inventory_command() -> Result<InventoryCommand, BenchError> {
    Ok(found_piece(warehouse()?))
}

fn found_piece(warehouse: WarehouseId) -> InventoryCommand {
    InventoryCommand::Adjust {
        warehouse,
        delta: 1,
        reason: REASON.to_owned(),
    }
}

/// The event's JSON, as every contestant stores it.
pub(crate) fn payload() -> Result<String, BenchError> {
    Ok(serde_json::to_string(&InventoryEvent::StockAdjusted {
        warehouse: warehouse()?,
        delta: 1,
        reason: REASON.to_owned(),
    })?)
}

/// A command to our store, under an id of its own, as the command API makes them.
pub(crate) fn command(operation: FindPieces) -> Command {
    let id = Uuid::now_v7();
    let fingerprint = Fingerprint::of(&[operation.name().as_bytes(), id.as_bytes()]);
    let context = Context {
        principal: PRINCIPAL.to_owned(),
        correlation_id: Uuid::now_v7(),
        causation_id: None,
        occurred_at: chrono::Utc::now(),
    };
    Command::new(CommandId::new(id), fingerprint, operation, context)
}

/// The same metadata for the stock framework, by the same names.
pub(crate) fn stock_metadata() -> HashMap<String, String> {
    let new_id = || Uuid::now_v7().to_string();
    HashMap::from([
        ("eventId".to_owned(), new_id()),
        ("commandId".to_owned(), new_id()),
        ("correlationId".to_owned(), new_id()),
        ("principal".to_owned(), PRINCIPAL.to_owned()),
        ("occurredAt".to_owned(), chrono::Utc::now().to_rfc3339()),
    ])
}

fn warehouse() -> Result<WarehouseId, BenchError> {
    WAREHOUSE
        .parse()
        .map_err(|error: domain::IdError| BenchError::Value(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_payload_is_as_large_as_an_orders_events() {
        assert!(REASON.chars().count() <= 200);
        assert!((220..=300).contains(&payload().unwrap().len()));
    }
}
