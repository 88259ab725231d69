//! A product's inventory: stock and reservations, kept per warehouse (INV-W*).
//!
//! One inventory a product, under the product's id. For each order:
//!
//! ```text
//! (none) ── reserve ──▶ held ── deduct ──▶ sold (forgotten) ── take back ──▶ stock again
//!                       └──── release ──▶ available again (forgotten)
//! ```
//!
//! It protects, for each warehouse and so in sum: `0 ≤ reserved ≤ stock` after every event. So the
//! stock that is available (`stock - reserved`, RS-01) is never below zero, and nothing is sold twice.
//!
//! **Allocation rule.** An order's pieces come from the one warehouse that can serve them all; of
//! several such, from the one with the most available. If none can, they are split: from the warehouse
//! with the most available, then the next. Ties go to the warehouse whose name sorts first.

mod aggregate;
mod allocation;
mod commands;
mod error;
mod events;
mod operations;
#[cfg(test)]
mod tests;

pub use aggregate::{Inventory, InventoryState, WarehouseStock};
pub use commands::InventoryCommand;
pub use error::InventoryError;
pub use events::{Allocation, InventoryEvent};
pub use operations::{AdjustStock, ReceiveStock};
