//! The shop of the random days, and what its shoppers have done so far.

use std::sync::Arc;

use chrono::{DateTime, Duration, Utc};
use uuid::Uuid;

use super::super::deeds::{create, not_done};
use super::super::gateway::TOKENS_AND_ACCOUNTS;
use super::super::runner::Runner;
use super::super::shop::{Shop, name_of};
use super::{Answer, Deed, Part};
use crate::checkout::{
    AskedBy, CancelOrder, ConfirmOrder, ExpireOrder, GatewayAnswer, OrderItem, PlaceOrder,
    RefundAnswer, RefundPayment, RequestPayment, RetrySchedule, SettlePayment, SettleRefund,
};
use crate::coupon_pool::{
    ClaimCoupon, CloseCouponPool, CouponPool, CreateCouponPool, DiscountRule,
};
use crate::ids::{AdjustmentId, CouponCode, LotId, OrderId, UserId};
use crate::inventory::{AdjustStock, ReceiveStock};
use crate::mothers::{
    at, krw, order_id, order_item_id, payment_id, pieces, pool_id, product_id, refund_id, user,
    warehouse,
};
use crate::order::{Order, RefundItem, RefundScope};
use crate::payment::Payment;
use crate::points::{
    AdjustPoints, EarningPolicy, ExpirePoints, Lot, PointAccount, Points, Rounding,
};
use crate::product::{ChangeProduct, ProductCommand};
use crate::recorded::Recorded;
use crate::workspace::Operation;

/// Prices of the products 1, 2, 3; of each there are few, so that shoppers meet.
const PRICES_WON: [i64; 3] = [1_000, 2_500, 333];
/// A tenth of the money, so that a part of an order has earned something.
const EARNING: EarningPolicy = EarningPolicy {
    rate_bps: 1_000,
    rounding: Rounding::Floor,
    valid_for: Duration::days(365),
};
const WAREHOUSES: [&str; 2] = ["busan", "seoul"];
const SHOPPERS: [&str; 4] = ["ann", "bob", "cid", "dan"];
/// The most questions in a day to which the gateway answers nothing: fewer than the schedule of
/// inquiries has, or a payment would be left to a person.
const SILENCE_MAX: u32 = 10;

/// The shop, those who run it, and what was noticed.
pub(in super::super) struct World {
    pub(in super::super) shop: Shop,
    pub(in super::super) runner: Runner,
    orders: u32,
    payments: u32,
    refunds: u32,
    grants: u32,
    /// What took effect and can be repeated.
    done: Vec<Arc<dyn Operation>>,
    /// Operations that took effect twice.
    pub(in super::super) twice: Vec<String>,
    silence_left: u32,
}

impl Default for World {
    fn default() -> Self {
        Self {
            shop: Shop::default(),
            runner: Runner::default(),
            orders: 0,
            payments: 0,
            refunds: 0,
            grants: 0,
            done: Vec::new(),
            twice: Vec::new(),
            silence_left: SILENCE_MAX,
        }
    }
}

/// A day in the shop.
pub(in super::super) fn play(deeds: &[Deed]) -> World {
    let mut world = World::default();
    world.open();
    for deed in deeds {
        world.play(deed);
    }
    world
}

impl World {
    fn open(&mut self) {
        for (product, price) in (1..).zip(PRICES_WON) {
            let product_id = product_id(product);
            for command in [create(krw(price)), ProductCommand::PutOnSale] {
                self.shop.does(&ChangeProduct {
                    product_id,
                    command,
                });
            }
            for name in WAREHOUSES {
                self.shop
                    .does(&super::super::deeds::receive(product, name, 3));
            }
        }
        for who in 0..SHOPPERS.len() {
            let granted = self.operation(&Deed::Grant(who, 3_000, 45));
            self.once(granted);
        }
        let percent = DiscountRule::Percent {
            percent: 50,
            max_amount: Some(krw(2_000)),
        };
        for (pool, quantity, minutes, discount) in [
            (1, 2, 20, DiscountRule::Fixed { amount: krw(1_500) }),
            (2, 3, 120, percent),
        ] {
            self.shop.does(&CreateCouponPool {
                pool_id: pool_id(pool),
                name: "spring".to_owned(),
                quantity,
                discount,
                valid_from: at(0),
                valid_until: at(minutes),
            });
        }
    }

