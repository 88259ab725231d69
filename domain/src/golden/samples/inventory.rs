//! Stock.

use super::Cases;
use crate::inventory::InventoryEvent;
use crate::mothers::{allocations, order_id, warehouse};

pub(super) fn cases() -> Cases<InventoryEvent> {
    let order_id = order_id(1);
    let allocations = || allocations(&[("seoul", 2), ("busan", 1)]);
    vec![
        (
            None,
            InventoryEvent::StockReceived {
                warehouse: warehouse("seoul"),
                quantity: 100,
            },
        ),
        (
            None,
            InventoryEvent::StockAdjusted {
                warehouse: warehouse("busan"),
                delta: -3,
                reason: "breakage".to_owned(),
            },
        ),
        (
            None,
            InventoryEvent::StockReserved {
                order_id,
                allocations: allocations(),
            },
        ),
        (
            None,
            InventoryEvent::StockDeducted {
                order_id,
                allocations: allocations(),
            },
        ),
        (
            None,
            InventoryEvent::StockReleased {
                order_id,
                allocations: allocations(),
            },
        ),
        (
            None,
            InventoryEvent::StockReturned {
                order_id,
                allocations: allocations(),
            },
        ),
    ]
}
