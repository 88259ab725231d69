//! The rules of an inventory.

use rpds::RedBlackTreeMapSync;
use serde::{Deserialize, Serialize};

use super::allocation::allocate;
use super::commands::InventoryCommand;
use super::error::InventoryError;
use super::events::{Allocation, InventoryEvent};
use crate::decider::Decider;
use crate::ids::{OrderId, WarehouseId};
use crate::quantity::Quantity;

/// The most pieces of one product in one warehouse.
const WAREHOUSE_STOCK_MAX: u32 = 1_000_000_000;
/// The most warehouses of one product: an order's pieces may come from all of them.
const WAREHOUSES_MAX: usize = 100;
/// The most characters of a correction's reason.
const REASON_MAX_CHARS: usize = 200;

/// The inventory's rules.
pub struct Inventory;

/// What one warehouse has of the product.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WarehouseStock {
    /// All pieces there.
    pub stock: u32,
    /// Those of them that orders hold.
    pub reserved: u32,
}

impl WarehouseStock {
    /// Pieces that can still be ordered.
    #[must_use]
    pub fn available(self) -> u32 {
        self.stock.saturating_sub(self.reserved)
    }
}

/// An inventory as its events made it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct InventoryState {
    warehouses: RedBlackTreeMapSync<WarehouseId, WarehouseStock>,
    /// Orders that hold pieces now. One whose pieces are sold or released is forgotten, so the state
    /// stays as small as the open orders are few; a sold order remembers its own allocations.
    holds: RedBlackTreeMapSync<OrderId, Vec<Allocation>>,
}

impl InventoryState {
    /// All pieces.
    #[must_use]
    pub fn stock(&self) -> u64 {
        self.warehouses.values().map(|w| u64::from(w.stock)).sum()
    }

    /// Pieces that orders hold.
    #[must_use]
    pub fn reserved(&self) -> u64 {
        self.warehouses
            .values()
            .map(|w| u64::from(w.reserved))
            .sum()
    }

    /// Pieces that can still be ordered.
    #[must_use]
    pub fn available(&self) -> u64 {
        self.warehouses
            .values()
            .map(|w| u64::from(w.available()))
            .sum()
    }

    /// Where the pieces come from that an order holds; nothing when it holds none.
    #[must_use]
    pub fn held_by(&self, order_id: OrderId) -> &[Allocation] {
        self.holds.get(&order_id).map_or(&[], Vec::as_slice)
    }

    /// Each warehouse, by name.
    pub fn warehouses(&self) -> impl Iterator<Item = (&WarehouseId, WarehouseStock)> {
        self.warehouses.iter().map(|(name, stock)| (name, *stock))
    }

    fn warehouse(&self, name: &WarehouseId) -> WarehouseStock {
        self.warehouses.get(name).copied().unwrap_or_default()
    }

    fn change(&mut self, name: &WarehouseId, change: impl FnOnce(&mut WarehouseStock)) {
        let mut stock = self.warehouse(name);
        change(&mut stock);
        self.warehouses.insert_mut(name.clone(), stock);
    }
}

impl Decider for Inventory {
    const TYPE: &'static str = "inventory";
    const STATE_VERSION: u32 = 1;
    type State = InventoryState;
    type Command = InventoryCommand;
    type Event = InventoryEvent;
    type Error = InventoryError;

    fn decide(
        state: &InventoryState,
        command: InventoryCommand,
    ) -> Result<Vec<InventoryEvent>, InventoryError> {
        match command {
            InventoryCommand::Receive {
                warehouse,
                quantity,
            } => receive(state, warehouse, quantity),
            InventoryCommand::Adjust {
                warehouse,
                delta,
                reason,
            } => adjust(state, warehouse, delta, reason),
            InventoryCommand::Reserve { order_id, quantity } => reserve(state, order_id, quantity),
            InventoryCommand::Deduct { order_id } => deduct(state, order_id),
            InventoryCommand::Release { order_id } => Ok(release(state, order_id)),
            InventoryCommand::TakeBack {
                order_id,
                allocations,
            } => take_back(state, order_id, allocations),
        }
    }

    fn evolve(state: &mut InventoryState, event: &InventoryEvent) {
        match event {
            InventoryEvent::StockReceived {
                warehouse,
                quantity,
            } => {
                state.change(warehouse, |w| w.stock = w.stock.saturating_add(*quantity));
            }
            InventoryEvent::StockAdjusted {
                warehouse, delta, ..
            } => {
                state.change(warehouse, |w| {
                    w.stock = w.stock.saturating_add_signed(*delta)
                });
            }
            InventoryEvent::StockReserved {
                order_id,
                allocations,
            } => {
                for a in allocations {
                    state.change(&a.warehouse, |w| {
                        w.reserved = w.reserved.saturating_add(a.quantity);
                    });
                }
                state.holds.insert_mut(*order_id, allocations.clone());
            }
            InventoryEvent::StockDeducted {
                order_id,
                allocations,
            } => {
                for a in allocations {
                    state.change(&a.warehouse, |w| {
                        w.stock = w.stock.saturating_sub(a.quantity);
                        w.reserved = w.reserved.saturating_sub(a.quantity);
                    });
                }
                state.holds.remove_mut(order_id);
            }
            InventoryEvent::StockReleased {
                order_id,
                allocations,
            } => {
                for a in allocations {
                    state.change(&a.warehouse, |w| {
                        w.reserved = w.reserved.saturating_sub(a.quantity);
                    });
                }
                state.holds.remove_mut(order_id);
            }
            InventoryEvent::StockReturned { allocations, .. } => {
                for a in allocations {
                    state.change(&a.warehouse, |w| {
                        w.stock = w.stock.saturating_add(a.quantity)
                    });
                }
            }
        }
    }
}

