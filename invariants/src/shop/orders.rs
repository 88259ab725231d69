//! Orders: forward only, at the price of their lines, with the stock and the coupon that their stage has.

use chrono::{DateTime, Utc};
use domain::order::{Discount, OrderEvent, OrderLine};
use domain::{CouponCode, Currency, Money, OrderId, PaymentId, ProductId, UserId};

use super::closed::ClosedOrder;
use super::coupons::user_key;
use super::prices::{wrong_lines, wrong_total};
use super::refunds::Refunds;
use super::stage::Stage;
use super::{At, Shop};
use crate::invariant::{Invariant, Violation};

/// An order that may still hold something.
#[derive(Debug)]
pub(super) struct Order {
    pub(super) sequence: u64,
    pub(super) stage: Stage,
    user: u64,
    items: Vec<Item>,
    discount: Option<(CouponCode, i64)>,
    /// The coupon, as its pool says.
    pub(super) bound: Option<Binding>,
    pub(super) subtotal: i128,
    pub(super) total: i64,
    /// What of the total points pay.
    pub(super) points: i64,
    pub(super) currency: Currency,
    pub(super) payment: Option<PaymentId>,
    /// When it is cancelled if unpaid, or confirmed if paid.
    pub(super) due: Option<DateTime<Utc>>,
    /// What of it goes back.
    pub(super) refunds: Refunds,
    /// Whether its pool says that its coupon came back.
    pub(super) coupon_back: bool,
    /// What of its buyer's points it has, as their account says: of an order that had ended and is looked at again,
    /// what changed since.
    pub(super) points_taken: i64,
    /// Whether their account says that they are spent.
    pub(super) points_spent: bool,
}

/// A product of an order.
#[derive(Debug)]
pub(super) struct Item {
    product: ProductId,
    /// How many pieces, as the order says.
    pub(super) quantity: i64,
    /// Pieces reserved for it, as the inventory says.
    pub(super) held: i64,
    /// Pieces that left for it, as the inventory says.
    pub(super) out: i64,
    /// Pieces of it that refunds made stock again, as the order says.
    pub(super) back: i64,
}

/// A coupon with an order.
#[derive(Clone, Copy, Debug)]
pub(super) struct Binding {
    pub(super) code: CouponCode,
    pub(super) user: u64,
    pub(super) amount: i64,
    pub(super) used: bool,
}

impl Default for Order {
    fn default() -> Self {
        Self {
            sequence: 0,
            stage: Stage::Unplaced,
            user: 0,
            items: Vec::new(),
            discount: None,
            bound: None,
            subtotal: 0,
            total: 0,
            points: 0,
            currency: Currency::Krw,
            payment: None,
            due: None,
            refunds: Refunds::default(),
            coupon_back: false,
            points_taken: 0,
            points_spent: false,
        }
    }
}

impl Order {
    /// What it has of a product.
    pub(super) fn item(&mut self, product: ProductId) -> &mut Item {
        let known = self.items.iter().position(|item| item.product == product);
        let place = known.unwrap_or(self.items.len());
        if known.is_none() {
            self.items.push(Item {
                product,
                quantity: 0,
                held: 0,
                out: 0,
                back: 0,
            });
        }
        &mut self.items[place]
    }

    fn place(
        &mut self,
        user_id: &UserId,
        lines: &[OrderLine],
        subtotal: Money,
        due: DateTime<Utc>,
    ) {
        self.user = user_key(user_id);
        self.subtotal = i128::from(subtotal.amount());
        self.currency = subtotal.currency();
        self.due = Some(due);
        for line in lines {
            self.item(line.product_id).quantity += i64::from(line.quantity);
        }
    }

    /// What of it is paid with money.
    pub(super) fn payable(&self) -> i64 {
        self.total - self.points
    }

    fn set_price(&mut self, discount: Option<&Discount>, total: Money) {
        self.discount = discount.map(|discount| (discount.code, discount.amount.amount()));
        self.total = total.amount();
    }
}

impl Shop {
    /// An unpaid order whose payment waits for a deposit waits with it.
    pub(super) fn order_waits_until(&mut self, id: OrderId, until: DateTime<Utc>) {
        if let Some(order) = self.orders.get_mut(&id)
            && order.stage == Stage::Paying
        {
            order.due = order.due.max(Some(until));
        }
    }

