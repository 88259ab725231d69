//! An order's way through the shop: the operations that touch several aggregates at once, all or
//! nothing (requirements, "Transaction boundaries"), and the sagas that carry it on by themselves.
//!
//! | operation | one atomic transaction over |
//! | --- | --- |
//! | [`PlaceOrder`] | order + stock reservations + coupon hold |
//! | [`RequestPayment`] | payment + order + coupon hold |
//! | [`SettlePayment`] | payment + order + stock + coupon, whatever the gateway said |
//! | [`ConfirmOrder`] | order + the points that it earns |
//! | [`CancelOrder`] | order + stock + coupon + the refund's request |
//! | [`ExpireOrder`] | the same, for an order that nobody paid |
//! | [`RefundPayment`] | order + payment: what of which line goes back |
//! | [`SettleRefund`] | the refund's outcome: payment + order + stock + coupon |

mod cancel_order;
mod confirm_order;
mod contradictions;
mod deposit;
mod error;
mod place_order;
mod policy;
mod refund_payment;
mod request_payment;
pub mod sagas;
mod settle_payment;
mod settle_refund;
#[cfg(test)]
mod tests;

pub use cancel_order::{AskedBy, CancelOrder, ExpireOrder};
pub use confirm_order::ConfirmOrder;
pub use deposit::DEPOSIT_WINDOW_DEFAULT;
pub use error::CheckoutError;
pub use place_order::{OrderItem, PlaceOrder};
pub use policy::RetrySchedule;
pub use refund_payment::RefundPayment;
pub use request_payment::RequestPayment;
pub use settle_payment::{GatewayAnswer, SettlePayment};
pub use settle_refund::{RefundAnswer, SettleRefund};
