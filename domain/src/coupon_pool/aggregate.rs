//! The rules of a coupon pool.

use chrono::{DateTime, Utc};
use rpds::RedBlackTreeMapSync;
use serde::{Deserialize, Serialize};

use super::commands::CouponPoolCommand;
use super::error::CouponPoolError;
use super::events::{CouponPoolEvent, DiscountRule};
use crate::decider::Decider;
use crate::ids::{CouponCode, CouponPoolId, OrderId, UserId};
use crate::money::Money;

/// The most characters of a name.
const NAME_MAX_CHARS: usize = 100;

/// The pool's rules.
pub struct CouponPool;

impl CouponPool {
    /// The most coupons of one pool.
    pub const QUANTITY_MAX: u32 = 1_000_000;
}

/// A pool as its events made it; empty before it was created.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CouponPoolState {
    terms: Option<Terms>,
    issued: RedBlackTreeMapSync<UserId, IssuedCoupon>,
    closed: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Terms {
    name: String,
    quantity: u32,
    discount: DiscountRule,
    valid_from: DateTime<Utc>,
    valid_until: DateTime<Utc>,
}

impl Terms {
    fn valid_at(&self, now: DateTime<Utc>) -> bool {
        self.valid_from <= now && now < self.valid_until
    }
}

/// A coupon that a user has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IssuedCoupon {
    /// Its code.
    pub code: CouponCode,
    /// Where it stands.
    pub state: CouponState,
}

/// Where a coupon stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "at", content = "order", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum CouponState {
    /// Free to be used.
    Issued,
    /// An unpaid order holds it.
    Held(OrderId),
    /// A paid order used it.
    Used(OrderId),
}

impl CouponPoolState {
    /// Whether it was created.
    #[must_use]
    pub fn exists(&self) -> bool {
        self.terms.is_some()
    }

    /// How many coupons it has in all; 0 when there is no such pool.
    #[must_use]
    pub fn quantity(&self) -> u32 {
        self.terms.as_ref().map_or(0, |terms| terms.quantity)
    }

    /// How many are taken.
    #[must_use]
    pub fn issued_count(&self) -> u32 {
        u32::try_from(self.issued.size()).unwrap_or(u32::MAX)
    }

    /// How many are left.
    #[must_use]
    pub fn remaining(&self) -> u32 {
        self.quantity().saturating_sub(self.issued_count())
    }

    /// Who has one.
    pub fn holders(&self) -> impl Iterator<Item = &UserId> {
        self.issued.keys()
    }

    /// The user's coupon, if they have one.
    #[must_use]
    pub fn coupon_of(&self, user_id: &UserId) -> Option<IssuedCoupon> {
        self.issued.get(user_id).copied()
    }

    /// What one of its coupons takes off an order of this sum.
    ///
    /// # Errors
    /// No such pool, or it is in another currency.
    pub fn amount_off(&self, subtotal: Money) -> Result<Money, CouponPoolError> {
        let terms = self.terms().map_err(|_| CouponPoolError::CouponNotFound)?;
        terms
            .discount
            .amount_off(subtotal)
            .map_err(CouponPoolError::DoesNotFit)
    }

    fn terms(&self) -> Result<&Terms, CouponPoolError> {
        self.terms.as_ref().ok_or(CouponPoolError::NotFound)
    }

    fn set(&mut self, user_id: &UserId, code: CouponCode, state: CouponState) {
        self.issued
            .insert_mut(user_id.clone(), IssuedCoupon { code, state });
    }
}

impl Decider for CouponPool {
    const TYPE: &'static str = "coupon_pool";
    const STATE_VERSION: u32 = 1;
    type State = CouponPoolState;
    type Command = CouponPoolCommand;
    type Event = CouponPoolEvent;
    type Error = CouponPoolError;

