//! The books of the whole shop, kept from its events alone.

mod books;
mod closed;
mod coupons;
mod inventories;
mod methods;
mod orders;
mod payments;
mod points;
mod prices;
mod refunds;
mod rest;
mod stage;

use std::collections::HashMap;
use std::str::FromStr;

use domain::{
    CouponPoolId, Currency, DomainEvent, IdError, OrderId, PaymentId, ProductId, Recorded, UserId,
};
use foldhash::fast::FixedState;

use self::books::Money;
pub use self::books::Totals;
use self::closed::{ClosedOrders, ClosedPayments};
use self::coupons::Pool;
use self::inventories::Shelves;
use self::methods::Wallet;
use self::orders::Order;
use self::payments::Payment;
use self::points::Account;
use crate::invariant::{Invariant, Violation};

/// A hash map that iterates alike in every run: the same log makes the same report.
pub(crate) type Map<K, V> = HashMap<K, V, FixedState>;

/// Every invariant that the log alone can show, as a fold over it.
///
/// Memory: about 25 bytes for each order, and as many for each payment, that has ended; 50 for each coupon
/// ever issued; about 250 for each lot of points, with what its order earned; a few hundred for each order
/// that has not ended or of which a part went back, and for each product. Ten million events of a million orders take about 350 MB at most,
/// 100 MB where orders earn no points.
///
/// Ended orders and payments are known by the last 64 bits of their id, which in every version of UUID that
/// the shop makes are random but for two.
#[derive(Debug, Default)]
pub struct Shop {
    /// The position of the last event.
    position: u64,
    /// Orders that may still hold something.
    orders: Map<OrderId, Order>,
    ended_orders: ClosedOrders,
    /// Payments whose money may still move.
    payments: Map<PaymentId, Payment>,
    ended_payments: ClosedPayments,
    shelves: Map<ProductId, Shelves>,
    pools: Map<CouponPoolId, Pool>,
    accounts: Map<UserId, Account>,
    wallets: Map<UserId, Wallet>,
    /// The sequence of each product's own stream.
    products: Map<ProductId, u64>,
    money: Money,
    touched: Touched,
    found: Vec<Violation>,
}

/// An event that cannot be read.
#[derive(Clone, Copy, Debug)]
pub struct Unread<'a> {
    /// Its place in the one total order.
    pub position: u64,
    /// The type of its aggregate.
    pub aggregate_type: &'a str,
    /// The id of its aggregate.
    pub aggregate_id: &'a str,
    /// Its number in its stream.
    pub sequence: u64,
    /// Why it cannot be read.
    pub why: &'a str,
}

/// What the command under way has touched so far.
#[derive(Debug, Default)]
struct Touched {
    orders: Vec<OrderId>,
    payments: Vec<PaymentId>,
    products: Vec<ProductId>,
    wallets: Vec<UserId>,
    money: bool,
}

/// Where an event stands, for the report.
#[derive(Clone, Copy)]
struct At<'a> {
    position: u64,
    aggregate_type: &'a str,
    aggregate_id: &'a str,
    sequence: u64,
}

impl At<'_> {
    fn violation(self, invariant: Invariant, evidence: String) -> Violation {
        Violation {
            invariant,
            position: Some(self.position),
            stream: Some(format!("{}/{}", self.aggregate_type, self.aggregate_id)),
            evidence,
        }
    }

    /// What is wrong with this event as the successor of the stream's event number `last`.
    fn gap_after(self, last: u64) -> Option<Violation> {
        (self.sequence != last.saturating_add(1)).then(|| {
            let evidence = format!("event {} follows event {last}", self.sequence);
            self.violation(Invariant::Dense, evidence)
        })
    }
}

impl Shop {
    /// The books of a shop where nothing has happened yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The position of the last event.
    #[must_use]
    pub fn position(&self) -> u64 {
        self.position
    }

    /// How many orders and payments may still move something.
    #[must_use]
    pub fn open(&self) -> (usize, usize) {
        (self.orders.len(), self.payments.len())
    }

    /// Money so far, in a currency.
    #[must_use]
    pub fn money(&self, currency: Currency) -> Totals {
        self.money.totals(currency)
    }

    /// Takes the next event in, and says what is wrong with it. Costs a microsecond or two.
    pub fn apply(&mut self, recorded: &Recorded) -> Vec<Violation> {
        let at = At {
            position: recorded.position,
            aggregate_type: type_of(&recorded.event),
            aggregate_id: &recorded.aggregate_id,
            sequence: recorded.sequence,
        };
        self.follow(at);
        match &recorded.event {
            DomainEvent::Order(event) => {
                if let Some(id) = self.id(at) {
                    self.order_event(at, id, event);
                }
            }
            DomainEvent::Payment(event) => {
                self.method_charged(at, event);
                if let Some(id) = self.id(at) {
                    self.payment_event(at, id, event, recorded.occurred_at);
                }
            }
            DomainEvent::Inventory(event) => {
                if let Some(id) = self.id(at) {
                    self.inventory_event(at, id, event);
                }
            }
            DomainEvent::CouponPool(event) => {
                if let Some(id) = self.id(at) {
                    self.pool_event(at, id, event);
                }
            }
            DomainEvent::PaymentMethod(event) => {
                if let Some(id) = self.id(at) {
                    self.method_event(at, id, event);
                }
            }
            DomainEvent::Points(event) => {
                if let Some(id) = self.id(at) {
                    self.points_event(at, id, event);
                }
            }
            DomainEvent::Product(_) => {
                if let Some(id) = self.id(at) {
                    self.product_event(at, id);
                }
            }
        }
        std::mem::take(&mut self.found)
    }

