//! The invariants, checked on nothing but the log: kept apart from the rules, so that a rule that is
//! wrong cannot also be its own judge. `faults.rs` shows for each that it can fail.

use std::collections::BTreeMap;

use crate::coupon_pool::CouponPoolEvent;
use crate::ids::{CouponCode, OrderId, PaymentId, RefundId, UserId, WarehouseId};
use crate::inventory::{Allocation, InventoryEvent};
use crate::order::{Discount, OrderEvent, OrderLine, RefundedLine};
use crate::payment::PaymentEvent;
use crate::recorded::{DomainEvent, Recorded};

/// Everything that happened, and where each operation ended.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Log {
    pub(super) events: Vec<Recorded>,
    /// The number of events after each operation.
    pub(super) commits: Vec<usize>,
}

/// What a checker says: nothing, or what is wrong.
pub(super) type Verdict = Result<(), String>;

impl Log {
    /// Reads the log event by event, and looks at the books whenever an operation is complete.
    fn audit<B: Default>(
        &self,
        mut post: impl FnMut(&mut B, &Recorded) -> Verdict,
        look: impl Fn(&B) -> Verdict,
    ) -> Verdict {
        let mut books = B::default();
        let mut from = 0;
        for commit in &self.commits {
            for recorded in &self.events[from..*commit] {
                let posted = post(&mut books, recorded);
                posted.map_err(|what| format!("at {}: {what}", recorded.position))?;
            }
            look(&books).map_err(|what| format!("after {commit}: {what}"))?;
            from = *commit;
        }
        Ok(())
    }
}

fn ensure(holds: bool, what: impl FnOnce() -> String) -> Verdict {
    if holds { Ok(()) } else { Err(what()) }
}

/// At every event: `0 ≤ reserved ≤ stock`, for each warehouse and so in sum.
pub(super) fn stock_is_never_oversold(log: &Log) -> Verdict {
    type Levels = BTreeMap<(String, WarehouseId), (i64, i64)>;
    let post = |levels: &mut Levels, recorded: &Recorded| {
        let DomainEvent::Inventory(event) = &recorded.event else {
            return Ok(());
        };
        for (warehouse, stock, reserved) in movements(event) {
            let key = (recorded.aggregate_id.clone(), warehouse);
            let level = levels.entry(key.clone()).or_default();
            level.0 += stock;
            level.1 += reserved;
            let (stock, reserved) = *level;
            ensure(0 <= reserved && reserved <= stock, || {
                format!("{key:?} has {stock}, of them {reserved} reserved")
            })?;
        }
        let of_product = levels
            .iter()
            .filter(|((id, _), _)| *id == recorded.aggregate_id);
        let sum = of_product.fold((0, 0), |sum, (_, level)| (sum.0 + level.0, sum.1 + level.1));
        ensure(0 <= sum.1 && sum.1 <= sum.0, || format!("in sum {sum:?}"))
    };
    log.audit(post, |_: &Levels| Ok(()))
}

/// How an event moves stock and reserved, by warehouse.
fn movements(event: &InventoryEvent) -> Vec<(WarehouseId, i64, i64)> {
    let all = |allocations: &[Allocation], stock: i64, reserved: i64| {
        let moves = allocations.iter().map(|a| {
            let pieces = i64::from(a.quantity);
            (a.warehouse.clone(), stock * pieces, reserved * pieces)
        });
        moves.collect()
    };
    match event {
        InventoryEvent::StockReceived {
            warehouse,
            quantity,
        } => vec![(warehouse.clone(), i64::from(*quantity), 0)],
        InventoryEvent::StockAdjusted {
            warehouse, delta, ..
        } => vec![(warehouse.clone(), i64::from(*delta), 0)],
        InventoryEvent::StockReserved { allocations, .. } => all(allocations, 0, 1),
        InventoryEvent::StockDeducted { allocations, .. } => all(allocations, -1, -1),
        InventoryEvent::StockReleased { allocations, .. } => all(allocations, 0, -1),
        InventoryEvent::StockReturned { allocations, .. } => all(allocations, 1, 0),
    }
}

/// How far an order is, as its events say.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Stage {
    Pending,
    Sold,
    Cancelled,
}

