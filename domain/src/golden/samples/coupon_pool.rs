//! A coupon pool.

use super::Cases;
use crate::coupon_pool::{CouponPoolEvent, DiscountRule};
use crate::mothers::{at, coupon, krw, order_id, user};

pub(super) fn cases() -> Cases<CouponPoolEvent> {
    let created = |discount| CouponPoolEvent::CouponPoolCreated {
        name: "봄 할인".to_owned(),
        quantity: 1_000,
        discount,
        valid_from: at(0),
        valid_until: at(60),
    };
    let percent = |max_amount| DiscountRule::Percent {
        percent: 15,
        max_amount,
    };
    let (user_id, code, order_id) = (user("ann"), coupon(42), order_id(1));
    vec![
        (None, created(DiscountRule::Fixed { amount: krw(700) })),
        (Some("percent"), created(percent(None))),
        (
            Some("percent-with-ceiling"),
            created(percent(Some(krw(5_000)))),
        ),
        (
            None,
            CouponPoolEvent::CouponIssued {
                user_id: user_id.clone(),
                code,
            },
        ),
        (
            None,
            CouponPoolEvent::CouponHeld {
                user_id: user_id.clone(),
                code,
                order_id,
                amount: krw(700),
            },
        ),
        (
            None,
            CouponPoolEvent::CouponUsed {
                user_id: user_id.clone(),
                code,
                order_id,
            },
        ),
        (
            None,
            CouponPoolEvent::CouponReleased {
                user_id: user_id.clone(),
                code,
                order_id,
            },
        ),
        (
            None,
            CouponPoolEvent::CouponGivenBack {
                user_id,
                code,
                order_id,
            },
        ),
        (None, CouponPoolEvent::CouponPoolClosed {}),
    ]
}
