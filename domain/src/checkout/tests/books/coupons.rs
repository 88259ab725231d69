//! Coupons: how many, whose, and which order has them.

use std::collections::BTreeMap;

use super::orders::{Orders, Stage, post_order};
use super::{Log, Verdict, ensure};
use crate::coupon_pool::CouponPoolEvent;
use crate::ids::{CouponCode, OrderId, UserId};
use crate::recorded::{DomainEvent, Recorded};

#[derive(Clone, Copy, Debug, PartialEq)]
enum Coupon {
    Free,
    Held(OrderId),
    Used(OrderId),
}

/// Never more coupons than the pool has, one a user, each held or used by one order at a time; and
/// after every operation a coupon is held by the pending order that it discounts, and used by the sold.
pub(in super::super) fn coupons_are_used_once(log: &Log) -> Verdict {
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
