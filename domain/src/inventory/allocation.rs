//! Which warehouse serves an order: the rule that the room's head states.

use super::aggregate::InventoryState;
use super::events::Allocation;
use crate::ids::WarehouseId;

/// Shares `quantity` over the warehouses, or `None` when all together have less.
pub(super) fn allocate(state: &InventoryState, quantity: u32) -> Option<Vec<Allocation>> {
    if state.available() < u64::from(quantity) {
        return None;
    }
    let mut by_available: Vec<(&WarehouseId, u32)> = state
        .warehouses()
        .map(|(warehouse, stock)| (warehouse, stock.available()))
        .filter(|(_, available)| *available > 0)
        .collect();
    by_available.sort_by(|(a, most), (b, more)| more.cmp(most).then_with(|| a.cmp(b)));

    let mut missing = quantity;
    let mut allocations = Vec::new();
    for (warehouse, available) in by_available {
        let taken = available.min(missing);
        allocations.push(Allocation {
            warehouse: warehouse.clone(),
            quantity: taken,
        });
        missing -= taken;
        if missing == 0 {
            break;
        }
    }
    Some(allocations)
}
