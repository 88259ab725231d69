//! Histories, made event by event.

use chrono::{DateTime, Duration, Utc};
use domain::coupon_pool::{CouponPoolEvent, DiscountRule};
use domain::inventory::{Allocation, InventoryEvent};
use domain::order::{CancelReason, Discount, OrderEvent, OrderLine, RefundedLine};
use domain::payment::{PaymentEvent, RefundReason};
use domain::{
    CouponCode, CouponPoolId, Currency, DomainEvent, Money, OrderId, OrderItemId, PaymentId,
    ProductId, Recorded, RefundId, UserId,
};
use std::collections::BTreeMap;
use uuid::Uuid;

use crate::{Invariant, Shop, Violation};

/// Pieces of an order, and what one costs.
pub(super) const PIECES: u32 = 2;
pub(super) const PRICE: i64 = 500;
pub(super) const TOTAL: i64 = 1_000;
pub(super) const OFF: i64 = 100;

pub(super) fn at(minutes: i64) -> DateTime<Utc> {
    let opening: DateTime<Utc> = "2026-03-02T09:00:00Z".parse().unwrap();
    opening + Duration::minutes(minutes)
}

fn uuid(kind: u128, number: u32) -> Uuid {
    Uuid::from_u128(0x0191_0000_0000_7000_8000_0000_0000_0000 | kind << 32 | u128::from(number))
}

pub(super) fn order(number: u32) -> OrderId {
    OrderId::new(uuid(1, number))
}

pub(super) fn payment(number: u32) -> PaymentId {
    PaymentId::new(uuid(2, number))
}

pub(super) fn refund(number: u32) -> RefundId {
    RefundId::new(uuid(3, number))
}

pub(super) fn product() -> ProductId {
    ProductId::new(uuid(4, 1))
}

pub(super) fn pool() -> CouponPoolId {
    CouponPoolId::new(uuid(5, 1))
}

pub(super) fn code(serial: u32) -> CouponCode {
    CouponCode::new(pool(), serial)
}

pub(super) fn user(name: &str) -> UserId {
    name.parse().unwrap()
}

pub(super) fn krw(amount: i64) -> Money {
    Money::new(amount, Currency::Krw).unwrap()
}

pub(super) fn seoul(quantity: u32) -> Vec<Allocation> {
    let warehouse = "seoul".parse().unwrap();
    vec![Allocation {
        warehouse,
        quantity,
    }]
}

pub(super) fn placed(discount: Option<Discount>) -> OrderEvent {
    let off = discount.as_ref().map_or(0, |d| d.amount.amount());
    let line = OrderLine {
        order_item_id: OrderItemId::new(uuid(6, 1)),
        product_id: product(),
        name: "tea".to_owned(),
        quantity: PIECES,
        unit_price: krw(PRICE),
        amount: krw(TOTAL),
        allocations: seoul(PIECES),
    };
    OrderEvent::OrderPlaced {
        user_id: user(if discount.is_some() { "ann" } else { "zoe" }),
        lines: vec![line],
        subtotal: krw(TOTAL),
        discount,
        total: krw(TOTAL - off),
        payment_due_at: at(30),
    }
}

/// A history under way, and what was found in it.
pub(super) struct Story {
    pub(super) shop: Shop,
    pub(super) position: u64,
    sequences: BTreeMap<String, u64>,
    found: Vec<Violation>,
    /// The coupon of each order that has one.
    coupons: BTreeMap<u32, (String, u32)>,
}

impl Story {
    pub(super) fn new() -> Self {
        Self {
            shop: Shop::new(),
            position: 0,
            sequences: BTreeMap::new(),
            found: Vec::new(),
            coupons: BTreeMap::new(),
        }
    }

    pub(super) fn violations(&self) -> &[Violation] {
        &self.found
    }

    /// The invariants that were broken, each once.
    pub(super) fn broken(&self) -> Vec<Invariant> {
        let mut broken: Vec<Invariant> = self.found.iter().map(|v| v.invariant).collect();
        broken.sort_unstable();
        broken.dedup();
        broken
    }

    /// The event as it would stand in the log.
    pub(super) fn next(&mut self, id: impl ToString, event: DomainEvent) -> Recorded {
        let aggregate_id = id.to_string();
        self.position += 1;
        let kind = std::mem::discriminant(&event);
        let sequence = self
            .sequences
            .entry(format!("{kind:?}{aggregate_id}"))
            .or_default();
        *sequence += 1;
        Recorded {
            position: self.position,
            event_id: uuid(7, 1),
            aggregate_id,
            sequence: *sequence,
            occurred_at: at(0),
            event,
        }
    }

    pub(super) fn apply(&mut self, recorded: &Recorded) {
        let found = self.shop.apply(recorded);
        self.found.extend(found);
    }

    pub(super) fn commit(&mut self) -> &mut Self {
        let found = self.shop.commit();
        self.found.extend(found);
        self
    }

    pub(super) fn order(&mut self, number: u32, event: OrderEvent) -> &mut Self {
        let recorded = self.next(order(number), DomainEvent::Order(event));
        self.apply(&recorded);
        self
    }

