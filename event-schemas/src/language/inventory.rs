//! What is said about stock.

use domain::inventory::{Allocation, InventoryEvent};
use domain::{OrderId, WarehouseId};
use serde::Serialize;

use super::{Body, Translation};

#[derive(Clone, Debug, Serialize)]
pub(crate) struct StockUpdated {
    product_id: String,
    order_id: Option<OrderId>,
    changes: Vec<StockChange>,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct StockChange {
    warehouse: WarehouseId,
    stock_delta: i64,
    reserved_delta: i64,
}

/// Every change of stock is public (INV-05).
pub(crate) fn translate(product_id: &str, event: &InventoryEvent) -> Translation {
    let (event_type, order_id, changes) = match event {
        InventoryEvent::StockReceived {
            warehouse,
            quantity,
        } => {
            let change = change(warehouse, i64::from(*quantity), 0);
            ("STOCK_RECEIVED", None, vec![change])
        }
        InventoryEvent::StockAdjusted {
            warehouse, delta, ..
        } => {
            let change = change(warehouse, i64::from(*delta), 0);
            ("STOCK_ADJUSTED", None, vec![change])
        }
        InventoryEvent::StockReserved {
            order_id,
            allocations,
        } => (
            "STOCK_RESERVED",
            Some(*order_id),
            changes(allocations, 0, 1),
        ),
        InventoryEvent::StockDeducted {
            order_id,
            allocations,
        } => (
            "STOCK_DEDUCTED",
            Some(*order_id),
            changes(allocations, -1, -1),
        ),
        InventoryEvent::StockReleased {
            order_id,
            allocations,
        } => (
            "STOCK_RELEASED",
            Some(*order_id),
            changes(allocations, 0, -1),
        ),
        InventoryEvent::StockReturned {
            order_id,
            allocations,
        } => (
            "STOCK_RETURNED",
            Some(*order_id),
            changes(allocations, 1, 0),
        ),
    };
    let updated = StockUpdated {
        product_id: product_id.to_owned(),
        order_id,
        changes,
    };
    (event_type, Body::StockUpdated(updated))
}

fn change(warehouse: &WarehouseId, stock_delta: i64, reserved_delta: i64) -> StockChange {
    StockChange {
        warehouse: warehouse.clone(),
        stock_delta,
        reserved_delta,
    }
}

/// One change an allocation, its pieces counted up (1), down (−1) or not at all (0).
fn changes(allocations: &[Allocation], stock_sign: i64, reserved_sign: i64) -> Vec<StockChange> {
    allocations
        .iter()
        .map(|allocation| {
            let pieces = i64::from(allocation.quantity);
            change(
                &allocation.warehouse,
                stock_sign * pieces,
                reserved_sign * pieces,
            )
        })
        .collect()
}
