//! Points: each lot adds up, and what an order took of them is what it paid with.

use std::collections::BTreeMap;

use super::orders::{OrderBook, Orders, Stage, post_order};
use super::{Log, Verdict, ensure};
use crate::ids::OrderId;
use crate::points::PointsEvent;
use crate::points::tests::book::Book;
use crate::recorded::{DomainEvent, Recorded};

/// What an order has of its buyer's points.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Taken {
    held: i64,
    spent: i64,
    returned: i64,
}

#[derive(Default)]
struct Books {
    orders: Orders,
    accounts: BTreeMap<String, Book>,
    taken: BTreeMap<OrderId, Taken>,
}

fn post(books: &mut Books, recorded: &Recorded) -> Verdict {
    post_order(&mut books.orders, recorded)?;
    let DomainEvent::Points(event) = &recorded.event else {
        return Ok(());
    };
    let account = &recorded.aggregate_id;
    let book = books.accounts.entry(account.clone()).or_default();
    book.post(event)
        .map_err(|what| format!("{account}: {what}"))?;
    match event {
        PointsEvent::PointsHeld {
            order_id, points, ..
        } => books.taken.entry(*order_id).or_default().held += points.get(),
        PointsEvent::PointsSpent { order_id, points } => {
            let taken = books.taken.entry(*order_id).or_default();
            taken.held -= points.get();
            taken.spent += points.get();
        }
        PointsEvent::PointsReleased {
            order_id, points, ..
        } => books.taken.entry(*order_id).or_default().held -= points.get(),
        PointsEvent::PointsReturned {
            order_id, points, ..
        } => books.taken.entry(*order_id).or_default().returned += points.get(),
        PointsEvent::PointsEarned { .. }
        | PointsEvent::PointsTakenBack { .. }
        | PointsEvent::PointsExpired { .. }
        | PointsEvent::PointsAdjusted { .. } => {}
    }
    Ok(())
}

impl OrderBook {
    /// What it must have of its buyer's points.
    fn takes(&self) -> Taken {
        let (held, spent, returned) = match self.stage {
            Stage::Pending => (self.points, 0, 0),
            Stage::Sold => (0, self.points, self.points_back()),
            Stage::Cancelled if self.was_sold => (0, self.points, self.points),
            Stage::Cancelled => (0, 0, 0),
        };
        Taken {
            held,
            spent,
            returned,
        }
    }

    /// The points that went back with its refunds.
    fn points_back(&self) -> i64 {
        let done = self.refunds.values().filter(|refund| refund.done);
        let lines = done.flat_map(|refund| &refund.lines);
        lines.map(|line| line.points).sum()
    }
}

/// At every event each lot adds up and gives only what can be spent; after every operation an order that waits
/// holds just the points that it is to be paid with, one that is sold has spent them, less what its refunds gave
/// back, and one that was cancelled has none.
pub(in super::super) fn points_are_the_orders(log: &Log) -> Verdict {
    log.audit(post, |books: &Books| {
        for (id, order) in &books.orders {
            let taken = books.taken.get(id).copied().unwrap_or_default();
            let expected = order.takes();
            ensure(taken == expected, || {
                format!("{id}: {taken:?}, not {expected:?}")
            })?;
        }
        let mut unknown = books.taken.keys();
        match unknown.find(|id| !books.orders.contains_key(id)) {
            Some(id) => Err(format!("{id} has points and was never placed")),
            None => Ok(()),
        }
    })
}

/// Once everything was refunded or cancelled: nobody bought, so nothing is spent, earned or owed. What an operator
/// gave is there, or has expired.
pub(in super::super) fn nobody_ever_bought(log: &Log) -> Verdict {
    let mut books = Books::default();
    for recorded in &log.events {
        post(&mut books, recorded)?;
    }
    for (account, book) in &books.accounts {
        for (id, lot) in &book.lots {
            let of_order = book.terms[id].order.is_some();
            let (there, gone) = (lot.remaining + lot.expired, lot.taken_back);
            let expected = if of_order {
                (0, lot.earned)
            } else {
                (lot.earned, 0)
            };
            let is_left = (there, gone) == expected && lot.spent == 0 && lot.owed == 0;
            ensure(is_left, || format!("{account}, lot {id}: {lot:?}"))?;
        }
    }
    Ok(())
}
