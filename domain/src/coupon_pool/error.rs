//! Why a coupon pool refuses.

use crate::money::MoneyError;

/// A refusal of a coupon pool.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CouponPoolError {
    /// There is none with this id.
    #[error("there is no such coupon pool")]
    NotFound,
    /// It was created already, as something else.
    #[error("the coupon pool exists already")]
    AlreadyExists,
    /// A field is out of its bounds.
    #[error("{field}: {reason}")]
    Invalid {
        /// The field, as in the API.
        field: &'static str,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// All are taken.
    #[error("all coupons are taken")]
    SoldOut,
    /// This user has one.
    #[error("the user has a coupon of this pool already")]
    AlreadyIssued,
    /// Before or after its validity.
    #[error("the coupon pool is not open now")]
    Closed,
    /// No such coupon, or another's.
    #[error("there is no such coupon")]
    CouponNotFound,
    /// An order holds or used it.
    #[error("the coupon is used already")]
    AlreadyUsed,
    /// Its validity has not begun or has ended.
    #[error("the coupon is not valid now")]
    Expired,
    /// It is in another currency than the order.
    #[error("the coupon does not fit the order: {0}")]
    DoesNotFit(MoneyError),
}

impl CouponPoolError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "COUPON_POOL_NOT_FOUND",
            Self::AlreadyExists => "COUPON_POOL_ALREADY_EXISTS",
            Self::Invalid { .. } => "VALIDATION_FAILED",
            Self::SoldOut => "COUPON_SOLD_OUT",
            Self::AlreadyIssued => "COUPON_ALREADY_ISSUED",
            Self::Closed => "COUPON_POOL_CLOSED",
            Self::CouponNotFound => "COUPON_NOT_FOUND",
            Self::AlreadyUsed => "COUPON_ALREADY_USED",
            Self::Expired => "COUPON_EXPIRED",
            Self::DoesNotFit(_) => "COUPON_NOT_APPLICABLE",
        }
    }
}