    /// Counts an event of an order that cannot be read.
    pub(super) fn skip_order_event(&mut self, at: At<'_>, id: OrderId) {
        if !self.orders.contains_key(&id)
            && let Some(closed) = self.ended_orders.get(id)
        {
            self.found.extend(at.gap_after(closed.sequence));
            let (sequence, stage) = (at.sequence, closed.stage);
            self.ended_orders.put(id, ClosedOrder { sequence, stage });
            return;
        }
        let order = self.orders.entry(id).or_default();
        self.found.extend(at.gap_after(order.sequence));
        order.sequence = at.sequence;
    }

    /// The order, to be looked at after the command; `None`, and a violation, when it has ended.
    pub(super) fn open_order(&mut self, at: At<'_>, id: OrderId) -> Option<&mut Order> {
        if !self.orders.contains_key(&id)
            && let Some(closed) = self.ended_orders.get(id)
        {
            let evidence = format!("moves for order {id}, which is {:?}", closed.stage);
            let invariant = match at.aggregate_type {
                "coupon_pool" => Invariant::Coupons,
                "points" => Invariant::PointLots,
                _ => Invariant::NoOversell,
            };
            self.found.push(at.violation(invariant, evidence));
            return None;
        }
        self.touched.order(id);
        Some(self.orders.entry(id).or_default())
    }

    pub(super) fn order_event(&mut self, at: At<'_>, id: OrderId, event: &OrderEvent) {
        if let OrderEvent::OrderRefundStarted { payment_id, .. } = event {
            self.reopen_order(id, *payment_id);
        }
        if !self.orders.contains_key(&id)
            && let Some(closed) = self.ended_orders.get(id)
        {
            self.ended_order_event(at, id, closed, event);
            return;
        }
        self.touched.order(id);
        let order = self.orders.entry(id).or_default();
        self.found.extend(at.gap_after(order.sequence));
        order.sequence = at.sequence;
        let before = order.stage;
        let (after, may) = before.after(event);
        if !may {
            self.found.push(wrong_step(at, before, event));
        }
        order.stage = after;
        self.found.extend(take_in(at, order, event));
        if let OrderEvent::OrderPaid { payment_id, .. } = event {
            self.payment_keeps(*payment_id, true);
        }
        self.order_goes_back(at, id, event);
        if before.is_sold() != after.is_sold() {
            self.sold(id, after.is_sold());
        }
    }

    /// Books an order as sold, or as sold no longer.
    fn sold(&mut self, id: OrderId, now: bool) {
        let Some(order) = self.orders.get(&id) else {
            return;
        };
        let sign = if now { 1 } else { -1 };
        for item in &order.items {
            let shelves = self.shelves.entry(item.product).or_default();
            shelves.sold += sign * item.quantity;
            self.touched.product(item.product);
        }
        let total = i128::from(order.payable()) * i128::from(sign);
        self.money
            .change(order.currency, |totals| totals.kept += total);
        self.touched.money = true;
        let payment = order.payment;
        if let (false, Some(payment)) = (now, payment) {
            self.payment_keeps(payment, false);
        }
    }

    /// An ended order is shipped and delivered, and nothing else.
    fn ended_order_event(
        &mut self,
        at: At<'_>,
        id: OrderId,
        closed: ClosedOrder,
        event: &OrderEvent,
    ) {
        self.found.extend(at.gap_after(closed.sequence));
        let (after, may) = closed.stage.after(event);
        if !may {
            self.found.push(wrong_step(at, closed.stage, event));
        }
        // What moves stock or money would need the order's lines, which are gone; it was reported.
        let stage = if after.has_ended() {
            after
        } else {
            closed.stage
        };
        let sequence = at.sequence;
        self.ended_orders.put(id, ClosedOrder { sequence, stage });
    }

