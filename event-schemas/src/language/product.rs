//! What is said about products.

use domain::product::{ProductDetails, ProductEvent};
use serde::Serialize;

use super::{Body, Translation};

#[derive(Clone, Debug, Serialize)]
pub(crate) struct Created {
    product_id: String,
    name: String,
    category: String,
    brand: String,
    description: Option<String>,
    images: Vec<String>,
    price: i64,
    currency: &'static str,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct Updated {
    product_id: String,
    name: String,
    category: String,
    brand: String,
    description: Option<String>,
    images: Vec<String>,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct PriceChanged {
    product_id: String,
    price: i64,
    currency: &'static str,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct StatusChanged {
    product_id: String,
    status: &'static str,
}

/// Everything that happens to a product is public: it is the catalogue.
pub(crate) fn translate(product_id: &str, event: &ProductEvent) -> Translation {
    let product_id = product_id.to_owned();
    match event {
        ProductEvent::ProductCreated { details, price } => {
            let ProductDetails {
                name,
                category,
                brand,
                description,
                images,
            } = details.clone();
            let created = Created {
                product_id,
                name,
                category,
                brand,
                description,
                images,
                price: price.amount(),
                currency: price.currency().code(),
            };
            ("PRODUCT_CREATED", Body::ProductCreated(created))
        }
        ProductEvent::ProductDescribed { details } => {
            let ProductDetails {
                name,
                category,
                brand,
                description,
                images,
            } = details.clone();
            let updated = Updated {
                product_id,
                name,
                category,
                brand,
                description,
                images,
            };
            ("PRODUCT_UPDATED", Body::ProductUpdated(updated))
        }
        ProductEvent::ProductRepriced { price } => {
            let changed = PriceChanged {
                product_id,
                price: price.amount(),
                currency: price.currency().code(),
            };
            ("PRODUCT_PRICE_CHANGED", Body::ProductPriceChanged(changed))
        }
        ProductEvent::ProductPutOnSale {} => {
            let status = "ON_SALE";
            let changed = StatusChanged { product_id, status };
            ("PRODUCT_ON_SALE", Body::ProductStatusChanged(changed))
        }
        ProductEvent::ProductMarkedSoldOut {} => {
            let status = "SOLD_OUT";
            let changed = StatusChanged { product_id, status };
            ("PRODUCT_SOLD_OUT", Body::ProductStatusChanged(changed))
        }
    }
}
