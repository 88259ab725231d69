//! Every reason for which the business may refuse a command.

use crate::checkout::CheckoutError;
use crate::coupon_pool::CouponPoolError;
use crate::inventory::InventoryError;
use crate::order::OrderError;
use crate::payment::PaymentError;
use crate::payment_method::PaymentMethodError;
use crate::points::PointsError;
use crate::product::ProductError;

/// A refusal, typed by the room that refused. The edge maps it to HTTP exhaustively.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// By an order.
    #[error(transparent)]
    Order(#[from] OrderError),
    /// By an inventory.
    #[error(transparent)]
    Inventory(#[from] InventoryError),
    /// By a coupon pool.
    #[error(transparent)]
    CouponPool(#[from] CouponPoolError),
    /// By a payment.
    #[error(transparent)]
    Payment(#[from] PaymentError),
    /// By a user's payment methods.
    #[error(transparent)]
    PaymentMethod(#[from] PaymentMethodError),
    /// By an account of points.
    #[error(transparent)]
    Points(#[from] PointsError),
    /// By a product.
    #[error(transparent)]
    Product(#[from] ProductError),
    /// By an operation over several of them.
    #[error(transparent)]
    Checkout(#[from] CheckoutError),
}

impl Rejection {
    /// The stable code of the refusal, as clients see it.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Order(error) => error.code(),
            Self::Inventory(error) => error.code(),
            Self::CouponPool(error) => error.code(),
            Self::Payment(error) => error.code(),
            Self::PaymentMethod(error) => error.code(),
            Self::Points(error) => error.code(),
            Self::Product(error) => error.code(),
            Self::Checkout(error) => error.code(),
        }
    }
}
