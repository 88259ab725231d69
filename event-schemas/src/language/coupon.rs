//! What is said about coupons.

use chrono::{DateTime, Utc};
use domain::coupon_pool::{CouponPoolEvent, DiscountRule};
use domain::{CouponCode, OrderId, UserId};
use serde::Serialize;

use super::{Body, Translation, millis};

#[derive(Clone, Debug, Serialize)]
pub(crate) struct PoolCreated {
    pool_id: String,
    name: String,
    quantity: i64,
    discount_type: &'static str,
    discount_amount: Option<i64>,
    discount_percent: Option<u8>,
    discount_max_amount: Option<i64>,
    currency: Option<&'static str>,
    valid_from: i64,
    valid_until: i64,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct PoolClosed {
    pool_id: String,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct Issued {
    pool_id: String,
    user_id: UserId,
    coupon_code: CouponCode,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct Held {
    pool_id: String,
    user_id: UserId,
    coupon_code: CouponCode,
    order_id: OrderId,
    discount_amount: i64,
    currency: &'static str,
}

/// A coupon and the order that used it or lets it go.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct OfOrder {
    pool_id: String,
    user_id: UserId,
    coupon_code: CouponCode,
    order_id: OrderId,
}

/// Everything that happens to a coupon is public.
pub(crate) fn translate(pool_id: &str, event: &CouponPoolEvent) -> Translation {
    let of_order = |user_id: &UserId, code: &CouponCode, order_id: &OrderId| OfOrder {
        pool_id: pool_id.to_owned(),
        user_id: user_id.clone(),
        coupon_code: *code,
        order_id: *order_id,
    };
    match event {
        CouponPoolEvent::CouponPoolCreated {
            name,
            quantity,
            discount,
            valid_from,
            valid_until,
        } => {
            let validity = (*valid_from, *valid_until);
            let created = pool_created(pool_id, name, *quantity, discount, validity);
            ("COUPON_POOL_CREATED", Body::CouponPoolCreated(created))
        }
        CouponPoolEvent::CouponIssued { user_id, code } => {
            let issued = Issued {
                pool_id: pool_id.to_owned(),
                user_id: user_id.clone(),
                coupon_code: *code,
            };
            ("COUPON_ISSUED", Body::CouponIssued(issued))
        }
        CouponPoolEvent::CouponHeld {
            user_id,
            code,
            order_id,
            amount,
        } => {
            let held = Held {
                pool_id: pool_id.to_owned(),
                user_id: user_id.clone(),
                coupon_code: *code,
                order_id: *order_id,
                discount_amount: amount.amount(),
                currency: amount.currency().code(),
            };
            ("COUPON_HELD", Body::CouponHeld(held))
        }
        CouponPoolEvent::CouponUsed {
            user_id,
            code,
            order_id,
        } => {
            let used = of_order(user_id, code, order_id);
            ("COUPON_USED", Body::CouponUsed(used))
        }
        CouponPoolEvent::CouponReleased {
            user_id,
            code,
            order_id,
        } => {
            let released = of_order(user_id, code, order_id);
            ("COUPON_RELEASED", Body::CouponReleased(released))
        }
        CouponPoolEvent::CouponGivenBack {
            user_id,
            code,
            order_id,
        } => {
            let given_back = of_order(user_id, code, order_id);
            ("COUPON_GIVEN_BACK", Body::CouponReleased(given_back))
        }
        CouponPoolEvent::CouponPoolClosed {} => {
            let closed = PoolClosed {
                pool_id: pool_id.to_owned(),
            };
            ("COUPON_POOL_CLOSED", Body::CouponPoolClosed(closed))
        }
    }
}

fn pool_created(
    pool_id: &str,
    name: &str,
    quantity: u32,
    discount: &DiscountRule,
    (valid_from, valid_until): (DateTime<Utc>, DateTime<Utc>),
) -> PoolCreated {
    let mut created = PoolCreated {
        pool_id: pool_id.to_owned(),
        name: name.to_owned(),
        quantity: i64::from(quantity),
        discount_type: "FIXED",
        discount_amount: None,
        discount_percent: None,
        discount_max_amount: None,
        currency: None,
        valid_from: millis(valid_from),
        valid_until: millis(valid_until),
    };
    match discount {
        DiscountRule::Fixed { amount } => {
            created.discount_amount = Some(amount.amount());
            created.currency = Some(amount.currency().code());
        }
        DiscountRule::Percent {
            percent,
            max_amount,
        } => {
            created.discount_type = "PERCENT";
            created.discount_percent = Some(*percent);
            created.discount_max_amount = max_amount.map(|max| max.amount());
            created.currency = max_amount.map(|max| max.currency().code());
        }
    }
    created
}
