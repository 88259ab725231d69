//! Why a user's payment methods refuse.

/// A refusal of a user's payment methods.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PaymentMethodError {
    /// There is none with this id, or it is another's, or it was deleted.
    #[error("there is no such payment method")]
    NotFound,
    /// It is still on its way.
    #[error("the payment method is not registered yet")]
    NotActive,
    /// It was asked for already, otherwise.
    #[error("the payment method exists already")]
    AlreadyExists,
    /// The user has as many as one may have.
    #[error("a user has at most {max} payment methods")]
    TooMany {
        /// The limit.
        max: usize,
    },
    /// It is another gateway's than the one that was named.
    #[error("the payment method is of another gateway")]
    OtherGateway,
    /// A field is out of its bounds.
    #[error("{field}: {reason}")]
    Invalid {
        /// The field, as in the API.
        field: &'static str,
        /// What is wrong with it.
        reason: &'static str,
    },
}

impl PaymentMethodError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "PAYMENT_METHOD_NOT_FOUND",
            Self::NotActive => "PAYMENT_METHOD_NOT_ACTIVE",
            Self::AlreadyExists => "PAYMENT_METHOD_ALREADY_EXISTS",
            Self::TooMany { .. } => "TOO_MANY_PAYMENT_METHODS",
            Self::OtherGateway => "PAYMENT_METHOD_OF_OTHER_GATEWAY",
            Self::Invalid { .. } => "VALIDATION_FAILED",
        }
    }
}
