//! What an event of an inventory makes of the product's stock and sales.

use domain::WarehouseId;
use domain::inventory::{Allocation, InventoryEvent};
use uuid::Uuid;

use super::Batch;
use super::rows::{SalesRow, StockRow, WarehouseRow};
use crate::error::ProjectionError;
use crate::projector::Event;

/// How an event moves the pieces that it names.
#[derive(Clone, Copy)]
struct Signs {
    stock: i64,
    reserved: i64,
    sold: i64,
}

pub(super) fn fold(
    batch: &mut Batch,
    product_id: Uuid,
    event: &Event,
    inventory_event: &InventoryEvent,
) -> Result<(), ProjectionError> {
    let at = event.at();
    let version = event.version()?;
    let row = batch.stock.change_or(&product_id, || StockRow {
        product_id,
        stock: 0,
        reserved_stock: 0,
        updated_at: at,
        version,
    });
    row.updated_at = at;
    row.version = version;
    match inventory_event {
        InventoryEvent::StockReceived {
            warehouse,
            quantity,
        } => {
            change(batch, product_id, warehouse, i64::from(*quantity), 0);
        }
        InventoryEvent::StockAdjusted {
            warehouse, delta, ..
        } => {
            change(batch, product_id, warehouse, i64::from(*delta), 0);
        }
        InventoryEvent::StockReserved { allocations, .. } => {
            move_pieces(
                batch,
                product_id,
                allocations,
                Signs {
                    stock: 0,
                    reserved: 1,
                    sold: 0,
                },
            );
        }
        InventoryEvent::StockDeducted { allocations, .. } => {
            move_pieces(
                batch,
                product_id,
                allocations,
                Signs {
                    stock: -1,
                    reserved: -1,
                    sold: 1,
                },
            );
        }
        InventoryEvent::StockReleased { allocations, .. } => {
            move_pieces(
                batch,
                product_id,
                allocations,
                Signs {
                    stock: 0,
                    reserved: -1,
                    sold: 0,
                },
            );
        }
        InventoryEvent::StockReturned { allocations, .. } => {
            move_pieces(
                batch,
                product_id,
                allocations,
                Signs {
                    stock: 1,
                    reserved: 0,
                    sold: -1,
                },
            );
        }
    }
    Ok(())
}

fn move_pieces(batch: &mut Batch, product_id: Uuid, allocations: &[Allocation], signs: Signs) {
    for allocation in allocations {
        let pieces = i64::from(allocation.quantity);
        let (stock, reserved) = (signs.stock * pieces, signs.reserved * pieces);
        change(batch, product_id, &allocation.warehouse, stock, reserved);
        if signs.sold != 0 {
            let make = || SalesRow {
                product_id,
                sold_count: 0,
            };
            let sales = batch.sales.change_or(&product_id, make);
            sales.sold_count = sales.sold_count.saturating_add(signs.sold * pieces);
        }
    }
}

/// Changes one warehouse and the sum over all. A count below zero is refused by the table.
fn change(batch: &mut Batch, product_id: Uuid, warehouse: &WarehouseId, stock: i64, reserved: i64) {
    let name = warehouse.as_str().to_owned();
    let there = batch
        .warehouses
        .change_or(&(product_id, name.clone()), || WarehouseRow {
            product_id,
            warehouse: name,
            stock: 0,
            reserved_stock: 0,
        });
    there.stock = there.stock.saturating_add(stock);
    there.reserved_stock = there.reserved_stock.saturating_add(reserved);
    if let Some(sum) = batch.stock.change(&product_id) {
        sum.stock = sum.stock.saturating_add(stock);
        sum.reserved_stock = sum.reserved_stock.saturating_add(reserved);
    }
}
