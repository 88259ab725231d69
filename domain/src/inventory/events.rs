//! What can have happened to an inventory. This is a storage format: see `golden/inventory/`.

use serde::{Deserialize, Serialize};

use crate::ids::{OrderId, WarehouseId};

/// Pieces of one warehouse.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Allocation {
    /// Which warehouse.
    pub warehouse: WarehouseId,
    /// How many pieces.
    pub quantity: u32,
}

/// An event of an inventory.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum InventoryEvent {
    /// Stock arrived: `stock` rises.
    StockReceived {
        /// Where.
        warehouse: WarehouseId,
        /// How many pieces.
        quantity: u32,
    },
    /// A count was corrected: `stock` changes by `delta`.
    StockAdjusted {
        /// Where.
        warehouse: WarehouseId,
        /// By how many pieces, up or down.
        delta: i32,
        /// Why.
        reason: String,
    },
    /// Stock was held for an order: `reserved` rises.
    StockReserved {
        /// For which order.
        order_id: OrderId,
        /// From where.
        allocations: Vec<Allocation>,
    },
    /// Held stock left for good: `stock` and `reserved` fall.
    StockDeducted {
        /// Of which order.
        order_id: OrderId,
        /// From where.
        allocations: Vec<Allocation>,
    },
    /// Held stock became available again: `reserved` falls.
    StockReleased {
        /// Of which order.
        order_id: OrderId,
        /// Where.
        allocations: Vec<Allocation>,
    },
    /// Sold stock came back: `stock` rises.
    StockReturned {
        /// Of which order.
        order_id: OrderId,
        /// To where.
        allocations: Vec<Allocation>,
    },
}

impl cqrs_es::DomainEvent for InventoryEvent {
    fn event_type(&self) -> String {
        match self {
            Self::StockReceived { .. } => "StockReceived",
            Self::StockAdjusted { .. } => "StockAdjusted",
            Self::StockReserved { .. } => "StockReserved",
            Self::StockDeducted { .. } => "StockDeducted",
            Self::StockReleased { .. } => "StockReleased",
            Self::StockReturned { .. } => "StockReturned",
        }
        .to_owned()
    }

    fn event_version(&self) -> String {
        "1".to_owned()
    }
}
