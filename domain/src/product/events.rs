//! What can have happened to a product. This is a storage format: see `golden/product/`.

use serde::{Deserialize, Serialize};

use super::commands::ProductDetails;
use crate::money::Money;

/// An event of a product.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum ProductEvent {
    /// It was entered in the catalogue.
    ProductCreated {
        /// What it is.
        details: ProductDetails,
        /// What one piece costs.
        price: Money,
    },
    /// Its description changed.
    ProductDescribed {
        /// The whole new description.
        details: ProductDetails,
    },
    /// Its price changed.
    ProductRepriced {
        /// The new price of one piece.
        price: Money,
    },
    /// It went on sale.
    ProductPutOnSale {},
    /// It was marked as sold out.
    ProductMarkedSoldOut {},
}

impl cqrs_es::DomainEvent for ProductEvent {
    fn event_type(&self) -> String {
        match self {
            Self::ProductCreated { .. } => "ProductCreated",
            Self::ProductDescribed { .. } => "ProductDescribed",
            Self::ProductRepriced { .. } => "ProductRepriced",
            Self::ProductPutOnSale {} => "ProductPutOnSale",
            Self::ProductMarkedSoldOut {} => "ProductMarkedSoldOut",
        }
        .to_owned()
    }

    fn event_version(&self) -> String {
        "1".to_owned()
    }
}
