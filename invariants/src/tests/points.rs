//! 8: points.

use chrono::{DateTime, Utc};
use domain::points::{Allocation, GivenBack, LinePoints, LotPoints, Points, PointsEvent};
use domain::{AdjustmentId, DomainEvent, LotId, OrderItemId};
use uuid::Uuid;

use super::story::{Story, at, order, refund, user};
use crate::{Invariant, Violation};

fn points(number: i64) -> Points {
    Points::new(number).unwrap()
}

fn lot(number: u128) -> LotId {
    LotId::new(Uuid::from_u128(0x80 << 64 | number))
}

fn item(number: u128) -> OrderItemId {
    OrderItemId::new(Uuid::from_u128(0x90 << 64 | number))
}

fn line(number: u128, of: i64) -> LinePoints {
    LinePoints {
        order_item_id: item(number),
        points: points(of),
    }
}

/// The order of the same number earned a lot on its one line.
fn earned(number: u128, of: i64, until: i64) -> PointsEvent {
    PointsEvent::PointsEarned {
        order_id: order(1),
        lot_id: lot(number),
        points: points(of),
        lines: vec![line(number, of)],
        earned_at: at(0),
        expires_at: at(until),
    }
}

fn held(parts: &[(u128, i64)], now: DateTime<Utc>) -> PointsEvent {
    let allocation = |(number, of): &(u128, i64)| Allocation {
        order_item_id: item(100),
        lot_id: lot(*number),
        points: points(*of),
    };
    PointsEvent::PointsHeld {
        order_id: order(9),
        points: points(parts.iter().map(|(_, of)| of).sum()),
        allocations: parts.iter().map(allocation).collect(),
        held_at: now,
    }
}

fn back(number: u128, of: i64, repaid: i64, expired: i64) -> PointsEvent {
    PointsEvent::PointsReturned {
        order_id: order(9),
        refund_id: refund(1),
        points: points(of),
        allocations: vec![GivenBack {
            order_item_id: item(100),
            lot_id: lot(number),
            points: points(of),
            repaid: points(repaid),
            expired: points(expired),
        }],
    }
}

fn taken_back(number: u128, of: i64, unexpired: i64, owed: i64) -> PointsEvent {
    PointsEvent::PointsTakenBack {
        order_id: order(1),
        refund_id: refund(1),
        lot_id: lot(number),
        points: points(of),
        lines: vec![line(number, of)],
        unexpired: points(unexpired),
        owed: points(owed),
    }
}

fn expired(number: u128, of: i64, now: DateTime<Utc>) -> PointsEvent {
    PointsEvent::PointsExpired {
        lot_id: lot(number),
        points: points(of),
        expired_at: now,
    }
}

fn adjusted(delta: i64, lots: &[(u128, i64)], until: Option<i64>) -> PointsEvent {
    let lots = lots.iter().map(|(number, of)| LotPoints {
        lot_id: lot(*number),
        points: points(*of),
    });
    PointsEvent::PointsAdjusted {
        adjustment_id: AdjustmentId::new(Uuid::from_u128(1)),
        delta,
        reason: "counted".to_owned(),
        by: user("olga"),
        lots: lots.collect(),
        adjusted_at: at(1),
        expires_at: until.map(at),
    }
}

fn story(events: &[PointsEvent]) -> Story {
    let mut story = Story::new();
    for event in events {
        let recorded = story.next("ann", DomainEvent::Points(event.clone()));
        story.apply(&recorded);
        story.commit();
    }
    story
}

/// What is wrong with the account alone: the order that these points are for was never placed.
fn of_account(story: &Story) -> Vec<&Violation> {
    let found = story.violations().iter();
    let own = |v: &&Violation| v.stream.as_ref().is_some_and(|s| s.starts_with("points/"));
    found.filter(own).collect()
}

/// The last of these breaks the invariant, for this reason; what is before it does not.
#[track_caller]
fn seen(events: &[PointsEvent], why: &str) {
    let (_, before) = events.split_last().unwrap();
    assert_eq!(of_account(&story(before)), Vec::<&Violation>::new());
    let story = story(events);
    assert_eq!(story.broken(), [Invariant::PointLots]);
    let told = of_account(&story).iter().any(|v| v.evidence.contains(why));
    assert!(told, "{:?}", story.violations());
}

