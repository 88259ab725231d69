//! Why a product refuses.

/// A refusal of a product.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProductError {
    /// There is none with this id.
    #[error("there is no such product")]
    NotFound,
    /// It was created already, as something else.
    #[error("the product exists already")]
    AlreadyExists,
    /// A field is missing, too long, or zero.
    #[error("{field}: {reason}")]
    Invalid {
        /// The field, as in the API.
        field: &'static str,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// It changed since the editor read it.
    #[error("the product changed meanwhile: it is now at version {current}")]
    Stale {
        /// The version that it has now.
        current: u64,
    },
    /// It is not on sale.
    #[error("the product is not on sale")]
    NotOnSale,
    /// It never was on sale, so it cannot be sold out.
    #[error("only a product on sale can be marked as sold out")]
    NeverOnSale,
}

impl ProductError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "PRODUCT_NOT_FOUND",
            Self::AlreadyExists => "PRODUCT_ALREADY_EXISTS",
            Self::Invalid { .. } => "VALIDATION_FAILED",
            Self::Stale { .. } => "STALE",
            Self::NotOnSale => "PRODUCT_NOT_ON_SALE",
            Self::NeverOnSale => "PRODUCT_STATE_CONFLICT",
        }
    }
}
