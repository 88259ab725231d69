//! The inventory's rules, by example and as a table over an order's stages and all commands.

use super::*;
use crate::ids::WarehouseId;
use crate::mothers::{allocations, order_id, pieces, warehouse};
use crate::spec::{Given, Table, given, history};

const TABLE: Table<Inventory> = Table {
    stages: &[
        ("(empty)", ""),
        ("stocked", "receive"),
        ("held", "receive reserve"),
        ("held-by-2", "receive reserve-2"),
        ("sold", "receive reserve deduct"),
        ("released", "receive reserve release"),
        ("returned", "receive reserve deduct take-back"),
        ("all-held", "receive reserve reserve-2"),
    ],
    command,
    additive: &["receive", "adjust-up", "adjust-down", "take-back"],
    cells: "
    short = INSUFFICIENT_STOCK
    none = NO_SUCH_RESERVATION
    Received = StockReceived
    Adjusted = StockAdjusted
    Reserved = StockReserved
    Deducted = StockDeducted
    Released = StockReleased
    Returned = StockReturned

               receive   adjust-up  adjust-down  adjust-away  reserve   reserve-2  deduct    release   take-back
    (empty)    Received  Adjusted   short        short        short     short      none      -         Returned
    stocked    Received  Adjusted   Adjusted     Adjusted     Reserved  Reserved   none      -         Returned
    held       Received  Adjusted   Adjusted     short        -         Reserved   Deducted  Released  Returned
    held-by-2  Received  Adjusted   Adjusted     short        Reserved  -          none      -         Returned
    sold       Received  Adjusted   Adjusted     short        short     Reserved   none      -         Returned
    released   Received  Adjusted   Adjusted     Adjusted     Reserved  Reserved   none      -         Returned
    returned   Received  Adjusted   Adjusted     Adjusted     Reserved  Reserved   none      -         Returned
    all-held   Received  Adjusted   short        short        -         -          Deducted  Released  Returned
    ",
};

fn command(name: &str) -> InventoryCommand {
    match name {
        "receive" => receive("seoul", 10),
        "adjust-up" => adjust("seoul", 1),
        "adjust-down" => adjust("seoul", -1),
        "adjust-away" => adjust("seoul", -10),
        "reserve" => reserve(1, 6),
        "reserve-2" => reserve(2, 4),
        "deduct" => deduct(1),
        "release" => release(1),
        "take-back" => take_back(1, &[("seoul", 6)]),
        other => panic!("no command {other}"),
    }
}

fn receive(name: &str, quantity: u32) -> InventoryCommand {
    InventoryCommand::Receive {
        warehouse: warehouse(name),
        quantity: pieces(quantity),
    }
}

fn adjust(name: &str, delta: i32) -> InventoryCommand {
    InventoryCommand::Adjust {
        warehouse: warehouse(name),
        delta,
        reason: "counted".to_owned(),
    }
}

fn reserve(order: u32, quantity: u32) -> InventoryCommand {
    InventoryCommand::Reserve {
        order_id: order_id(order),
        quantity: pieces(quantity),
    }
}

fn deduct(order: u32) -> InventoryCommand {
    InventoryCommand::Deduct {
        order_id: order_id(order),
    }
}

fn release(order: u32) -> InventoryCommand {
    InventoryCommand::Release {
        order_id: order_id(order),
    }
}

fn take_back(order: u32, to: &[(&str, u32)]) -> InventoryCommand {
    InventoryCommand::TakeBack {
        order_id: order_id(order),
        allocations: allocations(to),
    }
}

fn reserved(order: u32, from: &[(&str, u32)]) -> InventoryEvent {
    InventoryEvent::StockReserved {
        order_id: order_id(order),
        allocations: allocations(from),
    }
}

/// An inventory with so much in each warehouse.
fn stocked(with: &[(&str, u32)]) -> Given<Inventory> {
    let receipts = with.iter().map(|(name, quantity)| receive(name, *quantity));
    given::<Inventory>(history::<Inventory>(receipts))
}

fn levels(given: &Given<Inventory>) -> (u64, u64, u64) {
    let state = given.state();
    (state.stock(), state.reserved(), state.available())
}

#[test]
fn every_command_in_every_stage_does_what_the_table_says() {
    TABLE.check();
}

#[test]
fn a_reservation_raises_what_is_reserved_and_lowers_what_is_available() {
    let given = stocked(&[("seoul", 10)]);
    assert_eq!(levels(&given), (10, 0, 10));
    let given = given
        .when(reserve(1, 6))
        .then(vec![reserved(1, &[("seoul", 6)])]);
    assert_eq!(levels(&given), (10, 6, 4));
    assert_eq!(
        given.state().held_by(order_id(1)),
        allocations(&[("seoul", 6)])
    );
}