#[test]
fn points_that_come_and_go_as_they_should_break_nothing() {
    let story = story(&[
        earned(1, 100, 60),
        earned(2, 50, 90),
        adjusted(30, &[(3, 30)], Some(30)),
        held(&[(3, 30), (1, 100), (2, 10)], at(2)),
        taken_back(1, 40, 0, 40),
        expired(3, 0, at(30)),
        back(3, 30, 0, 30),
        back(1, 100, 40, 0),
        adjusted(-5, &[(1, 5)], None),
        expired(1, 55, at(60)),
        taken_back(1, 10, 10, 0),
    ]);
    assert_eq!(of_account(&story), Vec::<&Violation>::new());
    assert_eq!(story.shop.points(&user("ann")), 40);
    assert_eq!(story.shop.at_rest(at(89)), []);
    let late = story.shop.at_rest(at(90));
    assert_eq!(late.len(), 1);
    assert_eq!(late[0].invariant, Invariant::SagasEnd);
}

#[test]
fn points_of_a_lot_that_expires_later_are_seen() {
    let lots = [earned(1, 10, 60), earned(2, 10, 90)];
    let later = [&lots[..], &[held(&[(2, 5)], at(1))]].concat();
    seen(&later, "expires sooner");
    let lots = [earned(1, 10, 60), earned(2, 10, 60)];
    let younger = [&lots[..], &[adjusted(-5, &[(2, 5)], None)]].concat();
    seen(&younger, "expires sooner");
}

#[test]
fn more_than_there_is_is_seen() {
    seen(&[earned(1, 10, 60), held(&[(1, 11)], at(1))], "10 could be");
    let debt = [
        earned(1, 10, 60),
        held(&[(1, 10)], at(1)),
        taken_back(1, 6, 0, 6),
        earned(2, 10, 60),
        adjusted(-5, &[(2, 5)], None),
    ];
    seen(&debt, "5 taken, 4 could be");
}

#[test]
fn points_spent_after_their_time_are_seen() {
    let late = [earned(1, 10, 60), held(&[(1, 5)], at(60))];
    seen(&late, "after its time");
}

#[test]
fn more_back_than_was_taken_is_seen() {
    let twice = [
        earned(1, 10, 60),
        earned(2, 10, 90),
        held(&[(1, 10), (2, 5)], at(1)),
        back(2, 5, 0, 0),
        back(2, 5, 0, 0),
    ];
    seen(&twice, "0 were out");
    let elsewhere = [
        earned(1, 10, 60),
        earned(2, 10, 90),
        held(&[(1, 5)], at(1)),
        back(2, 5, 0, 0),
    ];
    seen(&elsewhere, "0 were out");
}

#[test]
fn more_taken_back_than_was_earned_is_seen() {
    seen(
        &[earned(1, 10, 60), taken_back(1, 11, 0, 1)],
        "lost 1 more than it earned",
    );
}

#[test]
fn a_lot_that_does_not_add_up_is_seen() {
    let owes = [earned(1, 10, 60), taken_back(1, 5, 0, 2)];
    seen(&owes, "owes and has some left");
    let below = [
        earned(1, 10, 60),
        held(&[(1, 8)], at(1)),
        taken_back(1, 5, 0, 0),
    ];
    seen(&below, "below zero");
}

#[test]
fn an_expiry_too_early_or_not_whole_is_seen() {
    seen(
        &[earned(1, 10, 60), expired(1, 10, at(59))],
        "expired before",
    );
    seen(&[earned(1, 10, 60), expired(1, 9, at(60))], "outlived");
    let early = [
        earned(1, 10, 60),
        held(&[(1, 10)], at(1)),
        back(1, 10, 0, 10),
    ];
    seen(&early, "expired early");
    let outlived = [
        earned(1, 10, 60),
        held(&[(1, 10)], at(1)),
        expired(1, 0, at(60)),
        back(1, 10, 0, 0),
    ];
    seen(&outlived, "outlived");
}

#[test]
fn a_lot_or_a_line_that_earns_twice_is_seen() {
    seen(&[earned(1, 10, 60), earned(1, 10, 60)], "was there already");
    let mut again = earned(2, 10, 60);
    if let PointsEvent::PointsEarned { lines, .. } = &mut again {
        *lines = vec![line(1, 10)];
    }
    seen(&[earned(1, 10, 60), again], "earned twice");
}

#[test]
fn parts_that_are_not_the_whole_are_seen() {
    let mut less = held(&[(1, 5)], at(1));
    if let PointsEvent::PointsHeld { points: whole, .. } = &mut less {
        *whole = points(6);
    }
    seen(&[earned(1, 10, 60), less], "the parts of 6 points are 5");
}
