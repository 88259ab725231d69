//! NICE Payments as its merchant sees it, under `/nice`.
//!
//! | call | |
//! | --- | --- |
//! | `POST /v1/payments/{tid}` | approves; also takes the test tokens (`tok_approve`, …) as `tid`, with `X-Request-Id` for their order |
//! | `POST /v1/payments/{tid}/cancel` | |
//! | `GET /v1/payments/{tid}` · `GET /v1/payments/find/{orderId}?orderDate` | |
//!
//! Errors are `resultCode` and `resultMsg` in an answer of 200, as NICE's are; only who may not come in gets a 401.

mod payments;
mod view;

use actix_web::web;

use super::company::Company;
use super::records::{PaymentRecord, Stage};
use super::webhooks::Webhooks;

pub(super) use self::view::{hex_digest, payment_json};

pub(super) fn routes(config: &mut web::ServiceConfig) {
    config.service(web::scope("/nice/v1").configure(payments::routes));
}

/// Tells the merchant how a payment stands, with NICE's signature.
pub(super) fn announce(payment: &PaymentRecord, webhooks: &Webhooks, secret_key: &str) {
    let is_told = match payment.stage {
        Stage::Waiting | Stage::Done | Stage::Closed => true,
        Stage::Ready | Stage::InProgress | Stage::Aborted | Stage::Expired => false,
    };
    if is_told {
        let body = payment_json(payment, secret_key, payment.changed_at);
        webhooks.announce_as(Company::Nice, payment.order_no.clone(), &body);
    }
}
