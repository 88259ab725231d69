//! Orders, as their events say: how far they are, what they cost, what of them went back.

use std::collections::BTreeMap;

use super::{Log, Verdict, ensure};
use crate::ids::{OrderId, RefundId, UserId};
use crate::order::{Discount, OrderEvent, OrderLine, RefundedLine};
use crate::recorded::{DomainEvent, Recorded};

/// How far an order is, as its events say.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Stage {
    Pending,
    Sold,
    Cancelled,
}

pub(super) struct OrderBook {
    pub(super) stage: Stage,
    /// Whether it was paid before it was cancelled.
    pub(super) was_sold: bool,
    pub(super) user: UserId,
    pub(super) lines: Vec<OrderLine>,
    pub(super) discount: Option<Discount>,
    pub(super) total: i64,
    pub(super) points: i64,
    pub(super) refunds: BTreeMap<RefundId, RefundBook>,
    /// Whether it said that all of it has gone back.
    pub(super) whole_back: bool,
}

pub(super) struct RefundBook {
    pub(super) lines: Vec<RefundedLine>,
    restock: bool,
    pub(super) done: bool,
}

impl OrderBook {
    /// What refunds took of it, done or not: all lines of all of them.
    pub(in super::super) fn taken(&self) -> impl Iterator<Item = &RefundedLine> {
        self.refunds.values().flat_map(|refund| &refund.lines)
    }

    /// The money that refunds took of it.
    pub(in super::super) fn given_up(&self) -> i64 {
        self.taken().map(|line| line.amount.amount()).sum()
    }

    /// Pieces of a line that are on the shelf again.
    pub(in super::super) fn restocked(&self, line: &OrderLine) -> i64 {
        let done = self
            .refunds
            .values()
            .filter(|refund| refund.done && refund.restock);
        let lines = done.flat_map(|refund| &refund.lines);
        let own = lines.filter(|taken| taken.order_item_id == line.order_item_id);
        own.map(|taken| i64::from(taken.quantity)).sum()
    }
}

pub(super) type Orders = BTreeMap<OrderId, OrderBook>;

pub(in super::super) fn post_order(orders: &mut Orders, recorded: &Recorded) -> Verdict {
    let DomainEvent::Order(event) = &recorded.event else {
        return Ok(());
    };
    let id: OrderId = recorded.aggregate_id.parse().unwrap();
    if let OrderEvent::OrderPlaced {
        user_id,
        lines,
        discount,
        total,
        ..
    } = event
    {
        let book = OrderBook {
            stage: Stage::Pending,
            was_sold: false,
            user: user_id.clone(),
            lines: lines.clone(),
            discount: discount.clone(),
            total: total.amount(),
            points: 0,
            refunds: BTreeMap::new(),
            whole_back: false,
        };
        let before = orders.insert(id, book);
        return ensure(before.is_none(), || format!("{id} is placed twice"));
    }
    let order = orders
        .get_mut(&id)
        .ok_or(format!("{id} was never placed"))?;
    match event {
        OrderEvent::OrderPlaced { .. } => {}
        OrderEvent::OrderDiscounted { discount, total } => {
            order.discount = Some(discount.clone());
            order.total = total.amount();
        }
        OrderEvent::OrderPaid { .. } => order.stage = Stage::Sold,
        OrderEvent::OrderCancelled { was_paid, .. } => {
            order.stage = Stage::Cancelled;
            order.was_sold = *was_paid;
        }
        OrderEvent::OrderPointsApplied { points, .. } => order.points = *points,
        OrderEvent::OrderRefundStarted {
            refund_id,
            lines,
            restock,
            ..
        } => {
            let refund = RefundBook {
                lines: lines.clone(),
                restock: *restock,
                done: false,
            };
            let before = order.refunds.insert(*refund_id, refund);
            ensure(before.is_none(), || format!("{refund_id} begins twice"))?;
        }
        OrderEvent::OrderRefunded {
            refund_id, whole, ..
        } => {
            let refund = order.refunds.get_mut(refund_id);
            let refund = refund.ok_or(format!("{refund_id} was never asked for"))?;
            ensure(!refund.done, || format!("{refund_id} is done twice"))?;
            refund.done = true;
            order.whole_back = *whole;
        }
        OrderEvent::OrderPaymentStarted { .. }
        | OrderEvent::OrderConfirmed {}
        | OrderEvent::OrderShipped {}
        | OrderEvent::OrderDelivered {} => {}
    }
    Ok(())
}