struct OrderBook {
    stage: Stage,
    user: UserId,
    lines: Vec<OrderLine>,
    discount: Option<Discount>,
    total: i64,
    points: i64,
    refunds: BTreeMap<RefundId, RefundBook>,
    /// Whether it said that all of it has gone back.
    whole_back: bool,
}

struct RefundBook {
    lines: Vec<RefundedLine>,
    restock: bool,
    done: bool,
}

impl OrderBook {
    /// What refunds took of it, done or not: all lines of all of them.
    fn taken(&self) -> impl Iterator<Item = &RefundedLine> {
        self.refunds.values().flat_map(|refund| &refund.lines)
    }

    /// The money that refunds took of it.
    fn given_up(&self) -> i64 {
        self.taken().map(|line| line.amount.amount()).sum()
    }

    /// Pieces of a line that are on the shelf again.
    fn restocked(&self, line: &OrderLine) -> i64 {
        let done = self
            .refunds
            .values()
            .filter(|refund| refund.done && refund.restock);
        let lines = done.flat_map(|refund| &refund.lines);
        let own = lines.filter(|taken| taken.order_item_id == line.order_item_id);
        own.map(|taken| i64::from(taken.quantity)).sum()
    }
}

type Orders = BTreeMap<OrderId, OrderBook>;