    pub(super) fn payment(&mut self, number: u32, event: PaymentEvent) -> &mut Self {
        let recorded = self.next(payment(number), DomainEvent::Payment(event));
        self.apply(&recorded);
        self
    }

    pub(super) fn stock(&mut self, event: InventoryEvent) -> &mut Self {
        let recorded = self.next(product(), DomainEvent::Inventory(event));
        self.apply(&recorded);
        self
    }

    pub(super) fn coupon(&mut self, event: CouponPoolEvent) -> &mut Self {
        let recorded = self.next(pool(), DomainEvent::CouponPool(event));
        self.apply(&recorded);
        self
    }

    /// A hundred pieces, and a pool of three coupons.
    pub(super) fn open_shop(&mut self) -> &mut Self {
        self.stock(InventoryEvent::StockReceived {
            warehouse: "seoul".parse().unwrap(),
            quantity: 200,
        });
        self.commit();
        self.coupon(CouponPoolEvent::CouponPoolCreated {
            name: "spring".to_owned(),
            quantity: 3,
            discount: DiscountRule::Fixed { amount: krw(OFF) },
            valid_from: at(0),
            valid_until: at(100_000),
        });
        self.commit()
    }

    pub(super) fn reserve(&mut self, number: u32) -> &mut Self {
        self.stock(InventoryEvent::StockReserved {
            order_id: order(number),
            allocations: seoul(PIECES),
        })
    }

    pub(super) fn place(&mut self, number: u32) -> &mut Self {
        self.reserve(number).order(number, placed(None)).commit()
    }

    pub(super) fn claim(&mut self, name: &str, serial: u32) -> &mut Self {
        self.coupon(CouponPoolEvent::CouponIssued {
            user_id: user(name),
            code: code(serial),
        });
        self.commit()
    }

    pub(super) fn hold(&mut self, number: u32, name: &str, serial: u32) -> &mut Self {
        self.coupon(CouponPoolEvent::CouponHeld {
            user_id: user(name),
            code: code(serial),
            order_id: order(number),
            amount: krw(OFF),
        })
    }

    pub(super) fn place_with_coupon(&mut self, number: u32, name: &str, serial: u32) -> &mut Self {
        self.coupons.insert(number, (name.to_owned(), serial));
        let mut placed = placed(Some(Discount {
            code: code(serial),
            amount: krw(OFF),
        }));
        if let OrderEvent::OrderPlaced { user_id, .. } = &mut placed {
            *user_id = user(name);
        }
        self.reserve(number).hold(number, name, serial);
        self.order(number, placed).commit()
    }

    fn total(&self, number: u32) -> Money {
        let off = if self.coupons.contains_key(&number) {
            OFF
        } else {
            0
        };
        krw(TOTAL - off)
    }

    pub(super) fn start_payment(&mut self, number: u32) -> &mut Self {
        let payment_id = payment(number);
        let amount = self.total(number);
        self.order(number, OrderEvent::OrderPaymentStarted { payment_id });
        self.payment(number, requested(number, amount)).commit()
    }

    pub(super) fn pay(&mut self, number: u32) -> &mut Self {
        let amount = self.total(number);
        self.start_payment(number)
            .payment(number, succeeded(number, amount));
        self.order(number, paid(number)).deduct(number);
        self.with_coupon(number, |user_id, code, order_id| {
            CouponPoolEvent::CouponUsed {
                user_id,
                code,
                order_id,
            }
        });
        self.commit()
    }

    pub(super) fn deduct(&mut self, number: u32) -> &mut Self {
        self.stock(InventoryEvent::StockDeducted {
            order_id: order(number),
            allocations: seoul(PIECES),
        })
    }

    pub(super) fn confirm(&mut self, number: u32) -> &mut Self {
        self.order(number, OrderEvent::OrderConfirmed {}).commit()
    }

    pub(super) fn ship(&mut self, number: u32) -> &mut Self {
        self.order(number, OrderEvent::OrderShipped {}).commit();
        self.order(number, OrderEvent::OrderDelivered {}).commit()
    }

    pub(super) fn cancel_unpaid(&mut self, number: u32) -> &mut Self {
        self.order(number, cancelled(false)).release(number);
        self.with_coupon(number, |user_id, code, order_id| {
            CouponPoolEvent::CouponReleased {
                user_id,
                code,
                order_id,
            }
        });
        self.commit()
    }

    pub(super) fn release(&mut self, number: u32) -> &mut Self {
        self.stock(InventoryEvent::StockReleased {
            order_id: order(number),
            allocations: seoul(PIECES),
        })
    }

    pub(super) fn decline(&mut self, number: u32) -> &mut Self {
        let amount = self.total(number);
        self.payment(number, failed(number, amount));
        self.cancel_unpaid(number)
    }

    pub(super) fn cancel_paid(&mut self, number: u32) -> &mut Self {
        self.order(number, cancelled(true));
        self.stock(InventoryEvent::StockReturned {
            order_id: order(number),
            allocations: seoul(PIECES),
        });
        self.with_coupon(number, |user_id, code, order_id| {
            CouponPoolEvent::CouponGivenBack {
                user_id,
                code,
                order_id,
            }
        });
        let amount = self.total(number);
        let refund = refund_requested(number, amount, RefundReason::OrderCancelled);
        self.payment(number, refund).commit()
    }

