//! What an event makes of a product's row.

use domain::product::{ProductDetails, ProductEvent};
use serde_json::json;
use uuid::Uuid;

use super::Batch;
use super::rows::{ProductRow, SalesRow};
use crate::error::ProjectionError;
use crate::projector::{Event, missing};

pub(super) fn fold(
    batch: &mut Batch,
    product_id: Uuid,
    event: &Event,
    product_event: &ProductEvent,
) -> Result<(), ProjectionError> {
    if let ProductEvent::ProductCreated { details, price } = product_event {
        let row = ProductRow {
            id: product_id,
            name: details.name.clone(),
            category: details.category.clone(),
            brand: details.brand.clone(),
            description: details.description.clone(),
            images: json!(details.images),
            currency: price.currency().code().to_owned(),
            price_amount: price.amount(),
            state: "DRAFT".to_owned(),
            created_at: event.at(),
            updated_at: event.at(),
            version: event.version()?,
        };
        if !batch.products.add(product_id, row) {
            return Err(ProjectionError::Poison(format!(
                "product {product_id} is there already"
            )));
        }
        // Its sales may be there already, if these events were parked while its stock was sold.
        batch.sales.change_or(&product_id, || SalesRow {
            product_id,
            sold_count: 0,
        });
        return Ok(());
    }
    let row = batch
        .products
        .change(&product_id)
        .ok_or_else(|| missing("product", product_id))?;
    row.updated_at = event.at();
    row.version = event.version()?;
    match product_event {
        ProductEvent::ProductCreated { .. } => {}
        ProductEvent::ProductDescribed { details } => describe(row, details),
        ProductEvent::ProductRepriced { price } => {
            price.currency().code().clone_into(&mut row.currency);
            row.price_amount = price.amount();
        }
        ProductEvent::ProductPutOnSale {} => "ON_SALE".clone_into(&mut row.state),
        ProductEvent::ProductMarkedSoldOut {} => "SOLD_OUT".clone_into(&mut row.state),
    }
    Ok(())
}

fn describe(row: &mut ProductRow, details: &ProductDetails) {
    row.name.clone_from(&details.name);
    row.category.clone_from(&details.category);
    row.brand.clone_from(&details.brand);
    row.description.clone_from(&details.description);
    row.images = json!(details.images);
}
