//! Stock: never less than is reserved, and what left is what orders have.

use domain::inventory::{Allocation, InventoryEvent};
use domain::{OrderId, ProductId, WarehouseId};

use super::{At, Shop};
use crate::invariant::{Invariant, Violation};

/// What a product has, by warehouse, and where its pieces went.
#[derive(Debug, Default)]
pub(super) struct Shelves {
    sequence: u64,
    warehouses: Vec<Shelf>,
    /// Pieces that left for orders and did not come back, as the inventory says.
    out: i64,
    /// Pieces of orders that are sold, as the orders say.
    pub(super) sold: i64,
    /// The difference that was reported last.
    reported: i64,
}

#[derive(Debug)]
struct Shelf {
    warehouse: WarehouseId,
    stock: i64,
    reserved: i64,
}

/// How an event moves pieces of an order, per piece: on the shelf, reserved there, and out of the house.
#[derive(Clone, Copy)]
struct Move {
    stock: i64,
    reserved: i64,
    out: i64,
}

const RESERVE: Move = Move {
    stock: 0,
    reserved: 1,
    out: 0,
};
const RELEASE: Move = Move {
    stock: 0,
    reserved: -1,
    out: 0,
};
const DEDUCT: Move = Move {
    stock: -1,
    reserved: -1,
    out: 1,
};
const RETURN: Move = Move {
    stock: 1,
    reserved: 0,
    out: -1,
};

impl Shop {
    pub(super) fn inventory_event(&mut self, at: At<'_>, id: ProductId, event: &InventoryEvent) {
        let shelves = self.shelves.entry(id).or_default();
        self.found.extend(shelves.follow(at));
        match event {
            InventoryEvent::StockReceived {
                warehouse,
                quantity,
            } => {
                let wrong = shelves.change(at, warehouse, i64::from(*quantity), 0);
                self.found.extend(wrong);
            }
            InventoryEvent::StockAdjusted {
                warehouse, delta, ..
            } => {
                let wrong = shelves.change(at, warehouse, i64::from(*delta), 0);
                self.found.extend(wrong);
            }
            InventoryEvent::StockReserved {
                order_id,
                allocations,
            } => self.moved(at, id, *order_id, allocations, RESERVE),
            InventoryEvent::StockReleased {
                order_id,
                allocations,
            } => self.moved(at, id, *order_id, allocations, RELEASE),
            InventoryEvent::StockDeducted {
                order_id,
                allocations,
            } => self.moved(at, id, *order_id, allocations, DEDUCT),
            InventoryEvent::StockReturned {
                order_id,
                allocations,
            } => self.moved(at, id, *order_id, allocations, RETURN),
        }
    }

    fn moved(
        &mut self,
        at: At<'_>,
        id: ProductId,
        order_id: OrderId,
        allocations: &[Allocation],
        step: Move,
    ) {
        let shelves = self.shelves.entry(id).or_default();
        let mut pieces: i64 = 0;
        for Allocation {
            warehouse,
            quantity,
        } in allocations
        {
            let quantity = i64::from(*quantity);
            pieces = pieces.saturating_add(quantity);
            let (stock, reserved) = (step.stock * quantity, step.reserved * quantity);
            self.found
                .extend(shelves.change(at, warehouse, stock, reserved));
        }
        shelves.out += step.out * pieces;
        self.touched.product(id);
        if let Some(order) = self.open_order(at, order_id) {
            let item = order.item(id);
            item.held += step.reserved * pieces;
            item.out += step.out * pieces;
        }
    }

    /// After a command: what left the shelf for good is what the sold orders have.
    pub(super) fn check_product(&mut self, id: ProductId) {
        let position = self.position;
        let Some(shelves) = self.shelves.get_mut(&id) else {
            return;
        };
        let gap = shelves.out - shelves.sold;
        if gap != shelves.reported {
            shelves.reported = gap;
            let evidence = format!(
                "{} pieces left for orders, but sold orders have {}",
                shelves.out, shelves.sold
            );
            self.found.push(Violation {
                invariant: Invariant::NoOversell,
                position: Some(position),
                stream: Some(format!("inventory/{id}")),
                evidence,
            });
        }
    }
}

impl Shelves {
    /// Counts an event of it.
    pub(super) fn follow(&mut self, at: At<'_>) -> Option<Violation> {
        let gap = at.gap_after(self.sequence);
        self.sequence = at.sequence;
        gap
    }

    /// Changes what a warehouse has, and says what is wrong with that.
    fn change(
        &mut self,
        at: At<'_>,
        warehouse: &WarehouseId,
        stock: i64,
        reserved: i64,
    ) -> Option<Violation> {
        let shelf = self.shelf(warehouse)?;
        shelf.stock += stock;
        shelf.reserved += reserved;
        let (stock, reserved) = (shelf.stock, shelf.reserved);
        (reserved < 0 || reserved > stock).then(|| {
            let evidence = format!("{warehouse} has {stock} pieces, {reserved} of them reserved");
            at.violation(Invariant::NoOversell, evidence)
        })
    }

    /// Always there: `None` is only for the compiler.
    fn shelf(&mut self, warehouse: &WarehouseId) -> Option<&mut Shelf> {
        let known = self
            .warehouses
            .iter()
            .position(|shelf| shelf.warehouse == *warehouse);
        let place = known.unwrap_or_else(|| {
            self.warehouses.push(Shelf {
                warehouse: warehouse.clone(),
                stock: 0,
                reserved: 0,
            });
            self.warehouses.len() - 1
        });
        self.warehouses.get_mut(place)
    }
}
