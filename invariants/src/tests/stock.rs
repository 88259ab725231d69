//! 3: stock.

use domain::inventory::InventoryEvent;

use super::story::{Story, TOTAL, cancelled, krw, order, paid, placed, seoul, succeeded};
use crate::Invariant;

#[test]
fn more_reserved_than_there_is_is_seen_at_once() {
    let mut story = Story::new();
    story.open_shop().stock(InventoryEvent::StockReserved {
        order_id: order(1),
        allocations: seoul(201),
    });
    assert_eq!(story.broken(), [Invariant::NoOversell]);
    assert_eq!(
        story.violations()[0].evidence,
        "seoul has 200 pieces, 201 of them reserved"
    );
}

#[test]
fn stock_adjusted_below_what_is_reserved_is_seen() {
    let mut story = Story::new();
    story
        .open_shop()
        .place(1)
        .stock(InventoryEvent::StockAdjusted {
            warehouse: "seoul".parse().unwrap(),
            delta: -199,
            reason: "counted".to_owned(),
        });
    assert_eq!(story.broken(), [Invariant::NoOversell]);
}

#[test]
fn an_order_without_its_stock_is_seen() {
    let mut story = Story::new();
    story.open_shop().order(1, placed(None)).commit();
    assert_eq!(story.broken(), [Invariant::NoOversell]);
}

#[test]
fn a_cancelled_order_that_still_holds_stock_is_seen() {
    let mut story = Story::new();
    story
        .open_shop()
        .place(1)
        .order(1, cancelled(false))
        .commit();
    assert_eq!(story.broken(), [Invariant::NoOversell]);
}

#[test]
fn a_paid_order_whose_stock_never_left_is_seen_by_order_and_by_product() {
    let mut story = Story::new();
    story.open_shop().place(1).start_payment(1);
    story
        .payment(1, succeeded(1, krw(TOTAL)))
        .order(1, paid(1))
        .commit();
    assert_eq!(story.broken(), [Invariant::NoOversell]);
    let streams: Vec<_> = story
        .violations()
        .iter()
        .map(|v| v.stream.clone())
        .collect();
    assert!(
        streams
            .iter()
            .flatten()
            .any(|s| s.starts_with("inventory/"))
    );
    assert!(streams.iter().flatten().any(|s| s.starts_with("order/")));
}

#[test]
fn stock_that_leaves_for_an_ended_order_is_seen() {
    let mut story = Story::new();
    story.open_shop().place(1).pay(1).confirm(1);
    story.stock(InventoryEvent::StockReturned {
        order_id: order(1),
        allocations: seoul(2),
    });
    story.commit();
    assert_eq!(story.broken(), [Invariant::NoOversell]);
}

#[test]
fn stock_held_for_an_order_that_was_never_placed_is_seen() {
    let mut story = Story::new();
    story.open_shop().reserve(1).commit();
    assert_eq!(story.broken(), [Invariant::NoOversell]);
}
