//! Toss Payments as its merchant sees it, under `/toss`.
//!
//! | call | |
//! | --- | --- |
//! | `POST /v1/payments/confirm` | also takes the test tokens (`tok_approve`, …) as `paymentKey`, and `tok_virtual_account` |
//! | `GET /v1/payments/{paymentKey}` · `GET /v1/payments/orders/{orderId}` | |
//! | `POST /v1/payments/{paymentKey}/cancel` | |
//! | `POST /v1/virtual-accounts` | |
//! | `POST /v1/billing/authorizations/issue` · `POST`, `DELETE /v1/billing/{billingKey}` | |
//! | `GET /v1/transactions` | |
//!
//! `TossPayments-Test-Code` with a test key answers any documented error before anything is looked at. A POST under
//! an `Idempotency-Key` is answered again as it was the first time, for fifteen days, whatever its body. Calls that
//! take card numbers (`key-in`, `billing/authorizations/card`) are not here: none may come this way.

mod billing;
mod call;
mod catalogue;
mod errors;
mod payments;
mod transactions;
mod view;

use actix_web::web;
use chrono::{DateTime, FixedOffset, Utc};
use serde_json::json;

use super::company::Company;
use super::records::{PaymentRecord, Stage, Step};
use super::webhooks::Webhooks;

pub(super) use self::payments::check_order;
pub(super) use self::view::payment_json;

/// Korea is nine hours ahead, all year.
const KOREA_SECONDS: i32 = 9 * 60 * 60;

pub(super) fn routes(config: &mut web::ServiceConfig) {
    config.service(
        web::scope("/toss/v1")
            .configure(payments::routes)
            .configure(billing::routes)
            .configure(transactions::routes)
            .default_service(web::to(call::not_found)),
    );
}

/// A time as Toss writes it.
pub(super) fn korean_time(at: DateTime<Utc>) -> String {
    in_korea(at).format("%Y-%m-%dT%H:%M:%S%:z").to_string()
}

pub(super) fn in_korea(at: DateTime<Utc>) -> DateTime<FixedOffset> {
    FixedOffset::east_opt(KOREA_SECONDS)
        .map_or_else(|| at.fixed_offset(), |korea| at.with_timezone(&korea))
}

/// Tells the merchant how a payment stands: a deposit twice, since both kinds of notice are registered.
pub(super) fn announce(payment: &PaymentRecord, step: Step, webhooks: &Webhooks) {
    let status = view::status_of(payment);
    let about = payment.order_no.clone();
    let created_at = in_korea(payment.changed_at);
    let created_at = created_at.format("%Y-%m-%dT%H:%M:%S%.6f").to_string();
    let is_change = match payment.stage {
        Stage::Ready | Stage::InProgress | Stage::Waiting => false,
        // The answer to a charge by billing key is all that is told of it.
        Stage::Done => !(payment.is_billing && payment.cancels.is_empty()),
        Stage::Aborted | Stage::Expired | Stage::Closed => true,
    };
    if is_change {
        let body = json!({
            "eventType": "PAYMENT_STATUS_CHANGED",
            "createdAt": created_at,
            "data": payment_json(payment),
        });
        webhooks.announce_as(Company::Toss, about.clone(), &body);
    }
    let is_of_an_account = payment.account_number.is_some();
    let is_deposit = matches!(
        step,
        Step::Charged(_) | Step::PaidAgain(_) | Step::TakenBack
    );
    if is_of_an_account && (is_deposit || payment.stage == Stage::Closed) {
        let body = json!({
            "createdAt": created_at,
            "secret": payment.secret,
            "status": status,
            "transactionKey": payment.last_key,
            "orderId": payment.order_no,
        });
        webhooks.announce_as(Company::Toss, about, &body);
    }
}
