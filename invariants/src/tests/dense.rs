//! 1: positions and sequences.

use domain::DomainEvent;
use domain::order::OrderEvent;

use super::story::{Story, cancelled, order, payment, placed, pool, product};
use crate::{Invariant, Unread};

#[test]
fn a_position_that_is_missing_is_seen() {
    let mut story = Story::new();
    story.open_shop().position += 1;
    story.place(1);
    assert_eq!(story.broken(), [Invariant::Dense]);
    assert_eq!(story.violations().len(), 1);
    assert_eq!(
        story.violations()[0].to_string(),
        "dense: at 4: position 4 follows position 2"
    );
}

#[test]
fn an_event_that_is_missing_from_a_stream_is_seen_and_one_that_comes_twice() {
    for sequence in [1, 3] {
        let mut story = Story::new();
        story.open_shop().reserve(1).order(1, placed(None)).commit();
        let mut cancel = story.next(order(1), DomainEvent::Order(cancelled(false)));
        cancel.sequence = sequence;
        story.apply(&cancel);
        story.release(1).commit();
        assert_eq!(story.broken(), [Invariant::Dense], "{sequence}");
    }
}

#[test]
fn a_gap_in_an_ended_orders_stream_is_seen() {
    let mut story = Story::new();
    story.open_shop().place(1).pay(1).confirm(1);
    let mut shipped = story.next(order(1), DomainEvent::Order(OrderEvent::OrderShipped {}));
    shipped.sequence += 1;
    story.apply(&shipped);
    assert_eq!(story.broken(), [Invariant::Dense]);
}

#[test]
fn an_event_that_cannot_be_read_is_named_and_counted() {
    let mut story = Story::new();
    story.open_shop().place(1);
    story.place(2).pay(2).confirm(2);
    let streams = [
        ("order", order(1).to_string(), 2),
        ("order", order(2).to_string(), 5),
        ("payment", payment(2).to_string(), 3),
        ("inventory", product().to_string(), 5),
        ("coupon_pool", pool().to_string(), 2),
        ("product", product().to_string(), 1),
        ("ticket", "x".to_owned(), 1),
    ];
    for (aggregate_type, aggregate_id, sequence) in streams {
        story.position += 1;
        let found = story.shop.skip(&Unread {
            position: story.position,
            aggregate_type,
            aggregate_id: &aggregate_id,
            sequence,
            why: "no such event",
        });
        let invariants: Vec<_> = found.iter().map(|v| v.invariant).collect();
        assert_eq!(invariants, [Invariant::Readable], "{found:?}");
    }
}