    /// After a command: the order holds what its stage says, and no more.
    pub(super) fn check_order(&mut self, id: OrderId) {
        let position = self.position;
        let Some(order) = self.orders.get(&id) else {
            return;
        };
        let stage = order.stage;
        let mut wrong = |invariant, evidence| {
            self.found.push(Violation {
                invariant,
                position: Some(position),
                stream: Some(format!("order/{id}")),
                evidence,
            });
        };
        for item in &order.items {
            let held = if stage.is_open() { item.quantity } else { 0 };
            let out = if stage.is_sold() {
                item.quantity - item.back
            } else {
                0
            };
            if item.held != held || item.out != out {
                let evidence = format!(
                    "is {stage:?} with {} of product {}: {} reserved and {} out, not {held} and {out}",
                    item.quantity, item.product, item.held, item.out
                );
                wrong(Invariant::NoOversell, evidence);
            }
        }
        let holds = stage.is_open() || stage.is_sold();
        let expected = order
            .discount
            .filter(|_| holds && !order.refunds.is_whole());
        if order.coupon_back && stage.is_sold() && !order.refunds.is_whole() {
            let evidence = format!("is {stage:?}, and its coupon came back");
            wrong(Invariant::Coupons, evidence);
        }
        let agrees = match (expected, order.bound) {
            (None, None) => true,
            (Some((code, amount)), Some(bound)) => {
                bound.code == code
                    && bound.amount == amount
                    && bound.user == order.user
                    && bound.used == stage.is_sold()
            }
            (None, Some(_)) | (Some(_), None) => false,
        };
        if !agrees {
            let coupon = |code: CouponCode, amount| format!("{code} for {amount}");
            let expected = expected.map(|(code, amount)| coupon(code, amount));
            let bound = order.bound.map(|bound| {
                let state = if bound.used { "used" } else { "held" };
                format!("{} {state}", coupon(bound.code, bound.amount))
            });
            let none = || "none".to_owned();
            let evidence = format!(
                "is {stage:?} with coupon {}, the pool says {}",
                expected.unwrap_or_else(none),
                bound.unwrap_or_else(none)
            );
            wrong(Invariant::Coupons, evidence);
        }
        let points = if holds {
            order.points - order.refunds.points_back()
        } else {
            0
        };
        let should_be_spent = stage.is_sold() && order.points > 0;
        let is_spent = order.points_spent || !should_be_spent;
        if order.points_taken != points || !is_spent {
            let spent = if order.points_spent { "spent" } else { "held" };
            let taken = order.points_taken;
            let evidence = format!("is {stage:?} with {taken} points {spent}, not {points}");
            wrong(Invariant::PointLots, evidence);
        }
        let sequence = order.sequence;
        if !order.refunds.is_empty() {
            // What goes back of it later must be seen beside what went back before.
            return;
        }
        if stage.has_ended() && self.ended_orders.put(id, ClosedOrder { sequence, stage }) {
            self.orders.remove(&id);
        }
    }
}

fn wrong_step(at: At<'_>, before: Stage, event: &OrderEvent) -> Violation {
    let event = format!("{event:?}");
    let name = event.split([' ', '{']).next().unwrap_or_default();
    let evidence = format!("{name} while it is {before:?}");
    at.violation(Invariant::SagasEnd, evidence)
}

/// Takes what an event says into the order, and says what does not add up.
fn take_in(at: At<'_>, order: &mut Order, event: &OrderEvent) -> Option<Violation> {
    match event {
        OrderEvent::OrderPlaced {
            user_id,
            lines,
            subtotal,
            discount,
            total,
            payment_due_at,
        } => {
            order.place(user_id, lines, *subtotal, *payment_due_at);
            order.set_price(discount.as_ref(), *total);
            wrong_lines(lines, *subtotal)
                .or_else(|| wrong_total(order, discount.as_ref(), *total))
                .map(|evidence| at.violation(Invariant::Money, evidence))
        }
        OrderEvent::OrderDiscounted { discount, total } => {
            order.set_price(Some(discount), *total);
            wrong_total(order, Some(discount), *total)
                .map(|evidence| at.violation(Invariant::Money, evidence))
        }
        OrderEvent::OrderPaymentStarted { payment_id } => {
            order.payment = Some(*payment_id);
            None
        }
        OrderEvent::OrderPaid {
            payment_id,
            confirmation_due_at,
        } => {
            order.due = Some(*confirmation_due_at);
            let other = order.payment.filter(|started| started != payment_id)?;
            let evidence = format!("payment {other} was started, {payment_id} paid");
            Some(at.violation(Invariant::Money, evidence))
        }
        OrderEvent::OrderPointsApplied { points, payable } => {
            order.points = *points;
            let agrees = *points >= 0 && payable.amount() == order.payable();
            let evidence = || format!("{payable} is not {} less {points} points", order.total);
            (!agrees).then(|| at.violation(Invariant::Money, evidence()))
        }
        OrderEvent::OrderConfirmed {}
        | OrderEvent::OrderShipped {}
        | OrderEvent::OrderDelivered {}
        | OrderEvent::OrderRefundStarted { .. }
        | OrderEvent::OrderRefunded { .. }
        | OrderEvent::OrderCancelled { .. } => None,
    }
}
