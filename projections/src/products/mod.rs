//! The catalogue with its stock and its sales (P-01, P-02, INV-04).

mod catalogue;
mod rows;
mod stock;

use std::collections::BTreeSet;

use async_trait::async_trait;
use domain::DomainEvent;
use domain::product::ProductEvent;
use uuid::Uuid;

use crate::error::ProjectionError;
use crate::memory::Tables;
use crate::projector::{Event, Projector, Table};
use crate::table::Rows;
use rows::{ProductRow, SalesRow, StockRow, WarehouseRow};

/// Folds the events of products and of their inventories.
pub(crate) struct Products;

#[async_trait]
impl Projector for Products {
    fn name(&self) -> &'static str {
        "products"
    }

    fn version(&self) -> i32 {
        1
    }

    fn wants(&self) -> &'static [&'static str] {
        &[
            "ProductCreated",
            "ProductDescribed",
            "ProductRepriced",
            "ProductPutOnSale",
            "ProductMarkedSoldOut",
            "StockReceived",
            "StockAdjusted",
            "StockReserved",
            "StockDeducted",
            "StockReleased",
            "StockReturned",
        ]
    }

    fn schema(&self) -> &'static str {
        include_str!("schema.sql")
    }

    fn tables(&self) -> &'static [Table] {
        const {
            &[
                Table::public("products"),
                Table::public("product_sales"),
                Table::public("stock"),
                Table::public("stock_by_warehouse"),
            ]
        }
    }

    async fn apply(
        &self,
        tables: &mut Tables<'_>,
        events: &[Event],
    ) -> Result<(), ProjectionError> {
        let mut batch = Batch::load(tables, events).await?;
        for event in events {
            let product_id = event.id()?;
            match &*event.event {
                DomainEvent::Product(product_event) => {
                    catalogue::fold(&mut batch, product_id, event, product_event)?;
                }
                DomainEvent::Inventory(inventory_event) => {
                    stock::fold(&mut batch, product_id, event, inventory_event)?;
                }
                DomainEvent::Order(_)
                | DomainEvent::CouponPool(_)
                | DomainEvent::Payment(_)
                | DomainEvent::PaymentMethod(_)
                | DomainEvent::Points(_) => {}
            }
        }
        batch.products.save(tables).await?;
        batch.sales.save(tables).await?;
        batch.stock.save(tables).await?;
        batch.warehouses.save(tables).await?;
        Ok(())
    }
}

/// The rows that a batch changes.
struct Batch {
    products: Rows<Uuid, ProductRow>,
    sales: Rows<Uuid, SalesRow>,
    stock: Rows<Uuid, StockRow>,
    warehouses: Rows<(Uuid, String), WarehouseRow>,
}

impl Batch {
    async fn load(tables: &mut Tables<'_>, events: &[Event]) -> Result<Self, ProjectionError> {
        let (mut described, mut created, mut stocked) =
            (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        for event in events {
            let product_id: Uuid = event.id()?;
            match &*event.event {
                DomainEvent::Product(ProductEvent::ProductCreated { .. }) => {
                    created.insert(product_id);
                }
                DomainEvent::Product(_) => {
                    described.insert(product_id);
                }
                DomainEvent::Inventory(_) => {
                    stocked.insert(product_id);
                }
                DomainEvent::Order(_)
                | DomainEvent::CouponPool(_)
                | DomainEvent::Payment(_)
                | DomainEvent::PaymentMethod(_)
                | DomainEvent::Points(_) => {}
            }
        }
        created.extend(&stocked);
        let warehouse_key = |row: &WarehouseRow| (row.product_id, row.warehouse.clone());
        Ok(Self {
            products: Rows::load(tables, described, |row: &ProductRow| row.id).await?,
            sales: Rows::load(tables, created, |row: &SalesRow| row.product_id).await?,
            stock: Rows::load(tables, stocked.clone(), |row: &StockRow| row.product_id).await?,
            warehouses: Rows::load(tables, stocked, warehouse_key).await?,
        })
    }
}