    fn decide(
        state: &CouponPoolState,
        command: CouponPoolCommand,
    ) -> Result<Vec<CouponPoolEvent>, CouponPoolError> {
        match command {
            CouponPoolCommand::Create {
                name,
                quantity,
                discount,
                valid_from,
                valid_until,
            } => create(
                state,
                Terms {
                    name,
                    quantity,
                    discount,
                    valid_from,
                    valid_until,
                },
            ),
            CouponPoolCommand::Claim {
                pool_id,
                user_id,
                now,
            } => claim(state, pool_id, user_id, now),
            CouponPoolCommand::Hold {
                user_id,
                code,
                order_id,
                subtotal,
                now,
            } => hold(state, user_id, code, order_id, subtotal, now),
            CouponPoolCommand::Use { user_id, order_id } => settle(state, user_id, order_id),
            CouponPoolCommand::Release { user_id, order_id } => release(state, user_id, order_id),
            CouponPoolCommand::GiveBack { user_id, order_id } => {
                give_back(state, user_id, order_id)
            }
            CouponPoolCommand::Close { now } => close(state, now),
        }
    }

    fn evolve(state: &mut CouponPoolState, event: &CouponPoolEvent) {
        match event {
            CouponPoolEvent::CouponPoolCreated {
                name,
                quantity,
                discount,
                valid_from,
                valid_until,
            } => {
                state.terms = Some(Terms {
                    name: name.clone(),
                    quantity: *quantity,
                    discount: discount.clone(),
                    valid_from: *valid_from,
                    valid_until: *valid_until,
                });
            }
            CouponPoolEvent::CouponHeld {
                user_id,
                code,
                order_id,
                ..
            } => {
                state.set(user_id, *code, CouponState::Held(*order_id));
            }
            CouponPoolEvent::CouponUsed {
                user_id,
                code,
                order_id,
            } => {
                state.set(user_id, *code, CouponState::Used(*order_id));
            }
            CouponPoolEvent::CouponIssued { user_id, code }
            | CouponPoolEvent::CouponReleased { user_id, code, .. }
            | CouponPoolEvent::CouponGivenBack { user_id, code, .. } => {
                state.set(user_id, *code, CouponState::Issued);
            }
            CouponPoolEvent::CouponPoolClosed {} => state.closed = true,
        }
    }
}

fn create(state: &CouponPoolState, terms: Terms) -> Result<Vec<CouponPoolEvent>, CouponPoolError> {
    check_terms(&terms)?;
    match &state.terms {
        Some(existing) if *existing == terms => Ok(vec![]),
        Some(_) => Err(CouponPoolError::AlreadyExists),
        None => Ok(vec![CouponPoolEvent::CouponPoolCreated {
            name: terms.name,
            quantity: terms.quantity,
            discount: terms.discount,
            valid_from: terms.valid_from,
            valid_until: terms.valid_until,
        }]),
    }
}

fn check_terms(terms: &Terms) -> Result<(), CouponPoolError> {
    let invalid = |field, reason| Err(CouponPoolError::Invalid { field, reason });
    if terms.name.trim().is_empty() || terms.name.chars().count() > NAME_MAX_CHARS {
        return invalid("name", "1 to 100 characters");
    }
    if !(1..=CouponPool::QUANTITY_MAX).contains(&terms.quantity) {
        return invalid("quantity", "1 to 1 000 000");
    }
    if terms.valid_from >= terms.valid_until {
        return invalid("validUntil", "after validFrom");
    }
    match &terms.discount {
        DiscountRule::Fixed { amount } if amount.is_zero() => {
            invalid("discount.amount", "above zero")
        }
        DiscountRule::Percent { percent, .. } if !(1..=100).contains(percent) => {
            invalid("discount.percent", "1 to 100")
        }
        DiscountRule::Percent {
            max_amount: Some(max),
            ..
        } if max.is_zero() => invalid("discount.maxAmount", "above zero"),
        DiscountRule::Fixed { .. } | DiscountRule::Percent { .. } => Ok(()),
    }
}

