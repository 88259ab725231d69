//! Stock: what is on the shelf, what is reserved, and who took the rest.

use std::collections::BTreeMap;

use super::orders::{Orders, Stage, post_order};
use super::{Log, Verdict, ensure};
use crate::ids::WarehouseId;
use crate::inventory::{Allocation, InventoryEvent};
use crate::recorded::{DomainEvent, Recorded};

/// At every event: `0 ≤ reserved ≤ stock`, for each warehouse and so in sum.
pub(in super::super) fn stock_is_never_oversold(log: &Log) -> Verdict {
    type Levels = BTreeMap<(String, WarehouseId), (i64, i64)>;
    let post = |levels: &mut Levels, recorded: &Recorded| {
        let DomainEvent::Inventory(event) = &recorded.event else {
            return Ok(());
        };
        for (warehouse, stock, reserved) in movements(event) {
            let key = (recorded.aggregate_id.clone(), warehouse);
            let level = levels.entry(key.clone()).or_default();
            level.0 += stock;
            level.1 += reserved;
            let (stock, reserved) = *level;
            ensure(0 <= reserved && reserved <= stock, || {
                format!("{key:?} has {stock}, of them {reserved} reserved")
            })?;
        }
        let of_product = levels
            .iter()
            .filter(|((id, _), _)| *id == recorded.aggregate_id);
        let sum = of_product.fold((0, 0), |sum, (_, level)| (sum.0 + level.0, sum.1 + level.1));
        ensure(0 <= sum.1 && sum.1 <= sum.0, || format!("in sum {sum:?}"))
    };
    log.audit(post, |_: &Levels| Ok(()))
}

/// How an event moves stock and reserved, by warehouse.
fn movements(event: &InventoryEvent) -> Vec<(WarehouseId, i64, i64)> {
    let all = |allocations: &[Allocation], stock: i64, reserved: i64| {
        let moves = allocations.iter().map(|a| {
            let pieces = i64::from(a.quantity);
            (a.warehouse.clone(), stock * pieces, reserved * pieces)
        });
        moves.collect()
    };
    match event {
        InventoryEvent::StockReceived {
            warehouse,
            quantity,
        } => vec![(warehouse.clone(), i64::from(*quantity), 0)],
        InventoryEvent::StockAdjusted {
            warehouse, delta, ..
        } => vec![(warehouse.clone(), i64::from(*delta), 0)],
        InventoryEvent::StockReserved { allocations, .. } => all(allocations, 0, 1),
        InventoryEvent::StockDeducted { allocations, .. } => all(allocations, -1, -1),
        InventoryEvent::StockReleased { allocations, .. } => all(allocations, 0, -1),
        InventoryEvent::StockReturned { allocations, .. } => all(allocations, 1, 0),
    }
}

/// After every operation, for each product: what was deducted and did not come back is what the sold
/// orders have, and what is reserved is what the pending ones have.
pub(in super::super) fn what_left_the_shelf_was_paid_for(log: &Log) -> Verdict {
    #[derive(Default)]
    struct Books {
        orders: Orders,
        /// Pieces out of the house, and pieces reserved, by product.
        pieces: BTreeMap<String, (i64, i64)>,
    }
    let post = |books: &mut Books, recorded: &Recorded| {
        post_order(&mut books.orders, recorded)?;
        let DomainEvent::Inventory(event) = &recorded.event else {
            return Ok(());
        };
        let sale = matches!(
            event,
            InventoryEvent::StockDeducted { .. } | InventoryEvent::StockReturned { .. }
        );
        let pieces = books
            .pieces
            .entry(recorded.aggregate_id.clone())
            .or_default();
        for (_, stock, reserved) in movements(event) {
            pieces.0 -= if sale { stock } else { 0 };
            pieces.1 += reserved;
        }
        Ok(())
    };
    log.audit(post, |books: &Books| {
        let mut expected: BTreeMap<String, (i64, i64)> = BTreeMap::new();
        for order in books.orders.values() {
            for line in &order.lines {
                let pieces = expected.entry(line.product_id.to_string()).or_default();
                match order.stage {
                    Stage::Sold => {
                        pieces.0 += i64::from(line.quantity) - order.restocked(line);
                    }
                    Stage::Pending => pieces.1 += i64::from(line.quantity),
                    Stage::Cancelled => {}
                }
            }
        }
        for (product, pieces) in &books.pieces {
            let orders = expected.remove(product).unwrap_or_default();
            ensure(orders == *pieces, || {
                format!("{product}: orders {orders:?}, shelf {pieces:?}")
            })?;
        }
        ensure(expected.is_empty(), || {
            format!("sold from nowhere: {expected:?}")
        })
    })
}
