//! Samples of a coupon pool's events.

use domain::coupon_pool::{CouponPoolEvent, DiscountRule};

use crate::samples::{code, krw, moment, order, user};

pub(crate) fn coupon_events() -> Vec<CouponPoolEvent> {
    let created = |discount| CouponPoolEvent::CouponPoolCreated {
        name: "봄맞이".to_owned(),
        quantity: 1_000,
        discount,
        valid_from: moment("2025-03-01T00:00:00Z"),
        valid_until: moment("2025-04-01T00:00:00Z"),
    };
    let (user_id, code, order_id) = (user(), code(), order());
    vec![
        created(DiscountRule::Fixed { amount: krw(3_000) }),
        created(DiscountRule::Percent {
            percent: 15,
            max_amount: Some(krw(10_000)),
        }),
        created(DiscountRule::Percent {
            percent: 100,
            max_amount: None,
        }),
        CouponPoolEvent::CouponIssued {
            user_id: user_id.clone(),
            code,
        },
        CouponPoolEvent::CouponHeld {
            user_id: user_id.clone(),
            code,
            order_id,
            amount: krw(3_000),
        },
        CouponPoolEvent::CouponUsed {
            user_id: user_id.clone(),
            code,
            order_id,
        },
        CouponPoolEvent::CouponReleased {
            user_id: user_id.clone(),
            code,
            order_id,
        },
        CouponPoolEvent::CouponGivenBack {
            user_id,
            code,
            order_id,
        },
        CouponPoolEvent::CouponPoolClosed {},
    ]
}