fn post_order(orders: &mut Orders, recorded: &Recorded) -> Verdict {
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
        OrderEvent::OrderCancelled { .. } => order.stage = Stage::Cancelled,
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
pub(super) fn no_line_gives_back_more_than_it_had(log: &Log) -> Verdict {
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

/// After every operation, for each product: what was deducted and did not come back is what the sold
/// orders have, and what is reserved is what the pending ones have.
pub(super) fn what_left_the_shelf_was_paid_for(log: &Log) -> Verdict {
    #[derive(Default)]
    struct Books {
        orders: Orders,
        /// Pieces out of the house, and pieces reserved, by product.
        pieces: BTreeMap<String, (i64, i64)>,
    }
    let post = |books: &mut Books, recorded: &Recorded| {
        post_order(&mut books.orders, recorded)?;
        let DomainEvent::Inventory(event) = &recorded.event else {
            return Ok(());
        };
        let sale = matches!(
            event,
            InventoryEvent::StockDeducted { .. } | InventoryEvent::StockReturned { .. }
        );
        let pieces = books
            .pieces
            .entry(recorded.aggregate_id.clone())
            .or_default();
        for (_, stock, reserved) in movements(event) {
            pieces.0 -= if sale { stock } else { 0 };
            pieces.1 += reserved;
        }
        Ok(())
    };
    log.audit(post, |books: &Books| {
        let mut expected: BTreeMap<String, (i64, i64)> = BTreeMap::new();
        for order in books.orders.values() {
            for line in &order.lines {
                let pieces = expected.entry(line.product_id.to_string()).or_default();
                match order.stage {
                    Stage::Sold => {
                        pieces.0 += i64::from(line.quantity) - order.restocked(line);
                    }
                    Stage::Pending => pieces.1 += i64::from(line.quantity),
                    Stage::Cancelled => {}
                }
            }
        }
        for (product, pieces) in &books.pieces {
            let orders = expected.remove(product).unwrap_or_default();
            ensure(orders == *pieces, || {
                format!("{product}: orders {orders:?}, shelf {pieces:?}")
            })?;
        }
        ensure(expected.is_empty(), || {
            format!("sold from nowhere: {expected:?}")
        })
    })
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Coupon {
    Free,
    Held(OrderId),
    Used(OrderId),
}

/// Never more coupons than the pool has, one a user, each held or used by one order at a time; and
/// after every operation a coupon is held by the pending order that it discounts, and used by the sold.
pub(super) fn coupons_are_used_once(log: &Log) -> Verdict {
    #[derive(Default)]
    struct Books {
        orders: Orders,
        quantities: BTreeMap<String, usize>,
        /// By pool and user.
        coupons: BTreeMap<(String, UserId), (CouponCode, Coupon)>,
    }
    let post = |books: &mut Books, recorded: &Recorded| {
        post_order(&mut books.orders, recorded)?;
        let DomainEvent::CouponPool(event) = &recorded.event else {
            return Ok(());
        };
        let pool = recorded.aggregate_id.clone();
        let (user, code, from, to) = match event {
            CouponPoolEvent::CouponPoolCreated { quantity, .. } => {
                let quantity = usize::try_from(*quantity).unwrap();
                books.quantities.insert(pool, quantity);
                return Ok(());
            }
            CouponPoolEvent::CouponPoolClosed {} => return Ok(()),
            CouponPoolEvent::CouponIssued { user_id, code } => {
                let key = (pool.clone(), user_id.clone());
                let twice = books.coupons.insert(key, (*code, Coupon::Free));
                ensure(twice.is_none(), || format!("{user_id} has two of {pool}"))?;
                let issued = books.coupons.iter().filter(|((p, _), _)| *p == pool);
                let codes: Vec<CouponCode> = issued.map(|(_, (code, _))| *code).collect();
                let same = codes.iter().filter(|other| *other == code).count();
                ensure(same == 1, || format!("{code} was issued {same} times"))?;
                return ensure(codes.len() <= books.quantities[&pool], || {
                    format!("{pool} issued {}", codes.len())
                });
            }
            CouponPoolEvent::CouponHeld {
                user_id,
                code,
                order_id,
                ..
            } => (user_id, code, Coupon::Free, Coupon::Held(*order_id)),
            CouponPoolEvent::CouponUsed {
                user_id,
                code,
                order_id,
            } => (
                user_id,
                code,
                Coupon::Held(*order_id),
                Coupon::Used(*order_id),
            ),
            CouponPoolEvent::CouponReleased {
                user_id,
                code,
                order_id,
            } => (user_id, code, Coupon::Held(*order_id), Coupon::Free),
            CouponPoolEvent::CouponGivenBack {
                user_id,
                code,
                order_id,
            } => (user_id, code, Coupon::Used(*order_id), Coupon::Free),
        };
        let before = books.coupons.insert((pool, user.clone()), (*code, to));
        ensure(before == Some((*code, from)), || {
            format!("{code} was {before:?} and became {to:?}")
        })
    };
    log.audit(post, |books: &Books| {
        for (id, order) in &books.orders {
            let bound = books.coupons.iter().filter(|(_, (_, coupon))| {
                matches!(coupon, Coupon::Held(by) | Coupon::Used(by) if by == id)
            });
            let bound: Vec<(UserId, CouponCode, Coupon)> = bound
                .map(|((_, user), (code, coupon))| (user.clone(), *code, *coupon))
                .collect();
            let discount = order.discount.as_ref().map(|discount| discount.code);
            let expected = match (order.stage, discount) {
                (Stage::Pending, Some(code)) => vec![(order.user.clone(), code, Coupon::Held(*id))],
                (Stage::Sold, Some(_)) if order.whole_back => vec![],
                (Stage::Sold, Some(code)) => vec![(order.user.clone(), code, Coupon::Used(*id))],
                (Stage::Cancelled, _) | (_, None) => vec![],
            };
            ensure(bound == expected, || {
                format!("{id}: {bound:?}, not {expected:?}")
            })?;
        }
        Ok(())
    })
}

/// At every event of an order: its total is the sum of its lines less its discount, and not negative.
pub(super) fn totals_add_up(log: &Log) -> Verdict {
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
pub(super) fn money_is_conserved(log: &Log) -> Verdict {
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

/// An order goes forward only: paid once, never after its cancellation, and nothing follows that.
pub(super) fn no_order_is_paid_after_cancellation(log: &Log) -> Verdict {
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

/// After every operation: what was captured for an order that is not sold is owed back, all of it; and
/// of one that is sold just what its refunds took.
pub(super) fn the_money_of_a_cancelled_order_goes_back(log: &Log) -> Verdict {
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

/// At the end, when nothing waits any more: no order is pending, none is merely paid, and every refund is done.
pub(super) fn every_saga_has_ended(log: &Log) -> Verdict {
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
pub(super) fn sold(log: &Log) -> i64 {
    let mut orders = Orders::default();
    for recorded in &log.events {
        post_order(&mut orders, recorded).unwrap();
    }
    let sold = orders.values().filter(|order| order.stage == Stage::Sold);
    sold.map(|order| order.total - order.points - order.given_up())
        .sum()
}