fn claim(
    state: &CouponPoolState,
    pool_id: CouponPoolId,
    user_id: UserId,
    now: DateTime<Utc>,
) -> Result<Vec<CouponPoolEvent>, CouponPoolError> {
    let terms = state.terms()?;
    if state.issued.contains_key(&user_id) {
        return Err(CouponPoolError::AlreadyIssued);
    }
    if state.closed || !terms.valid_at(now) {
        return Err(CouponPoolError::Closed);
    }
    if state.remaining() == 0 {
        return Err(CouponPoolError::SoldOut);
    }
    let code = CouponCode::new(pool_id, state.issued_count().saturating_add(1));
    Ok(vec![CouponPoolEvent::CouponIssued { user_id, code }])
}

fn hold(
    state: &CouponPoolState,
    user_id: UserId,
    code: CouponCode,
    order_id: OrderId,
    subtotal: Money,
    now: DateTime<Utc>,
) -> Result<Vec<CouponPoolEvent>, CouponPoolError> {
    let terms = state.terms().map_err(|_| CouponPoolError::CouponNotFound)?;
    let coupon = state
        .coupon_of(&user_id)
        .filter(|coupon| coupon.code == code)
        .ok_or(CouponPoolError::CouponNotFound)?;
    match coupon.state {
        CouponState::Held(holder) if holder == order_id => return Ok(vec![]),
        CouponState::Held(_) | CouponState::Used(_) => return Err(CouponPoolError::AlreadyUsed),
        CouponState::Issued => {}
    }
    if state.closed || !terms.valid_at(now) {
        return Err(CouponPoolError::Expired);
    }
    let amount = state.amount_off(subtotal)?;
    Ok(vec![CouponPoolEvent::CouponHeld {
        user_id,
        code,
        order_id,
        amount,
    }])
}

fn settle(
    state: &CouponPoolState,
    user_id: UserId,
    order_id: OrderId,
) -> Result<Vec<CouponPoolEvent>, CouponPoolError> {
    let coupon = state
        .coupon_of(&user_id)
        .ok_or(CouponPoolError::CouponNotFound)?;
    match coupon.state {
        CouponState::Used(user) if user == order_id => Ok(vec![]),
        CouponState::Held(holder) if holder == order_id => Ok(vec![CouponPoolEvent::CouponUsed {
            user_id,
            code: coupon.code,
            order_id,
        }]),
        CouponState::Issued | CouponState::Held(_) | CouponState::Used(_) => {
            Err(CouponPoolError::AlreadyUsed)
        }
    }
}

fn release(
    state: &CouponPoolState,
    user_id: UserId,
    order_id: OrderId,
) -> Result<Vec<CouponPoolEvent>, CouponPoolError> {
    let coupon = state
        .coupon_of(&user_id)
        .ok_or(CouponPoolError::CouponNotFound)?;
    if coupon.state != CouponState::Held(order_id) {
        return Ok(vec![]);
    }
    Ok(vec![CouponPoolEvent::CouponReleased {
        user_id,
        code: coupon.code,
        order_id,
    }])
}

fn give_back(
    state: &CouponPoolState,
    user_id: UserId,
    order_id: OrderId,
) -> Result<Vec<CouponPoolEvent>, CouponPoolError> {
    let coupon = state
        .coupon_of(&user_id)
        .ok_or(CouponPoolError::CouponNotFound)?;
    if coupon.state != CouponState::Used(order_id) {
        return Ok(vec![]);
    }
    Ok(vec![CouponPoolEvent::CouponGivenBack {
        user_id,
        code: coupon.code,
        order_id,
    }])
}

fn close(
    state: &CouponPoolState,
    now: DateTime<Utc>,
) -> Result<Vec<CouponPoolEvent>, CouponPoolError> {
    let terms = state.terms()?;
    if state.closed || now < terms.valid_until {
        return Ok(vec![]);
    }
    Ok(vec![CouponPoolEvent::CouponPoolClosed {}])
}