    /// Takes an event in that cannot be read, and says so: its place counts, what it says does not.
    pub fn skip(&mut self, unread: &Unread<'_>) -> Vec<Violation> {
        let at = At {
            position: unread.position,
            aggregate_type: unread.aggregate_type,
            aggregate_id: unread.aggregate_id,
            sequence: unread.sequence,
        };
        self.follow(at);
        let why = unread.why.to_owned();
        self.found.push(at.violation(Invariant::Readable, why));
        match at.aggregate_type {
            "order" => {
                if let Some(id) = self.id(at) {
                    self.skip_order_event(at, id);
                }
            }
            "payment" => {
                if let Some(id) = self.id(at) {
                    let gap = self.payment(id).follow(at);
                    self.found.extend(gap);
                }
            }
            "inventory" => {
                if let Some(id) = self.id(at) {
                    let gap = self.shelves.entry(id).or_default().follow(at);
                    self.found.extend(gap);
                }
            }
            "coupon_pool" => {
                if let Some(id) = self.id(at) {
                    let gap = self.pools.entry(id).or_default().follow(at);
                    self.found.extend(gap);
                }
            }
            "payment_methods" => {
                if let Some(id) = self.id(at) {
                    let gap = self.wallets.entry(id).or_default().follow(at);
                    self.found.extend(gap);
                }
            }
            "points" => {
                if let Some(id) = self.id(at) {
                    let gap = self.accounts.entry(id).or_default().follow(at);
                    self.found.extend(gap);
                }
            }
            "product" => {
                if let Some(id) = self.id(at) {
                    self.product_event(at, id);
                }
            }
            _ => {}
        }
        std::mem::take(&mut self.found)
    }

    /// Says that a command's last event was taken in: now all of what it touched must agree. To be called
    /// after each command, or what it left in the air is taken for the next one's.
    pub fn commit(&mut self) -> Vec<Violation> {
        let touched = std::mem::take(&mut self.touched);
        for id in &touched.products {
            self.check_product(*id);
        }
        for id in &touched.orders {
            self.check_order(*id);
        }
        for id in &touched.payments {
            self.check_payment(*id);
        }
        for id in &touched.wallets {
            self.check_wallet(id);
        }
        if touched.money {
            self.found.extend(self.money.check(self.position));
        }
        self.touched = touched.emptied();
        std::mem::take(&mut self.found)
    }

    fn product_event(&mut self, at: At<'_>, id: ProductId) {
        let last = self.products.entry(id).or_default();
        self.found.extend(at.gap_after(*last));
        *last = at.sequence;
    }

    fn follow(&mut self, at: At<'_>) {
        self.found.extend(self.jump(at.position));
        self.position = at.position;
    }

    fn jump(&self, position: u64) -> Option<Violation> {
        let last = self.position;
        (position != last.saturating_add(1)).then(|| Violation {
            invariant: Invariant::Dense,
            position: Some(position),
            stream: None,
            evidence: format!("position {position} follows position {last}"),
        })
    }

    fn id<I: FromStr<Err = IdError>>(&mut self, at: At<'_>) -> Option<I> {
        match at.aggregate_id.parse() {
            Ok(id) => Some(id),
            Err(error) => {
                let evidence = format!("the stream's id is {error}");
                self.found.push(at.violation(Invariant::Readable, evidence));
                None
            }
        }
    }
}

impl Touched {
    /// Nothing touched, with the memory kept.
    fn emptied(mut self) -> Self {
        self.orders.clear();
        self.payments.clear();
        self.products.clear();
        self.wallets.clear();
        self.money = false;
        self
    }

    fn order(&mut self, id: OrderId) {
        if !self.orders.contains(&id) {
            self.orders.push(id);
        }
    }

    fn payment(&mut self, id: PaymentId) {
        if !self.payments.contains(&id) {
            self.payments.push(id);
        }
    }

    fn wallet(&mut self, id: UserId) {
        if !self.wallets.contains(&id) {
            self.wallets.push(id);
        }
    }

    fn product(&mut self, id: ProductId) {
        if !self.products.contains(&id) {
            self.products.push(id);
        }
    }
}

fn type_of(event: &DomainEvent) -> &'static str {
    match event {
        DomainEvent::Order(_) => "order",
        DomainEvent::Inventory(_) => "inventory",
        DomainEvent::CouponPool(_) => "coupon_pool",
        DomainEvent::Payment(_) => "payment",
        DomainEvent::PaymentMethod(_) => "payment_methods",
        DomainEvent::Points(_) => "points",
        DomainEvent::Product(_) => "product",
    }
}