    /// Asks for pieces of an order of two back, under this refund's number.
    pub(super) fn ask_back(
        &mut self,
        number: u32,
        refund_number: u32,
        pieces: u32,
        left: u32,
    ) -> &mut Self {
        let refund_id = refund(refund_number);
        self.order(number, refund_started(number, refund_id, pieces, left));
        let requested = PaymentEvent::PaymentRefundRequested {
            order_id: order(number),
            refund_id,
            amount: krw(PRICE * i64::from(pieces)),
            reason: RefundReason::Requested,
        };
        self.payment(number, requested).commit()
    }

    /// That refund is done.
    pub(super) fn give_back(
        &mut self,
        number: u32,
        refund_number: u32,
        pieces: u32,
        whole: bool,
    ) -> &mut Self {
        let (refund_id, amount) = (refund(refund_number), krw(PRICE * i64::from(pieces)));
        self.payment(
            number,
            PaymentEvent::PaymentRefunded {
                order_id: order(number),
                user_id: user("zoe"),
                refund_id,
                amount,
                reason: RefundReason::Requested,
                others_remain: false,
            },
        );
        self.order(
            number,
            OrderEvent::OrderRefunded {
                refund_id,
                amount,
                points: 0,
                whole,
            },
        );
        self.stock(InventoryEvent::StockReturned {
            order_id: order(number),
            allocations: seoul(pieces),
        });
        self.commit()
    }

    pub(super) fn succeed_late(&mut self, number: u32) -> &mut Self {
        let amount = self.total(number);
        self.payment(number, succeeded(number, amount));
        let refund = refund_requested(number, amount, RefundReason::LateSuccess);
        self.payment(number, refund).commit()
    }

    pub(super) fn refund(&mut self, number: u32) -> &mut Self {
        let amount = self.total(number);
        self.payment(number, refunded(number, amount)).commit()
    }

    fn with_coupon(
        &mut self,
        number: u32,
        event: impl FnOnce(UserId, CouponCode, OrderId) -> CouponPoolEvent,
    ) {
        if let Some((name, serial)) = self.coupons.get(&number).cloned() {
            self.coupon(event(user(&name), code(serial), order(number)));
        }
    }
}

/// Refund `number` of order `number`: so many of its two pieces, at 500 won each, and what it leaves.
pub(super) fn refund_started(
    number: u32,
    refund_id: RefundId,
    pieces: u32,
    left: u32,
) -> OrderEvent {
    let line = RefundedLine {
        order_item_id: OrderItemId::new(uuid(6, 1)),
        product_id: product(),
        quantity: pieces,
        amount: krw(PRICE * i64::from(pieces)),
        points: 0,
        left_quantity: left,
        left_amount: krw(PRICE * i64::from(left)),
        left_points: 0,
    };
    OrderEvent::OrderRefundStarted {
        refund_id,
        payment_id: payment(number),
        amount: line.amount,
        points: 0,
        lines: vec![line],
        restock: true,
        reason: "too small".to_owned(),
    }
}

pub(super) fn paid(number: u32) -> OrderEvent {
    OrderEvent::OrderPaid {
        payment_id: payment(number),
        confirmation_due_at: at(60),
    }
}

pub(super) fn cancelled(was_paid: bool) -> OrderEvent {
    OrderEvent::OrderCancelled {
        reason: CancelReason::PaymentTimedOut,
        was_paid,
    }
}

pub(super) fn requested(number: u32, amount: Money) -> PaymentEvent {
    PaymentEvent::PaymentRequested {
        order_id: order(number),
        user_id: user("zoe"),
        amount,
        gateway: "mock".to_owned(),
        token: "token".to_owned(),
        method_id: None,
    }
}

pub(super) fn succeeded(number: u32, amount: Money) -> PaymentEvent {
    PaymentEvent::PaymentSucceeded {
        order_id: order(number),
        user_id: user("zoe"),
        amount,
        gateway_transaction_id: format!("charge {number}"),
    }
}

pub(super) fn failed(number: u32, amount: Money) -> PaymentEvent {
    PaymentEvent::PaymentFailed {
        order_id: order(number),
        user_id: user("zoe"),
        amount,
        code: "CARD_DECLINED".to_owned(),
        message: "no".to_owned(),
    }
}

pub(super) fn refund_requested(number: u32, amount: Money, reason: RefundReason) -> PaymentEvent {
    PaymentEvent::PaymentRefundRequested {
        order_id: order(number),
        refund_id: refund(number),
        amount,
        reason,
    }
}

pub(super) fn refunded(number: u32, amount: Money) -> PaymentEvent {
    PaymentEvent::PaymentRefunded {
        order_id: order(number),
        user_id: user("zoe"),
        refund_id: refund(number),
        amount,
        reason: RefundReason::OrderCancelled,
        others_remain: false,
    }
}