    fn play(&mut self, deed: &Deed) {
        match deed {
            Deed::Receive(product, name, quantity) => self.add(&ReceiveStock {
                product_id: product_id(*product),
                warehouse: warehouse(WAREHOUSES[*name]),
                quantity: pieces(*quantity),
            }),
            Deed::Adjust(product, name, delta) => self.add(&AdjustStock {
                product_id: product_id(*product),
                warehouse: warehouse(WAREHOUSES[*name]),
                delta: *delta,
                reason: "counted".to_owned(),
            }),
            Deed::Reprice(product, price) => self.add(&ChangeProduct {
                product_id: product_id(*product),
                command: ProductCommand::Edit {
                    details: None,
                    price: Some(krw(*price)),
                    seen: None,
                },
            }),
            Deed::Wait(minutes) => self.shop.now += Duration::minutes(*minutes),
            Deed::Forget => self.shop.forget(),
            Deed::Again(which) => self.again(*which),
            Deed::Step(times) => self.step(*times),
            Deed::Silence(questions) => {
                let questions = self.silence_left.min(*questions);
                self.silence_left -= questions;
                self.runner.gateway.silent_for += questions;
            }
            Deed::Answer(payment, answer) => self.answer(*payment, *answer),
            Deed::Refunded(payment, done) => self.refunded(*payment, *done),
            Deed::Claim(..)
            | Deed::Grant(..)
            | Deed::Lapse(_)
            | Deed::Place(..)
            | Deed::Pay(..)
            | Deed::Cancel(..)
            | Deed::Refund(..)
            | Deed::Expire(_)
            | Deed::Confirm(_)
            | Deed::Close(_) => {
                let operation = self.operation(deed);
                self.once(operation);
            }
        }
    }

    fn operation(&mut self, deed: &Deed) -> Option<Arc<dyn Operation>> {
        let now = self.shop.now;
        Some(match deed {
            Deed::Claim(who, pool) => Arc::new(ClaimCoupon {
                pool_id: pool_id(*pool),
                user_id: user(SHOPPERS[*who]),
                now,
            }),
            Deed::Place(who, items, coupon) => Arc::new(self.order(*who, items, *coupon)),
            Deed::Pay(order, token, coupon, points) => {
                let order_id = self.order_number(*order)?;
                Arc::new(self.payment(order_id, *token, *coupon, *points))
            }
            Deed::Grant(who, points, minutes) => {
                self.grants += 1;
                Arc::new(AdjustPoints {
                    user_id: user(SHOPPERS[*who]),
                    adjustment_id: AdjustmentId::new(Uuid::from_u128(u128::from(self.grants))),
                    delta: *points,
                    reason: "sorry".to_owned(),
                    by: user("operator"),
                    expires_at: Some(now + Duration::minutes(*minutes)),
                    now,
                })
            }
            Deed::Lapse(who) => {
                let user_id = user(SHOPPERS[*who]);
                let account = self.shop.state::<PointAccount>(&user_id);
                let due = |lot: &Lot| !lot.lapsed && lot.expires_at <= now;
                let lot_id = account.lots().find(|(_, lot)| due(lot)).map(|(id, _)| id)?;
                Arc::new(ExpirePoints {
                    user_id,
                    lot_id,
                    now,
                })
            }
            Deed::Cancel(order, buyer) => {
                let order_id = self.order_number(*order)?;
                let by = if *buyer {
                    AskedBy::User(self.buyer_of(order_id))
                } else {
                    AskedBy::Operator
                };
                Arc::new(CancelOrder {
                    order_id,
                    by,
                    reason: "changed my mind".to_owned(),
                    refund_id: refund_id(1_000 + *order % self.orders),
                })
            }
            Deed::Refund(order, by_buyer, part) => {
                let order_id = self.order_number(*order)?;
                Arc::new(self.refund(order_id, *by_buyer, *part)?)
            }
            Deed::Expire(order) => {
                let order_id = self.order_number(*order)?;
                Arc::new(ExpireOrder { order_id, now })
            }
            Deed::Confirm(order) => {
                let order_id = self.order_number(*order)?;
                Arc::new(ConfirmOrder {
                    order_id,
                    lot_id: LotId::new(order_id.uuid()),
                    earning: EARNING,
                    now,
                })
            }
            Deed::Close(pool) => Arc::new(CloseCouponPool {
                pool_id: pool_id(*pool),
                now,
            }),
            _ => return None,
        })
    }