/// After every operation: no line gave back more pieces or more worth than it had, what the refunds say is
/// left of it is so, and an order that says it is back has given back just what it cost.
pub(in super::super) fn no_line_gives_back_more_than_it_had(log: &Log) -> Verdict {
    log.audit(post_order, |orders: &Orders| {
        for (id, order) in orders {
            for line in &order.lines {
                let (mut pieces, mut worth, mut left) = (0, 0, i64::from(line.quantity));
                let own = |taken: &&RefundedLine| taken.order_item_id == line.order_item_id;
                for taken in order.taken().filter(own) {
                    pieces += i64::from(taken.quantity);
                    worth += taken.amount.amount() + taken.points;
                    left = left.min(i64::from(taken.left_quantity));
                }
                let had = i64::from(line.quantity);
                ensure(pieces <= had && worth <= line.amount.amount(), || {
                    let amount = line.amount;
                    format!("{id}: {pieces} of {had} pieces and {worth} of {amount} back")
                })?;
                ensure(left == had - pieces, || {
                    format!("{id}: {left} pieces are said to be left of {had}, {pieces} are back")
                })?;
            }
            let money = order.given_up();
            let pieces: u32 = order.taken().map(|line| line.quantity).sum();
            let all: u32 = order.lines.iter().map(|line| line.quantity).sum();
            let is_all = money == order.total - order.points && pieces == all;
            ensure(!order.whole_back || is_all, || {
                let total = order.total;
                format!("{id} is not back: {money} of {total} and {pieces} of {all} pieces are")
            })?;
        }
        Ok(())
    })
}

/// At every event of an order: its total is the sum of its lines less its discount, and not negative.
pub(in super::super) fn totals_add_up(log: &Log) -> Verdict {
    log.audit(post_order, |orders: &Orders| {
        for (id, order) in orders {
            let lines = order.lines.iter();
            let sum: i64 = lines
                .map(|line| line.unit_price.amount() * i64::from(line.quantity))
                .sum();
            let off = order
                .discount
                .as_ref()
                .map_or(0, |discount| discount.amount.amount());
            ensure(order.total == sum - off && order.total >= 0, || {
                format!("{id} costs {}, its lines {sum}, less {off}", order.total)
            })?;
        }
        Ok(())
    })
}

/// An order goes forward only: paid once, never after its cancellation, and nothing follows that.
pub(in super::super) fn no_order_is_paid_after_cancellation(log: &Log) -> Verdict {
    let post = |stages: &mut BTreeMap<String, &'static str>, recorded: &Recorded| {
        let DomainEvent::Order(event) = &recorded.event else {
            return Ok(());
        };
        let before = stages
            .get(&recorded.aggregate_id)
            .copied()
            .unwrap_or("none");
        let after = match (before, event) {
            ("none", OrderEvent::OrderPlaced { .. }) => "pending",
            ("pending", OrderEvent::OrderDiscounted { .. }) => "pending",
            ("pending", OrderEvent::OrderPaymentStarted { .. }) => "paying",
            ("paying", OrderEvent::OrderPaid { .. }) => "paid",
            ("paid", OrderEvent::OrderConfirmed {}) => "confirmed",
            ("confirmed", OrderEvent::OrderShipped {}) => "shipped",
            ("shipped", OrderEvent::OrderDelivered {}) => "delivered",
            (
                "pending" | "paying",
                OrderEvent::OrderCancelled {
                    was_paid: false, ..
                },
            )
            | ("paid", OrderEvent::OrderCancelled { was_paid: true, .. }) => "cancelled",
            (
                "paid" | "confirmed" | "shipped" | "delivered",
                OrderEvent::OrderRefundStarted { .. } | OrderEvent::OrderRefunded { .. },
            ) => before,
            ("pending", OrderEvent::OrderPointsApplied { .. }) => "pending",
            _ => return Err(format!("{event:?} after {before}")),
        };
        stages.insert(recorded.aggregate_id.clone(), after);
        Ok(())
    };
    log.audit(post, |_: &BTreeMap<String, &str>| Ok(()))
}

/// At the end, when nothing waits any more: no order is pending, none is merely paid, and every refund is done.
pub(in super::super) fn every_saga_has_ended(log: &Log) -> Verdict {
    let mut orders = Orders::default();
    for recorded in &log.events {
        post_order(&mut orders, recorded)?;
    }
    for (id, order) in &orders {
        let ended = order.refunds.values().all(|refund| refund.done);
        ensure(ended, || format!("a refund of {id} has not ended"))?;
    }
    let mut last = BTreeMap::new();
    for recorded in &log.events {
        if let DomainEvent::Order(event) = &recorded.event {
            let refund = matches!(
                event,
                OrderEvent::OrderRefundStarted { .. } | OrderEvent::OrderRefunded { .. }
            );
            if refund {
                continue;
            }
            last.insert(recorded.aggregate_id.clone(), event);
        }
    }
    for (id, event) in last {
        let ended = matches!(
            event,
            OrderEvent::OrderConfirmed {} | OrderEvent::OrderCancelled { .. }
        );
        ensure(ended, || format!("{id} ends with {event:?}"))?;
    }
    Ok(())
}

/// What the sold orders cost, less what of them went back, all together.
pub(in super::super) fn sold(log: &Log) -> i64 {
    let mut orders = Orders::default();
    for recorded in &log.events {
        post_order(&mut orders, recorded).unwrap();
    }
    let sold = orders.values().filter(|order| order.stage == Stage::Sold);
    sold.map(|order| order.total - order.points - order.given_up())
        .sum()
}
