//! What an event makes of a pool's row and of its coupons' rows.

use domain::coupon_pool::{CouponPoolEvent, DiscountRule};
use domain::{CouponCode, Money};
use uuid::Uuid;

use super::rows::{CouponRow, PoolRow};
use crate::error::ProjectionError;
use crate::projector::{Event, missing};
use crate::table::Rows;

type Pools = Rows<Uuid, PoolRow>;
type Coupons = Rows<String, CouponRow>;

pub(super) fn fold(
    pools: &mut Pools,
    coupons: &mut Coupons,
    pool_id: Uuid,
    event: &Event,
    pool_event: &CouponPoolEvent,
) -> Result<(), ProjectionError> {
    if let Some(row) = created(pool_id, event, pool_event)? {
        if !pools.add(pool_id, row) {
            return Err(ProjectionError::Poison(format!(
                "coupon pool {pool_id} is there already"
            )));
        }
        return Ok(());
    }
    let pool = pools
        .change(&pool_id)
        .ok_or_else(|| missing("coupon pool", pool_id))?;
    pool.updated_at = event.at();
    pool.version = event.version()?;
    match pool_event {
        CouponPoolEvent::CouponPoolCreated { .. } => {}
        CouponPoolEvent::CouponIssued { user_id, code } => {
            pool.issued = pool.issued.saturating_add(1);
            coupons.add(
                code.to_string(),
                issued(pool_id, user_id.to_string(), *code, event),
            );
        }
        CouponPoolEvent::CouponHeld {
            code,
            order_id,
            amount,
            ..
        } => {
            let coupon = coupon(coupons, *code, event)?;
            "HELD".clone_into(&mut coupon.state);
            coupon.order_id = Some(order_id.uuid());
            coupon.discount_amount = Some(amount.amount());
        }
        CouponPoolEvent::CouponUsed { code, order_id, .. } => {
            pool.used = pool.used.saturating_add(1);
            let coupon = coupon(coupons, *code, event)?;
            "USED".clone_into(&mut coupon.state);
            coupon.order_id = Some(order_id.uuid());
            coupon.used_at = Some(event.at());
        }
        CouponPoolEvent::CouponReleased { code, .. } => free(coupon(coupons, *code, event)?),
        CouponPoolEvent::CouponGivenBack { code, .. } => {
            pool.used = pool.used.saturating_sub(1);
            free(coupon(coupons, *code, event)?);
        }
        CouponPoolEvent::CouponPoolClosed {} => pool.closed_at = Some(event.at()),
    }
    Ok(())
}

/// The row of a pool that was created; `None` for other events.
fn created(
    pool_id: Uuid,
    event: &Event,
    pool_event: &CouponPoolEvent,
) -> Result<Option<PoolRow>, ProjectionError> {
    let CouponPoolEvent::CouponPoolCreated {
        name,
        quantity,
        discount,
        valid_from,
        valid_until,
    } = pool_event
    else {
        return Ok(None);
    };
    let (discount_type, percent, amount, max_amount) = match discount {
        DiscountRule::Fixed { amount } => ("FIXED", None, Some(*amount), None),
        DiscountRule::Percent {
            percent,
            max_amount,
        } => ("PERCENT", Some(i32::from(*percent)), None, *max_amount),
    };
    let currency = amount
        .or(max_amount)
        .map(|money| money.currency().code().to_owned());
    Ok(Some(PoolRow {
        id: pool_id,
        name: name.clone(),
        discount_type: discount_type.to_owned(),
        discount_percent: percent,
        discount_amount: amount.map(Money::amount),
        discount_max_amount: max_amount.map(Money::amount),
        discount_currency: currency,
        quantity: i64::from(*quantity),
        issued: 0,
        used: 0,
        valid_from: *valid_from,
        valid_until: *valid_until,
        closed_at: None,
        created_at: event.at(),
        updated_at: event.at(),
        version: event.version()?,
    }))
}

fn issued(pool_id: Uuid, user_id: String, code: CouponCode, event: &Event) -> CouponRow {
    CouponRow {
        code: code.to_string(),
        pool_id,
        user_id,
        state: "ISSUED".to_owned(),
        order_id: None,
        discount_amount: None,
        issued_at: event.at(),
        used_at: None,
        updated_at: event.at(),
    }
}

fn coupon<'a>(
    coupons: &'a mut Coupons,
    code: CouponCode,
    event: &Event,
) -> Result<&'a mut CouponRow, ProjectionError> {
    let key = code.to_string();
    let coupon = coupons
        .change(&key)
        .ok_or_else(|| missing("coupon", &key))?;
    coupon.updated_at = event.at();
    Ok(coupon)
}

/// Back to how it was when it was issued.
fn free(coupon: &mut CouponRow) {
    "ISSUED".clone_into(&mut coupon.state);
    coupon.order_id = None;
    coupon.discount_amount = None;
    coupon.used_at = None;
}
