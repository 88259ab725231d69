//! Why an inventory refuses.

/// A refusal of an inventory.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InventoryError {
    /// Fewer pieces are available than are asked for (RS-04).
    #[error("{requested} asked for, {available} available")]
    InsufficientStock {
        /// How many were asked for.
        requested: u32,
        /// How many there are.
        available: u32,
    },
    /// A correction would take pieces that orders hold, or more than there are.
    #[error("the correction would leave less than the {reserved} pieces that orders hold there")]
    BelowReserved {
        /// What orders hold in that warehouse.
        reserved: u32,
    },
    /// The correction is zero, or its reason missing or too long.
    #[error("{field}: {reason}")]
    Invalid {
        /// The field, as in the API.
        field: &'static str,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// More stock than one warehouse may hold.
    #[error("a warehouse holds at most {max} pieces of one product")]
    TooMuchStock {
        /// The limit.
        max: u32,
    },
    /// The order has no reservation here in the state that the command needs.
    #[error("the order has no such reservation")]
    NoSuchReservation,
}

impl InventoryError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::InsufficientStock { .. } | Self::BelowReserved { .. } => "INSUFFICIENT_STOCK",
            Self::Invalid { .. } | Self::TooMuchStock { .. } => "VALIDATION_FAILED",
            Self::NoSuchReservation => "NO_SUCH_RESERVATION",
        }
    }
}
