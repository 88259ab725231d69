//! What of sold orders goes back: of each line never more than it had, and each time what was left before.
//!
//! An order that had ended is known only by its stage: of its lines the first refund that touches one says
//! what it had, and from then on the order stays in the books.

use domain::order::{OrderEvent, RefundedLine};
use domain::{Money, OrderId, OrderItemId, PaymentId, ProductId, RefundId};

use super::orders::Order;
use super::{At, Shop};
use crate::invariant::Invariant;

/// What of an order goes back.
#[derive(Debug, Default)]
pub(super) struct Refunds {
    /// Lines that a refund has touched.
    lines: Vec<Line>,
    refunds: Vec<Refund>,
    /// Whether it says that all of it has gone back.
    whole: bool,
    /// The points of the refunds that are done.
    points_back: i64,
}

/// What a line has left.
#[derive(Debug)]
struct Line {
    item: OrderItemId,
    quantity: i64,
    amount: i64,
    points: i64,
}

#[derive(Debug)]
struct Refund {
    id: RefundId,
    amount: i64,
    points: i64,
    /// Pieces that become stock again, by product.
    pieces: Vec<(ProductId, i64)>,
    done: bool,
}

impl Refunds {
    pub(super) fn is_empty(&self) -> bool {
        self.refunds.is_empty()
    }

    pub(super) fn points_back(&self) -> i64 {
        self.points_back
    }

    pub(super) fn is_whole(&self) -> bool {
        self.whole
    }

    /// Takes one line of a refund in, and says what is wrong with it.
    fn take(&mut self, line: &RefundedLine) -> Option<String> {
        let (taken, left) = (parts(line), left(line));
        let had: [i64; 3] = std::array::from_fn(|n| taken[n] + left[n]);
        let known = self
            .lines
            .iter_mut()
            .find(|known| known.item == line.order_item_id);
        let before = known
            .as_ref()
            .map(|known| [known.quantity, known.amount, known.points]);
        let [quantity, amount, points] = left;
        match known {
            Some(known) => {
                (known.quantity, known.amount, known.points) = (quantity, amount, points);
            }
            None => self.lines.push(Line {
                item: line.order_item_id,
                quantity,
                amount,
                points,
            }),
        }
        let negative = taken.iter().chain(&left).any(|part| *part < 0);
        let wrong = negative || before.is_some_and(|before| before != had);
        wrong.then(|| {
            format!(
                "takes {taken:?} of item {} and leaves {left:?} (pieces, money, points): before it had {:?}",
                line.order_item_id,
                before.unwrap_or(had)
            )
        })
    }
}

fn parts(line: &RefundedLine) -> [i64; 3] {
    [i64::from(line.quantity), line.amount.amount(), line.points]
}

fn left(line: &RefundedLine) -> [i64; 3] {
    let amount = line.left_amount.amount();
    [i64::from(line.left_quantity), amount, line.left_points]
}

impl Shop {
    /// An order that ended is looked at again, because something of it goes back.
    pub(super) fn reopen_order(&mut self, id: OrderId, payment_id: PaymentId) {
        if self.orders.contains_key(&id) {
            return;
        }
        if let Some(closed) = self.ended_orders.take(id) {
            let order = self.orders.entry(id).or_default();
            order.sequence = closed.sequence;
            order.stage = closed.stage;
            order.payment = Some(payment_id);
        }
    }

