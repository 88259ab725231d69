//! The book must be able to say no: histories with one fault each.

use super::book::Book;
use crate::mothers::{at, line_points, lot_id, order_id, order_item_id, points, refund_id};
use crate::points::{Allocation, GivenBack, PointsEvent};

fn earned(lot: u32, number: i64, until: i64) -> PointsEvent {
    PointsEvent::PointsEarned {
        order_id: order_id(lot),
        lot_id: lot_id(lot),
        points: points(number),
        lines: line_points(&[(lot, number)]),
        earned_at: at(0),
        expires_at: at(until),
    }
}

fn held(lot: u32, number: i64, minute: i64) -> PointsEvent {
    let part = Allocation {
        order_item_id: order_item_id(9),
        lot_id: lot_id(lot),
        points: points(number),
    };
    PointsEvent::PointsHeld {
        order_id: order_id(9),
        points: points(number),
        allocations: vec![part],
        held_at: at(minute),
    }
}

fn returned(lot: u32, number: i64, repaid: i64, expired: i64) -> PointsEvent {
    let part = GivenBack {
        order_item_id: order_item_id(9),
        lot_id: lot_id(lot),
        points: points(number),
        repaid: points(repaid),
        expired: points(expired),
    };
    PointsEvent::PointsReturned {
        order_id: order_id(9),
        refund_id: refund_id(1),
        points: points(number),
        allocations: vec![part],
    }
}

fn taken_back(number: i64, unexpired: i64, owed: i64) -> PointsEvent {
    PointsEvent::PointsTakenBack {
        order_id: order_id(1),
        refund_id: refund_id(1),
        lot_id: lot_id(1),
        points: points(number),
        lines: line_points(&[(1, number)]),
        unexpired: points(unexpired),
        owed: points(owed),
    }
}

fn expired(number: i64) -> PointsEvent {
    PointsEvent::PointsExpired {
        lot_id: lot_id(1),
        points: points(number),
        expired_at: at(60),
    }
}

/// The last of these is found out, and none before it.
#[track_caller]
fn found(history: &[PointsEvent], expected: &str) {
    let mut book = Book::default();
    let (last, before) = history.split_last().unwrap();
    for event in before {
        book.post(event).unwrap();
    }
    let wrong = book.post(last).unwrap_err();
    assert!(wrong.contains(expected), "{wrong}");
}

#[test]
fn points_of_a_lot_that_expires_later_are_found() {
    let (early, late) = (earned(1, 10, 60), earned(2, 10, 120));
    found(&[early, late, held(2, 5, 1)], "expires earlier and has 10");
}

#[test]
fn points_of_a_lot_whose_time_is_over_are_found() {
    found(&[earned(1, 10, 60), held(1, 5, 60)], "0 spendable");
    let (over, other) = (earned(1, 10, 60), earned(2, 10, 120));
    found(&[over, other, held(1, 5, 60)], "spent after its time");
}

#[test]
fn more_than_can_be_spent_is_found() {
    found(&[earned(1, 10, 60), held(1, 11, 1)], "10 spendable");
    let debt = [
        earned(1, 10, 60),
        earned(2, 7, 120),
        held(1, 10, 1),
        taken_back(5, 0, 5),
        held(2, 3, 1),
    ];
    found(&debt, "2 spendable");
}

#[test]
fn more_back_than_was_taken_is_found() {
    let history = [
        earned(1, 20, 60),
        held(1, 10, 1),
        returned(1, 6, 0, 0),
        returned(1, 5, 0, 0),
    ];
    found(&history, "11 of 10 came back");
    let another = [earned(1, 20, 60), earned(2, 5, 90), held(1, 10, 1)];
    let wrong_lot = [&another[..], &[returned(2, 5, 0, 0)]].concat();
    found(&wrong_lot, "never taken from this lot");
}

#[test]
fn more_taken_back_than_was_earned_is_found() {
    found(
        &[earned(1, 10, 60), taken_back(11, 0, 1)],
        "11 of 10 taken back",
    );
}

#[test]
fn a_lot_that_does_not_add_up_is_found() {
    let history = [earned(1, 10, 60), held(1, 4, 1), taken_back(8, 0, 0)];
    found(&history, "remaining: -2");
    let owes_and_has = [earned(1, 10, 60), taken_back(5, 0, 2)];
    found(&owes_and_has, "owed: 2");
}

#[test]
fn points_that_outlive_their_lot_are_found() {
    found(&[earned(1, 10, 60), expired(9)], "is left");
    let history = [
        earned(1, 10, 60),
        held(1, 4, 1),
        expired(6),
        returned(1, 4, 0, 0),
    ];
    found(&history, "4 of an expired lot");
}