#[test]
fn a_payment_lowers_both_stock_and_reserved() {
    let given = given::<Inventory>(TABLE.history("held"));
    let (order_id, allocations) = (order_id(1), allocations(&[("seoul", 6)]));
    let given = given
        .when(deduct(1))
        .then(vec![InventoryEvent::StockDeducted {
            order_id,
            allocations,
        }]);
    assert_eq!(levels(&given), (4, 0, 4));
    assert!(given.state().held_by(order_id).is_empty());
}

#[test]
fn a_release_lowers_reserved_alone() {
    let given = given::<Inventory>(TABLE.history("held"));
    let (order_id, allocations) = (order_id(1), allocations(&[("seoul", 6)]));
    let given = given
        .when(release(1))
        .then(vec![InventoryEvent::StockReleased {
            order_id,
            allocations,
        }]);
    assert_eq!(levels(&given), (10, 0, 10));
}

#[test]
fn sold_pieces_that_come_back_are_stock_again_where_they_came_from() {
    let given = given::<Inventory>(TABLE.history("sold"));
    let back = &[("seoul", 4), ("busan", 2)];
    let given = given.when(take_back(1, back));
    let given = given.then(vec![InventoryEvent::StockReturned {
        order_id: order_id(1),
        allocations: allocations(back),
    }]);
    assert_eq!(levels(&given), (10, 0, 10));
}

#[test]
fn more_than_is_available_is_refused_with_both_numbers() {
    let given = given::<Inventory>(TABLE.history("held"));
    given
        .when(reserve(2, 5))
        .then_refused(InventoryError::InsufficientStock {
            requested: 5,
            available: 4,
        });
}

#[test]
fn the_last_piece_can_be_held() {
    let given = given::<Inventory>(TABLE.history("held"));
    let given = given
        .when(reserve(2, 4))
        .then(vec![reserved(2, &[("seoul", 4)])]);
    given
        .when(reserve(3, 1))
        .then_refused(InventoryError::InsufficientStock {
            requested: 1,
            available: 0,
        });
}

#[test]
fn an_order_comes_from_the_one_warehouse_that_can_serve_it_all() {
    let shop = || stocked(&[("busan", 3), ("incheon", 7), ("seoul", 5)]);
    shop()
        .when(reserve(1, 2))
        .then(vec![reserved(1, &[("incheon", 2)])]);
    shop()
        .when(reserve(1, 7))
        .then(vec![reserved(1, &[("incheon", 7)])]);
}

#[test]
fn an_order_that_no_warehouse_can_serve_alone_is_split_from_the_fullest_on() {
    let shop = || stocked(&[("busan", 3), ("incheon", 7), ("seoul", 5)]);
    shop()
        .when(reserve(1, 8))
        .then(vec![reserved(1, &[("incheon", 7), ("seoul", 1)])]);
    let all = shop().when(reserve(1, 15));
    let all = all.then(vec![reserved(
        1,
        &[("incheon", 7), ("seoul", 5), ("busan", 3)],
    )]);
    assert_eq!(levels(&all), (15, 15, 0));
    shop()
        .when(reserve(1, 16))
        .then_refused(InventoryError::InsufficientStock {
            requested: 16,
            available: 15,
        });
}

#[test]
fn of_two_equally_full_warehouses_the_first_by_name_serves() {
    let given = stocked(&[("seoul", 5), ("busan", 5)]);
    given
        .when(reserve(1, 5))
        .then(vec![reserved(1, &[("busan", 5)])]);
}

#[test]
fn what_orders_hold_in_a_warehouse_does_not_count_as_its_fullness() {
    let given = stocked(&[("busan", 5), ("seoul", 9)]);
    let given = given
        .when(reserve(1, 6))
        .then(vec![reserved(1, &[("seoul", 6)])]);
    given
        .when(reserve(2, 4))
        .then(vec![reserved(2, &[("busan", 4)])]);
}

#[test]
fn a_correction_never_takes_what_orders_hold() {
    let held = || given::<Inventory>(TABLE.history("held"));
    let down_to_reserved = InventoryEvent::StockAdjusted {
        warehouse: warehouse("seoul"),
        delta: -4,
        reason: "counted".to_owned(),
    };
    let given = held()
        .when(adjust("seoul", -4))
        .then(vec![down_to_reserved]);
    assert_eq!(levels(&given), (6, 6, 0));
    let refused = held().when(adjust("seoul", -5));
    refused.then_refused(InventoryError::BelowReserved { reserved: 6 });
}

