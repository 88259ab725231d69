//! What can be asked of a product.

use serde::{Deserialize, Serialize};

use crate::money::Money;

/// What describes a product, without its price. Lengths are checked by `decide`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProductDetails {
    /// 1 to 200 characters.
    pub name: String,
    /// 1 to 100 characters.
    pub category: String,
    /// 1 to 100 characters.
    pub brand: String,
    /// At most 5 000 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// At most 10 URLs of at most 500 characters.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub images: Vec<String>,
}

/// A command to a product.
#[derive(Clone, Debug)]
pub enum ProductCommand {
    /// Enter it in the catalogue; it is not yet on sale.
    Create {
        /// What it is.
        details: ProductDetails,
        /// What one piece costs.
        price: Money,
    },
    /// Describe it anew, or price it anew, or both. What is the same as before makes no event.
    Edit {
        /// The whole description, when it changes.
        details: Option<ProductDetails>,
        /// The price, when it changes; orders already placed keep theirs.
        price: Option<Money>,
        /// The sequence that the editor saw (`If-Match`); another one is refused.
        seen: Option<u64>,
    },
    /// Put it on sale.
    PutOnSale,
    /// Mark it as sold out: it is shown, and cannot be ordered.
    MarkSoldOut,
}
