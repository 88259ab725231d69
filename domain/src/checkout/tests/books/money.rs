//! Money: captured, owed and gone back.

use std::collections::BTreeMap;

use super::orders::{Orders, Stage, post_order};
use super::{Log, Verdict, ensure};
use crate::ids::{OrderId, PaymentId, RefundId};
use crate::payment::PaymentEvent;
use crate::recorded::{DomainEvent, Recorded};

#[derive(Default)]
struct PaymentBook {
    order: Option<OrderId>,
    captured: Option<i64>,
    /// What is to go back, or has, by refund.
    refunds: BTreeMap<RefundId, i64>,
    refunded: i64,
}

impl PaymentBook {
    fn requested(&self) -> i64 {
        self.refunds.values().sum()
    }
}

#[derive(Default)]
struct Money {
    orders: Orders,
    payments: BTreeMap<PaymentId, PaymentBook>,
}

fn post_money(books: &mut Money, recorded: &Recorded) -> Verdict {
    post_order(&mut books.orders, recorded)?;
    let DomainEvent::Payment(event) = &recorded.event else {
        return Ok(());
    };
    let id: PaymentId = recorded.aggregate_id.parse().unwrap();
    let payment = books.payments.entry(id).or_default();
    match event {
        PaymentEvent::PaymentRequested { order_id, .. } => payment.order = Some(*order_id),
        PaymentEvent::PaymentSucceeded { amount, .. }
        | PaymentEvent::PaymentMismatched {
            charged: amount, ..
        } => {
            let before = payment.captured.replace(amount.amount());
            ensure(before.is_none(), || format!("{id} is captured twice"))?;
        }
        PaymentEvent::PaymentRefundRequested {
            refund_id, amount, ..
        } => {
            let before = payment.refunds.insert(*refund_id, amount.amount());
            ensure(before.is_none(), || {
                format!("{refund_id} of {id} begins twice")
            })?;
        }
        PaymentEvent::PaymentRefunded { amount, .. } => payment.refunded += amount.amount(),
        PaymentEvent::PaymentOutcomeUnknown { .. }
        | PaymentEvent::PaymentFailed { .. }
        | PaymentEvent::PaymentRefundDelayed { .. }
        | PaymentEvent::PaymentDepositAwaited { .. }
        | PaymentEvent::PaymentInquiryRequested { .. }
        | PaymentEvent::PaymentReviewRequired { .. } => {}
    }
    let captured = payment.captured.unwrap_or_default();
    let requested = payment.requested();
    ensure(
        requested <= captured && payment.refunded <= requested,
        || {
            format!(
                "{id}: {captured} captured, {requested} owed, {} back",
                payment.refunded
            )
        },
    )
}

/// After every operation: what was captured is what went back, what is owed, and what the sold orders
/// cost; and no refund exceeds what was captured.
pub(in super::super) fn money_is_conserved(log: &Log) -> Verdict {
    log.audit(post_money, |books: &Money| {
        let sum = |of: fn(&PaymentBook) -> i64| books.payments.values().map(of).sum::<i64>();
        let captured = sum(|payment| payment.captured.unwrap_or_default());
        let refunded = sum(|payment| payment.refunded);
        let owed = sum(|payment| payment.requested() - payment.refunded);
        let sold = books
            .orders
            .values()
            .filter(|order| order.stage == Stage::Sold);
        let kept: i64 = sold
            .map(|order| order.total - order.points - order.given_up())
            .sum();
        ensure(captured == refunded + owed + kept, || {
            format!("{captured} captured, {refunded} back, {owed} owed, {kept} kept")
        })
    })
}

/// After every operation: what was captured for an order that is not sold is owed back, all of it; and
/// of one that is sold just what its refunds took.
pub(in super::super) fn the_money_of_a_cancelled_order_goes_back(log: &Log) -> Verdict {
    log.audit(post_money, |books: &Money| {
        for (id, payment) in &books.payments {
            let order = payment.order.and_then(|order| books.orders.get(&order));
            let order = order.ok_or(format!("{id} is for no order"))?;
            let sold = order.stage == Stage::Sold;
            let expected = if sold {
                order.given_up()
            } else {
                payment.captured.unwrap_or_default()
            };
            ensure(payment.requested() == expected, || {
                format!("{id}: {} owed, not {expected}", payment.requested())
            })?;
            let price = order.total - order.points;
            ensure(!sold || payment.captured == Some(price), || {
                format!("{id} paid {:?} for {}", payment.captured, order.total)
            })?;
        }
        Ok(())
    })
}