    /// Takes in what an order says of its refunds.
    pub(super) fn order_goes_back(&mut self, at: At<'_>, id: OrderId, event: &OrderEvent) {
        let wrong = match event {
            OrderEvent::OrderRefundStarted {
                refund_id,
                payment_id,
                amount,
                points,
                lines,
                restock,
                ..
            } => {
                let sums = (*amount, *points);
                let wrong = self.refund_started(id, *refund_id, sums, lines, *restock);
                self.payment_gives_up(*payment_id, amount.amount());
                let given_up = i128::from(amount.amount());
                self.money
                    .change(amount.currency(), |totals| totals.kept -= given_up);
                self.touched.money = true;
                wrong
            }
            OrderEvent::OrderRefunded {
                refund_id,
                amount,
                whole,
                ..
            } => {
                let wrong = self.refund_done(id, *refund_id, amount.amount(), *whole);
                wrong.into_iter().collect()
            }
            OrderEvent::OrderPlaced { .. }
            | OrderEvent::OrderDiscounted { .. }
            | OrderEvent::OrderPointsApplied { .. }
            | OrderEvent::OrderPaymentStarted { .. }
            | OrderEvent::OrderPaid { .. }
            | OrderEvent::OrderConfirmed {}
            | OrderEvent::OrderShipped {}
            | OrderEvent::OrderDelivered {}
            | OrderEvent::OrderCancelled { .. } => return,
        };
        let wrong = wrong.into_iter();
        self.found
            .extend(wrong.map(|evidence| at.violation(Invariant::Refunds, evidence)));
    }

    fn refund_started(
        &mut self,
        id: OrderId,
        refund_id: RefundId,
        (amount, points): (Money, i64),
        lines: &[RefundedLine],
        restock: bool,
    ) -> Vec<String> {
        let Some(order) = self.orders.get_mut(&id) else {
            return vec![];
        };
        let mut wrong = Vec::new();
        let (mut money, mut given) = (0_i64, 0_i64);
        let mut pieces = Vec::new();
        for line in lines {
            let first = order
                .refunds
                .lines
                .iter()
                .all(|known| known.item != line.order_item_id);
            wrong.extend(order.refunds.take(line));
            money = money.saturating_add(line.amount.amount());
            given = given.saturating_add(line.points);
            let quantity = i64::from(line.quantity);
            let had = quantity.saturating_add(i64::from(line.left_quantity));
            wrong.extend(order.had(line.product_id, had, first));
            if restock {
                pieces.push((line.product_id, quantity));
            }
        }
        if money != amount.amount() || given != points {
            wrong.push(format!(
                "refund {refund_id} is of {amount} and {points} points, its lines of {money} and {given}"
            ));
        }
        if order
            .refunds
            .refunds
            .iter()
            .any(|known| known.id == refund_id)
        {
            wrong.push(format!("refund {refund_id} is asked for twice"));
        }
        order.refunds.refunds.push(Refund {
            id: refund_id,
            amount: amount.amount(),
            points,
            pieces,
            done: false,
        });
        wrong
    }

    fn refund_done(
        &mut self,
        id: OrderId,
        refund_id: RefundId,
        amount: i64,
        whole: bool,
    ) -> Option<String> {
        let order = self.orders.get_mut(&id)?;
        let mut refunds = order.refunds.refunds.iter_mut();
        let known = refunds.find(|known| known.id == refund_id);
        let Some(refund) = known.filter(|known| !known.done && known.amount == amount) else {
            return Some(format!(
                "refund {refund_id} of {amount} is done: no such one was under way"
            ));
        };
        refund.done = true;
        order.refunds.points_back += refund.points;
        let pieces = refund.pieces.clone();
        for (product, quantity) in pieces {
            order.item(product).back += quantity;
            let shelves = self.shelves.entry(product).or_default();
            shelves.sold -= quantity;
            self.touched.product(product);
        }
        order.refunds.whole = whole;
        let nothing_left = |line: &Line| [line.quantity, line.amount, line.points] == [0; 3];
        let is_whole = order.refunds.refunds.iter().all(|known| known.done)
            && order.refunds.lines.iter().all(nothing_left);
        (whole && !is_whole).then(|| {
            format!(
                "refund {refund_id} is said to be the last: {:?}",
                order.refunds
            )
        })
    }
}

impl Order {
    /// What a refund says that the order had of a product: of an order that had ended it is all that is
    /// known, of another it must agree.
    fn had(&mut self, product: ProductId, pieces: i64, first: bool) -> Option<String> {
        let reopened = self.due.is_none();
        let item = self.item(product);
        if first && reopened {
            (item.quantity, item.out) = (pieces, pieces);
        }
        let agrees = !first || item.quantity == pieces;
        (!agrees).then(|| {
            format!(
                "a refund says that there were {pieces} of product {product}, not {}",
                item.quantity
            )
        })
    }
}
