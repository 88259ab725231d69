//! How many pieces: at least one, and never absurdly many.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The most pieces that one line, receipt or adjustment may name.
const QUANTITY_MAX: u32 = 1_000_000;

/// A count of pieces, from 1 to [`Quantity::MAX`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct Quantity(u32);

/// Why a number is not a quantity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a quantity is a whole number from 1 to {QUANTITY_MAX}")]
pub struct QuantityError;

impl Quantity {
    /// The largest quantity.
    pub const MAX: u32 = QUANTITY_MAX;

    /// A quantity.
    ///
    /// # Errors
    /// Zero, or more than [`Quantity::MAX`].
    pub fn new(pieces: u32) -> Result<Self, QuantityError> {
        if (1..=QUANTITY_MAX).contains(&pieces) {
            Ok(Self(pieces))
        } else {
            Err(QuantityError)
        }
    }

    /// The number of pieces.
    #[must_use]
    pub fn get(self) -> u32 {
        self.0
    }

    /// The sum of two quantities, as for two lines of one product.
    ///
    /// # Errors
    /// More than [`Quantity::MAX`] together.
    pub fn plus(self, other: Self) -> Result<Self, QuantityError> {
        Self::new(self.0.saturating_add(other.0))
    }
}

impl TryFrom<u32> for Quantity {
    type Error = QuantityError;
    fn try_from(pieces: u32) -> Result<Self, QuantityError> {
        Self::new(pieces)
    }
}

impl From<Quantity> for u32 {
    fn from(quantity: Quantity) -> Self {
        quantity.0
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests;