#[test]
fn a_correction_of_one_warehouse_does_not_borrow_from_another() {
    let given = stocked(&[("busan", 5), ("seoul", 1)]);
    let refused = given.when(adjust("seoul", -2));
    refused.then_refused(InventoryError::BelowReserved { reserved: 0 });
}

#[test]
fn a_correction_has_a_size_and_a_reason() {
    let invalid = |field, reason| InventoryError::Invalid { field, reason };
    let sizes = "a whole number from -1 000 000 to 1 000 000, not 0";
    for delta in [0, 1_000_001, -1_000_001, i32::MIN] {
        let refused = stocked(&[("seoul", 5)]).when(adjust("seoul", delta));
        refused.then_refused(invalid("delta", sizes));
    }
    let (warehouse, delta, reason) = (warehouse("seoul"), 1_000_000, "x".repeat(200));
    let most = InventoryEvent::StockAdjusted {
        warehouse: warehouse.clone(),
        delta,
        reason: reason.clone(),
    };
    let given = stocked(&[("seoul", 5)]).when(InventoryCommand::Adjust {
        warehouse: warehouse.clone(),
        delta,
        reason,
    });
    given.then(vec![most]);
    for reason in [String::new(), " ".to_owned(), "x".repeat(201)] {
        let refused = stocked(&[("seoul", 5)]).when(InventoryCommand::Adjust {
            warehouse: warehouse.clone(),
            delta: 1,
            reason,
        });
        refused.then_refused(invalid("reason", "1 to 200 characters"));
    }
}

/// An inventory with as much in Seoul as one warehouse may hold.
fn full() -> Given<Inventory> {
    let receipts = (0..1_000).map(|_| receive("seoul", 1_000_000));
    given::<Inventory>(history::<Inventory>(receipts))
}

#[test]
fn a_warehouse_that_is_full_takes_no_more() {
    let max = 1_000_000_000;
    let refused = full().when(receive("seoul", 1));
    refused.then_refused(InventoryError::TooMuchStock { max });
    let refused = full().when(adjust("seoul", 1));
    refused.then_refused(InventoryError::TooMuchStock { max });
    let corrected = |delta| InventoryEvent::StockAdjusted {
        warehouse: warehouse("seoul"),
        delta,
        reason: "counted".to_owned(),
    };
    let nearly = full().when(adjust("seoul", -1)).then(vec![corrected(-1)]);
    nearly.when(adjust("seoul", 1)).then(vec![corrected(1)]);
}

/// The limit of receipts was applied to returns, so that a buyer could not cancel a paid order whose
/// place in the warehouse had been filled.
#[test]
fn a_full_warehouse_still_takes_back_what_it_sold() {
    let back = &[("seoul", 6)];
    let given = full().when(take_back(1, back));
    let given = given.then(vec![InventoryEvent::StockReturned {
        order_id: order_id(1),
        allocations: allocations(back),
    }]);
    assert_eq!(given.state().stock(), 1_000_000_006);
}

#[test]
fn what_cannot_be_counted_is_not_taken_back() {
    let refused = full().when(take_back(1, &[("seoul", u32::MAX)]));
    refused.then_refused(InventoryError::TooMuchStock { max: u32::MAX });
}

#[test]
fn a_product_has_only_so_many_warehouses() {
    let names: Vec<String> = (0..100).map(|n| format!("w{n}")).collect();
    let with: Vec<(&str, u32)> = names.iter().map(|name| (name.as_str(), 1)).collect();
    let too_many = || InventoryError::Invalid {
        field: "warehouse",
        reason: "a product has at most 100 warehouses",
    };
    stocked(&with)
        .when(receive("one-more", 1))
        .then_refused(too_many());
    stocked(&with)
        .when(adjust("one-more", 1))
        .then_refused(too_many());
    stocked(&with)
        .when(receive("w7", 1))
        .then(vec![InventoryEvent::StockReceived {
            warehouse: warehouse("w7"),
            quantity: 1,
        }]);
}

#[test]
fn stock_is_told_by_warehouse() {
    let given = stocked(&[("seoul", 5), ("busan", 2)]);
    let given = given
        .when(reserve(1, 4))
        .then(vec![reserved(1, &[("seoul", 4)])]);
    let levels: Vec<(&WarehouseId, WarehouseStock)> = given.state().warehouses().collect();
    let (busan, seoul) = (warehouse("busan"), warehouse("seoul"));
    let at = |stock, reserved| WarehouseStock { stock, reserved };
    assert_eq!(levels, [(&busan, at(2, 0)), (&seoul, at(5, 4))]);
    assert_eq!(at(5, 4).available(), 1);
}
