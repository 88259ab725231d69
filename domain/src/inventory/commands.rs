//! What can be asked of an inventory.

use super::events::Allocation;
use crate::ids::{OrderId, WarehouseId};
use crate::quantity::Quantity;

/// A command to an inventory.
#[derive(Clone, Debug)]
pub enum InventoryCommand {
    /// Stock arrives.
    Receive {
        /// Where.
        warehouse: WarehouseId,
        /// How much.
        quantity: Quantity,
    },
    /// A count is corrected. Never below what is reserved there.
    Adjust {
        /// Where.
        warehouse: WarehouseId,
        /// By how much, up or down; not zero.
        delta: i32,
        /// Why, for whoever audits: 1 to 200 characters.
        reason: String,
    },
    /// Hold stock for an order (RS-01).
    Reserve {
        /// For which order.
        order_id: OrderId,
        /// How much.
        quantity: Quantity,
    },
    /// The order is paid: its pieces leave the stock for good (RS-02).
    Deduct {
        /// Of which order.
        order_id: OrderId,
    },
    /// The order will not be paid: its pieces become available again (RS-03).
    Release {
        /// Of which order.
        order_id: OrderId,
    },
    /// A paid order was cancelled: its pieces are stock again. That it happens once is the order's to
    /// protect: the command runs in the transaction that cancels the order.
    TakeBack {
        /// Of which order.
        order_id: OrderId,
        /// Where its pieces had come from, as the order remembers.
        allocations: Vec<Allocation>,
    },
}