fn receive(
    state: &InventoryState,
    warehouse: WarehouseId,
    quantity: Quantity,
) -> Result<Vec<InventoryEvent>, InventoryError> {
    check_room(state, &warehouse)?;
    let stock = state.warehouse(&warehouse).stock;
    if stock.saturating_add(quantity.get()) > WAREHOUSE_STOCK_MAX {
        return Err(InventoryError::TooMuchStock {
            max: WAREHOUSE_STOCK_MAX,
        });
    }
    Ok(vec![InventoryEvent::StockReceived {
        warehouse,
        quantity: quantity.get(),
    }])
}

/// One more warehouse is one too many.
fn check_room(state: &InventoryState, warehouse: &WarehouseId) -> Result<(), InventoryError> {
    let known = state.warehouses.contains_key(warehouse);
    if known || state.warehouses.size() < WAREHOUSES_MAX {
        Ok(())
    } else {
        Err(InventoryError::Invalid {
            field: "warehouse",
            reason: "a product has at most 100 warehouses",
        })
    }
}

fn adjust(
    state: &InventoryState,
    warehouse: WarehouseId,
    delta: i32,
    reason: String,
) -> Result<Vec<InventoryEvent>, InventoryError> {
    if delta == 0 || delta.unsigned_abs() > Quantity::MAX {
        let reason = "a whole number from -1 000 000 to 1 000 000, not 0";
        return Err(InventoryError::Invalid {
            field: "delta",
            reason,
        });
    }
    if reason.trim().is_empty() || reason.chars().count() > REASON_MAX_CHARS {
        return Err(InventoryError::Invalid {
            field: "reason",
            reason: "1 to 200 characters",
        });
    }
    check_room(state, &warehouse)?;
    let there = state.warehouse(&warehouse);
    let after = there
        .stock
        .checked_add_signed(delta)
        .filter(|after| *after >= there.reserved)
        .ok_or(InventoryError::BelowReserved {
            reserved: there.reserved,
        })?;
    if after > WAREHOUSE_STOCK_MAX {
        return Err(InventoryError::TooMuchStock {
            max: WAREHOUSE_STOCK_MAX,
        });
    }
    Ok(vec![InventoryEvent::StockAdjusted {
        warehouse,
        delta,
        reason,
    }])
}

fn reserve(
    state: &InventoryState,
    order_id: OrderId,
    quantity: Quantity,
) -> Result<Vec<InventoryEvent>, InventoryError> {
    if state.holds.contains_key(&order_id) {
        return Ok(vec![]);
    }
    let requested = quantity.get();
    match allocate(state, requested) {
        Some(allocations) => Ok(vec![InventoryEvent::StockReserved {
            order_id,
            allocations,
        }]),
        None => Err(InventoryError::InsufficientStock {
            requested,
            available: u32::try_from(state.available()).unwrap_or(u32::MAX),
        }),
    }
}

fn deduct(
    state: &InventoryState,
    order_id: OrderId,
) -> Result<Vec<InventoryEvent>, InventoryError> {
    let allocations = state
        .holds
        .get(&order_id)
        .ok_or(InventoryError::NoSuchReservation)?;
    Ok(vec![InventoryEvent::StockDeducted {
        order_id,
        allocations: allocations.clone(),
    }])
}

fn release(state: &InventoryState, order_id: OrderId) -> Vec<InventoryEvent> {
    match state.holds.get(&order_id) {
        None => vec![],
        Some(allocations) => {
            vec![InventoryEvent::StockReleased {
                order_id,
                allocations: allocations.clone(),
            }]
        }
    }
}

fn take_back(
    state: &InventoryState,
    order_id: OrderId,
    allocations: Vec<Allocation>,
) -> Result<Vec<InventoryEvent>, InventoryError> {
    // The limit of receipts does not bind here, or a full warehouse would forbid a buyer to cancel; only
    // what cannot be counted is refused.
    let uncountable = |a: &Allocation| {
        let stock = state.warehouse(&a.warehouse).stock;
        stock.checked_add(a.quantity).is_none()
    };
    if allocations.iter().any(uncountable) {
        return Err(InventoryError::TooMuchStock { max: u32::MAX });
    }
    Ok(vec![InventoryEvent::StockReturned {
        order_id,
        allocations,
    }])
}
