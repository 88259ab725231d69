//! Coupons: one a user, never more than the pool has, each with one order at a time.

use chrono::{DateTime, Utc};
use domain::coupon_pool::CouponPoolEvent;
use domain::{CouponCode, CouponPoolId, OrderId, UserId};
use foldhash::fast::FixedState;

use super::closed::key;
use super::orders::Binding;
use super::{At, Map, Shop};
use crate::invariant::{Invariant, Violation};

/// A pool and its coupons.
#[derive(Debug, Default)]
pub(super) struct Pool {
    sequence: u64,
    /// How many coupons there are; 0 before it was created.
    size: u32,
    pub(super) ends_at: Option<DateTime<Utc>>,
    pub(super) closed: bool,
    issued: u32,
    /// The serials that were issued, a bit each.
    serials: Vec<u64>,
    /// By user.
    coupons: Map<u64, Coupon>,
}

#[derive(Clone, Copy, Debug)]
struct Coupon {
    serial: u32,
    with: With,
}

/// Where a coupon is; orders by the last bits of their ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum With {
    Nobody,
    Holder(u64),
    User(u64),
}

/// A user's key: the pool has one entry a user, and names can be long.
pub(super) fn user_key(user_id: &UserId) -> u64 {
    use std::hash::BuildHasher as _;
    FixedState::default().hash_one(user_id.as_str())
}

impl Shop {
    pub(super) fn pool_event(&mut self, at: At<'_>, id: CouponPoolId, event: &CouponPoolEvent) {
        let pool = self.pools.entry(id).or_default();
        self.found.extend(pool.follow(at));
        match event {
            CouponPoolEvent::CouponPoolCreated {
                quantity,
                valid_until,
                ..
            } => {
                pool.size = *quantity;
                pool.ends_at = Some(*valid_until);
            }
            CouponPoolEvent::CouponPoolClosed {} => pool.closed = true,
            CouponPoolEvent::CouponIssued { user_id, code } => {
                if code.pool() != id {
                    let evidence = format!("issued {code}, a coupon of pool {}", code.pool());
                    self.found.push(at.violation(Invariant::Coupons, evidence));
                }
                pool.issue(at, user_id, code.serial(), &mut self.found);
            }
            CouponPoolEvent::CouponHeld {
                user_id,
                code,
                order_id,
                amount,
            } => {
                let step = (With::Nobody, With::Holder(key(order_id.uuid())));
                self.found.extend(pool.step(at, user_id, *code, step));
                let binding = Binding {
                    code: *code,
                    user: user_key(user_id),
                    amount: amount.amount(),
                    used: false,
                };
                self.bind(at, *order_id, |bound| *bound = Some(binding));
            }
            CouponPoolEvent::CouponUsed {
                user_id,
                code,
                order_id,
            } => {
                let order = key(order_id.uuid());
                let step = (With::Holder(order), With::User(order));
                self.found.extend(pool.step(at, user_id, *code, step));
                self.bind(at, *order_id, |bound| {
                    if let Some(binding) = bound {
                        binding.used = true;
                    }
                });
            }
            CouponPoolEvent::CouponReleased {
                user_id,
                code,
                order_id,
            } => {
                let step = (With::Holder(key(order_id.uuid())), With::Nobody);
                self.found.extend(pool.step(at, user_id, *code, step));
                self.bind(at, *order_id, |bound| *bound = None);
            }
            CouponPoolEvent::CouponGivenBack {
                user_id,
                code,
                order_id,
            } => {
                let step = (With::User(key(order_id.uuid())), With::Nobody);
                self.found.extend(pool.step(at, user_id, *code, step));
                if let Some(order) = self.open_order(at, *order_id) {
                    order.bound = None;
                    order.coupon_back = true;
                }
            }
        }
    }

    fn bind(&mut self, at: At<'_>, id: OrderId, change: impl FnOnce(&mut Option<Binding>)) {
        if let Some(order) = self.open_order(at, id) {
            change(&mut order.bound);
        }
    }

    /// How many coupons a pool has issued, and how many it has; `None` when there is no such pool.
    #[must_use]
    pub fn coupons(&self, id: CouponPoolId) -> Option<(u32, u32)> {
        self.pools.get(&id).map(|pool| (pool.issued, pool.size))
    }

    /// Whether a user has a coupon of a pool.
    #[must_use]
    pub fn has_coupon(&self, id: CouponPoolId, user_id: &UserId) -> bool {
        self.pools
            .get(&id)
            .is_some_and(|pool| pool.coupons.contains_key(&user_key(user_id)))
    }

    /// Every pool that was created.
    pub fn pools(&self) -> impl Iterator<Item = CouponPoolId> + '_ {
        self.pools.keys().copied()
    }
}

impl Pool {
    /// Counts an event of it.
    pub(super) fn follow(&mut self, at: At<'_>) -> Option<Violation> {
        let gap = at.gap_after(self.sequence);
        self.sequence = at.sequence;
        gap
    }

    fn issue(&mut self, at: At<'_>, user: &UserId, serial: u32, found: &mut Vec<Violation>) {
        let mut wrong = |evidence| found.push(at.violation(Invariant::Coupons, evidence));
        self.issued = self.issued.saturating_add(1);
        if self.issued > self.size {
            wrong(format!("{} issued of {}", self.issued, self.size));
        }
        if serial == 0 || serial > self.size {
            wrong(format!("coupon number {serial} of {}", self.size));
        } else if self.mark(serial) {
            wrong(format!("coupon number {serial} was issued twice"));
        }
        let coupon = Coupon {
            serial,
            with: With::Nobody,
        };
        if let Some(other) = self.coupons.insert(user_key(user), coupon) {
            wrong(format!(
                "{user} has number {} and number {serial}",
                other.serial
            ));
        }
    }

    /// Marks a serial as issued, and says whether it was already.
    fn mark(&mut self, serial: u32) -> bool {
        let word = usize::try_from(serial / 64).unwrap_or(usize::MAX);
        if self.serials.len() <= word {
            self.serials.resize(word + 1, 0);
        }
        let bit = 1 << (serial % 64);
        self.serials.get_mut(word).is_some_and(|word| {
            let before = *word & bit != 0;
            *word |= bit;
            before
        })
    }

    fn step(
        &mut self,
        at: At<'_>,
        user: &UserId,
        code: CouponCode,
        (from, to): (With, With),
    ) -> Option<Violation> {
        let violation = |evidence| Some(at.violation(Invariant::Coupons, evidence));
        let Some(coupon) = self.coupons.get_mut(&user_key(user)) else {
            return violation(format!("{user} never got {code}"));
        };
        let before = std::mem::replace(&mut coupon.with, to);
        if coupon.serial != code.serial() {
            let serial = coupon.serial;
            return violation(format!("{user} has number {serial}, not {code}"));
        }
        if before != from {
            return violation(format!("{code} was {before}, and became {to}"));
        }
        None
    }
}

impl std::fmt::Display for With {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Nobody => f.write_str("free"),
            Self::Holder(order) => write!(f, "held by order …{order:016x}"),
            Self::User(order) => write!(f, "used by order …{order:016x}"),
        }
    }
}