    fn order(&mut self, who: usize, items: &[(u32, u32)], pool: Option<u32>) -> PlaceOrder {
        self.orders += 1;
        let number = self.orders;
        let items = items
            .iter()
            .zip(0_u32..)
            .map(|((product, quantity), n)| OrderItem {
                order_item_id: order_item_id(number * 10 + n),
                product_id: product_id(*product),
                quantity: pieces(*quantity),
            });
        let user_id = user(SHOPPERS[who]);
        PlaceOrder {
            order_id: order_id(number),
            items: items.collect(),
            coupon: pool.and_then(|pool| self.coupon_of(&user_id, pool)),
            user_id,
            now: self.shop.now,
            payment_due_at: self.shop.now + Duration::minutes(15),
        }
    }

    fn payment(
        &mut self,
        order_id: OrderId,
        token: usize,
        pool: Option<u32>,
        points: super::Points,
    ) -> RequestPayment {
        self.payments += 1;
        let user_id = self.buyer_of(order_id);
        let points = match points {
            super::Points::None => 0,
            super::Points::Some(points) => points,
            super::Points::Most => {
                let account = self.shop.state::<PointAccount>(&user_id);
                let order = self.shop.state::<Order>(order_id);
                let cost = order.placed().map_or(0, |order| order.total.amount());
                account.spendable(self.shop.now).get().min(cost)
            }
        };
        RequestPayment {
            payment_id: payment_id(self.payments),
            order_id,
            coupon: pool.and_then(|pool| self.coupon_of(&user_id, pool)),
            user_id,
            gateway: "mock".to_owned(),
            token: TOKENS_AND_ACCOUNTS[token].to_owned(),
            method_id: None,
            points: Points::new(points).unwrap(),
            now: self.shop.now,
            confirmation_due_at: self.confirmation_due_at(),
        }
    }

    fn refund(&mut self, order_id: OrderId, by_buyer: bool, part: Part) -> Option<RefundPayment> {
        let order = self.shop.state::<Order>(order_id);
        let order = order.placed().ok()?;
        let scope = match part {
            Part::All => RefundScope::Everything,
            Part::Money(won) => RefundScope::Amount(krw(won)),
            Part::Pieces(line, quantity) => RefundScope::Items(vec![RefundItem {
                order_item_id: order.lines.get(line % order.lines.len())?.order_item_id,
                quantity,
            }]),
        };
        self.refunds += 1;
        Some(RefundPayment {
            refund_id: refund_id(2_000 + self.refunds),
            payment_id: order.payment_id?,
            scope,
            reason: "too small".to_owned(),
            by: if by_buyer {
                AskedBy::User(order.user_id.clone())
            } else {
                AskedBy::Operator
            },
        })
    }

    /// Every order goes back, as far as it can: what waits is cancelled, the rest is refunded.
    pub(in super::super) fn undo_everything(&mut self) {
        for number in 0..self.orders {
            self.play(&Deed::Cancel(number, false));
            self.play(&Deed::Refund(number, false, Part::All));
        }
    }

    fn answer(&mut self, number: u32, answer: Answer) {
        if self.payments == 0 {
            return;
        }
        let payment = payment_id(1 + number % self.payments);
        let state = self.shop.state::<Payment>(payment);
        let amount = state.requested().map_or(krw(1), |payment| payment.amount);
        let approved = |amount, id: &str| GatewayAnswer::Approved {
            gateway_transaction_id: format!("{id}-{payment}"),
            charged: amount,
        };
        let (answer, counts) = match answer {
            Answer::Approved => (approved(amount, "gw"), false),
            Answer::ApprovedLess => (approved(krw(amount.amount() / 2), "gw"), false),
            Answer::ApprovedTwice => (approved(amount, "gw-again"), false),
            Answer::Declined => (super::super::deeds::declined(), false),
            Answer::NoRecord => (GatewayAnswer::NoRecord, true),
            Answer::Unknown => (super::super::deeds::unknown(), true),
            Answer::Account => (super::super::deeds::account(amount.amount()), true),
        };
        let settle = SettlePayment {
            payment_id: payment,
            answer,
            refund_id: refund_id(1 + number % self.payments),
            now: self.shop.now,
            confirmation_due_at: self.confirmation_due_at(),
            inquiries: RetrySchedule::default(),
            out_of_turn: false,
            asked_at: u32::MAX,
            deposit_window: crate::checkout::DEPOSIT_WINDOW_DEFAULT,
        };
        if counts {
            self.add(&settle);
        } else {
            self.once(Some(Arc::new(settle)));
        }
    }

