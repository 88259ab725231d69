//! Why an operation over several aggregates refuses.

use crate::ids::ProductId;
use crate::quantity::QuantityError;
use crate::rejection::Rejection;

/// A refusal of an operation over several aggregates.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CheckoutError {
    /// One of the items was refused; the code is that of the refusal.
    #[error("items[{index}]: {rejection}")]
    Item {
        /// Which, as given, from 0.
        index: usize,
        /// Its product.
        product_id: ProductId,
        /// Why.
        rejection: Box<Rejection>,
    },
    /// Two lines of one product are more than one line may have.
    #[error("items[{index}]: {error}")]
    TooMany {
        /// Which, as given, from 0.
        index: usize,
        /// Why.
        error: QuantityError,
    },
}

impl CheckoutError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Item { rejection, .. } => rejection.code(),
            Self::TooMany { .. } => "VALIDATION_FAILED",
        }
    }
}
