//! Coupon pools, and the coupons that users hold (CO-03, U-02).

mod fold;
mod rows;

use std::collections::BTreeSet;

use async_trait::async_trait;
use domain::DomainEvent;
use domain::coupon_pool::CouponPoolEvent;
use uuid::Uuid;

use crate::error::ProjectionError;
use crate::memory::Tables;
use crate::projector::{Event, Projector, Table};
use crate::table::Rows;
use rows::{CouponRow, PoolRow};

/// Folds the events of coupon pools.
pub(crate) struct Coupons;

#[async_trait]
impl Projector for Coupons {
    fn name(&self) -> &'static str {
        "coupons"
    }

    fn version(&self) -> i32 {
        1
    }

    fn wants(&self) -> &'static [&'static str] {
        &[
            "CouponPoolCreated",
            "CouponIssued",
            "CouponHeld",
            "CouponUsed",
            "CouponReleased",
            "CouponGivenBack",
            "CouponPoolClosed",
        ]
    }

    fn schema(&self) -> &'static str {
        include_str!("schema.sql")
    }

    fn tables(&self) -> &'static [Table] {
        const { &[Table::public("coupon_pools"), Table::public("user_coupons")] }
    }

    async fn apply(
        &self,
        tables: &mut Tables<'_>,
        events: &[Event],
    ) -> Result<(), ProjectionError> {
        let (pool_ids, codes) = touched(events)?;
        let mut pools = Rows::load(tables, pool_ids, |row: &PoolRow| row.id).await?;
        let key = |row: &CouponRow| row.code.clone();
        let mut coupons = Rows::load(tables, codes, key).await?;
        for event in events {
            if let DomainEvent::CouponPool(pool_event) = &*event.event {
                fold::fold(&mut pools, &mut coupons, event.id()?, event, pool_event)?;
            }
        }
        pools.save(tables).await?;
        coupons.save(tables).await?;
        Ok(())
    }
}

/// The pools and coupons that a batch may change and did not itself begin.
fn touched(events: &[Event]) -> Result<(BTreeSet<Uuid>, BTreeSet<String>), ProjectionError> {
    let (mut pools, mut codes) = (BTreeSet::new(), BTreeSet::new());
    for event in events {
        let DomainEvent::CouponPool(pool_event) = &*event.event else {
            continue;
        };
        match pool_event {
            CouponPoolEvent::CouponPoolCreated { .. } => continue,
            CouponPoolEvent::CouponIssued { .. } | CouponPoolEvent::CouponPoolClosed {} => {}
            CouponPoolEvent::CouponHeld { code, .. }
            | CouponPoolEvent::CouponUsed { code, .. }
            | CouponPoolEvent::CouponReleased { code, .. }
            | CouponPoolEvent::CouponGivenBack { code, .. } => {
                codes.insert(code.to_string());
            }
        }
        pools.insert(event.id()?);
    }
    Ok((pools, codes))
}