    fn refunded(&mut self, number: u32, done: bool) {
        if self.payments == 0 {
            return;
        }
        let payment_id = payment_id(1 + number % self.payments);
        let state = self.shop.state::<Payment>(payment_id);
        let payment = state.requested().ok();
        let refund = payment.and_then(|payment| payment.pending_refunds().last().cloned());
        let Some(refund) = refund else { return };
        let settle = SettleRefund {
            payment_id,
            refund_id: refund.refund_id,
            answer: if done { RefundAnswer::Done } else { not_done() },
            now: self.shop.now,
            attempts: RetrySchedule::default(),
        };
        if done {
            self.once(Some(Arc::new(settle)));
        } else {
            self.add(&settle);
        }
    }

    /// The sagas do the step that is due, and then perhaps the same again.
    fn step(&mut self, times: usize) {
        let Some((_, id, action)) = self.runner.due(&mut self.shop) else {
            return;
        };
        for _ in 0..times {
            self.runner.perform(&mut self.shop, id, &action);
        }
    }

    /// Something that adds up when repeated, and whose repeats are told apart by the command's id.
    fn add(&mut self, operation: &dyn Operation) {
        // A refusal is a legal outcome: the shoppers do anything.
        let _refused = self.shop.attempt(operation).is_err();
    }

    /// Something that takes effect once: it is repeated at once, and perhaps again later.
    fn once(&mut self, operation: Option<Arc<dyn Operation>>) {
        let Some(operation) = operation else { return };
        let before = self.shop.log.events.len();
        let first = self.shop.attempt(operation.as_ref());
        let after = self.shop.log.events.len();
        let second = self.shop.attempt(operation.as_ref());
        if self.shop.log.events.len() != after {
            self.twice.push(format!("at once: {operation:?}"));
        }
        if first.is_err() && second != first {
            self.twice
                .push(format!("{first:?}, then {second:?}: {operation:?}"));
        }
        if after > before {
            self.done.push(operation);
        }
    }

    fn again(&mut self, which: usize) {
        let Some(place) = which.checked_rem(self.done.len()) else {
            return;
        };
        let operation = self.done[place].clone();
        let before = self.shop.log.events.len();
        let _refused = self.shop.attempt(operation.as_ref()).is_err();
        // An answer that is stale by now contradicts what is known: nothing but a person's look may follow.
        let since = &self.shop.log.events[before..];
        let reviewed = |recorded: &Recorded| name_of(&recorded.event) == "PaymentReviewRequired";
        if !since.iter().all(reviewed) {
            self.twice.push(format!("later: {operation:?}"));
        }
    }

    fn confirmation_due_at(&self) -> DateTime<Utc> {
        self.shop.now + Duration::minutes(30)
    }

    /// An order that somebody tried to place; it may have been refused.
    fn order_number(&self, number: u32) -> Option<OrderId> {
        number
            .checked_rem(self.orders)
            .map(|number| order_id(1 + number))
    }

    fn buyer_of(&self, order_id: OrderId) -> UserId {
        let order = self.shop.state::<Order>(order_id);
        order
            .placed()
            .map_or(user("ann"), |order| order.user_id.clone())
    }

    fn coupon_of(&self, user_id: &UserId, pool: u32) -> Option<CouponCode> {
        let pool = self.shop.state::<CouponPool>(pool_id(pool));
        pool.coupon_of(user_id).map(|coupon| coupon.code)
    }
}
