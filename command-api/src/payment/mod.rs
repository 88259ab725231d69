//! Paying an order, and giving it back: the command is executed at once, and then its outcome is waited for, bounded. What is
//! answered is recorded, so that every repeat gets the same bytes.

mod answer;
mod inquire;
mod outcomes;
mod pay;
mod refund;
mod refund_account;
mod refund_wait;
mod retry_refund;
mod wait;

use utoipa_actix_web::service_config::ServiceConfig;

pub(crate) use outcomes::PaymentOutcomes;
pub use refund_account::{RefundAccount, RefundAccounts};

/// The resource's routes.
pub(crate) fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(pay::pay_order)
        .service(refund::refund_payment)
        .service(refund_account::give_refund_account)
        .service(retry_refund::retry_refund)
        .service(inquire::inquire_payment);
}
