//! What an event does not say itself and an earlier one of its stream did: whose order it is, what a
//! coupon is called.

use std::collections::BTreeSet;

use domain::DomainEvent;
use domain::coupon_pool::CouponPoolEvent;
use domain::order::OrderEvent;
use uuid::Uuid;

use super::rows::{OrderUserRow, PoolNameRow};
use crate::error::ProjectionError;
use crate::memory::Tables;
use crate::projector::{Event, missing};
use crate::table::Rows;

pub(super) struct Lookups {
    orders: Rows<Uuid, OrderUserRow>,
    pools: Rows<Uuid, PoolNameRow>,
}

impl Lookups {
    pub(super) async fn load(
        tables: &mut Tables<'_>,
        events: &[Event],
    ) -> Result<Self, ProjectionError> {
        let (mut orders, mut pools) = (BTreeSet::new(), BTreeSet::new());
        for event in events {
            match &*event.event {
                DomainEvent::Order(
                    OrderEvent::OrderConfirmed {}
                    | OrderEvent::OrderShipped {}
                    | OrderEvent::OrderDelivered {}
                    | OrderEvent::OrderCancelled { .. },
                ) => {
                    orders.insert(event.id::<Uuid>()?);
                }
                DomainEvent::CouponPool(CouponPoolEvent::CouponIssued { .. }) => {
                    pools.insert(event.id::<Uuid>()?);
                }
                DomainEvent::Order(_)
                | DomainEvent::CouponPool(_)
                | DomainEvent::Inventory(_)
                | DomainEvent::Payment(_)
                | DomainEvent::PaymentMethod(_)
                | DomainEvent::Points(_)
                | DomainEvent::Product(_) => {}
            }
        }
        let pool_id = |row: &PoolNameRow| row.pool_id;
        Ok(Self {
            orders: Rows::load(tables, orders, |row: &OrderUserRow| row.order_id).await?,
            pools: Rows::load(tables, pools, pool_id).await?,
        })
    }

    /// Remembers what later events will not say.
    pub(super) fn learn(&mut self, event: &Event) -> Result<(), ProjectionError> {
        match &*event.event {
            DomainEvent::Order(OrderEvent::OrderPlaced { user_id, .. }) => {
                let order_id = event.id()?;
                let row = OrderUserRow {
                    order_id,
                    user_id: user_id.to_string(),
                };
                self.orders.add(order_id, row);
            }
            DomainEvent::CouponPool(CouponPoolEvent::CouponPoolCreated {
                name,
                valid_until,
                ..
            }) => {
                let pool_id = event.id()?;
                let row = PoolNameRow {
                    pool_id,
                    name: name.clone(),
                    valid_until: *valid_until,
                };
                self.pools.add(pool_id, row);
            }
            DomainEvent::Order(_)
            | DomainEvent::CouponPool(_)
            | DomainEvent::Inventory(_)
            | DomainEvent::Payment(_)
            | DomainEvent::PaymentMethod(_)
            | DomainEvent::Points(_)
            | DomainEvent::Product(_) => {}
        }
        Ok(())
    }

    pub(super) fn user_of(&self, order_id: Uuid) -> Result<String, ProjectionError> {
        let order = self
            .orders
            .get(&order_id)
            .ok_or_else(|| missing("order", order_id))?;
        Ok(order.user_id.clone())
    }

    pub(super) fn pool(&self, pool_id: Uuid) -> Result<&PoolNameRow, ProjectionError> {
        self.pools
            .get(&pool_id)
            .ok_or_else(|| missing("coupon pool", pool_id))
    }

    pub(super) async fn save(&self, tables: &mut Tables<'_>) -> Result<(), ProjectionError> {
        self.orders.save(tables).await?;
        self.pools.save(tables).await?;
        Ok(())
    }
}
