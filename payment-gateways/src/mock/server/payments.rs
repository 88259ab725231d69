//! The calls of a gateway: confirm, inquire, refund.

use std::sync::Arc;
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::json;
use uuid::Uuid;

use super::behaviour::{Behaviour, Call};
use super::clock::MockClock;
use super::company::Company;
use super::connection::never_answer;
use super::ledger::{Charge, Decline, Recorded, Verdict};
use super::refusal::Refusal;
use super::state::MockState;
use super::views::{ConfirmBody, PaymentView, RefundBody, RefundView};
use super::webhooks::Webhooks;

/// What a charge of a wrong amount is off by, in minor units.
const WRONG_BY_MINOR: i64 = 1;
const IDEMPOTENCY_KEY: &str = "Idempotency-Key";

pub(super) fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/v1/payments/confirm", web::post().to(confirm))
        .route("/v1/payments/{payment_id}", web::get().to(inquire))
        .route("/v1/orders/{order_id}/payments", web::get().to(of_order))
        .route("/v1/payments/{payment_id}/refunds", web::post().to(refund));
}

async fn confirm(
    request: HttpRequest,
    mock: web::Data<MockState>,
    body: web::Json<ConfirmBody>,
) -> Result<HttpResponse, Refusal> {
    let charge = body.checked(idempotency_key(&request)?)?;
    let told = mock
        .faults
        .instruct(Company::Mock, Call::Confirm, request.headers())?;
    let behaviour = match told.behaviour {
        Some(behaviour) => Some(behaviour),
        None if mock.ledger.has(charge.merchant_key) => Some(Behaviour::Approve),
        None => Behaviour::of_token(&body.token),
    };
    let charged = charge.amount;
    let verdict = match behaviour {
        Some(Behaviour::Timeout | Behaviour::Error) => None,
        Some(Behaviour::Decline) => Some(Verdict::Decline(Decline::CardDeclined)),
        Some(Behaviour::WrongAmount) => Some(Verdict::Charge(charged + WRONG_BY_MINOR)),
        Some(Behaviour::Approve | Behaviour::ChargeThenTimeout | Behaviour::Slow) => {
            Some(Verdict::Charge(charged))
        }
        None => Some(Verdict::Decline(Decline::InvalidToken)),
    };
    let clock = Arc::clone(&mock.clock);
    let done = mock.carry_out(told.delay, move |ledger, webhooks| {
        let Some(verdict) = verdict else {
            return Ok(None);
        };
        let Recorded { entry, fresh } = ledger.charge(charge, verdict)?;
        if fresh {
            changed(&entry, webhooks, &clock);
        }
        Ok(Some(entry))
    });
    let answer = done.await?.map_or_else(nothing, of_charge);
    give(&request, &mock, behaviour, answer).await
}

async fn inquire(
    request: HttpRequest,
    mock: web::Data<MockState>,
    payment_id: web::Path<Uuid>,
) -> Result<HttpResponse, Refusal> {
    let told = mock
        .faults
        .instruct(Company::Mock, Call::Inquire, request.headers())?;
    let payment_id = payment_id.into_inner();
    let found = mock.carry_out(told.delay, move |ledger, _| Ok(ledger.payment(payment_id)));
    let answer = match found.await? {
        Some(charge) => Ok(HttpResponse::Ok().json(PaymentView::from(charge))),
        None => Err(Refusal::PaymentNotFound),
    };
    give(&request, &mock, told.behaviour, answer).await
}

async fn of_order(
    request: HttpRequest,
    mock: web::Data<MockState>,
    order_id: web::Path<Uuid>,
) -> Result<HttpResponse, Refusal> {
    let told = mock
        .faults
        .instruct(Company::Mock, Call::Inquire, request.headers())?;
    let order_id = order_id.into_inner();
    let found = mock.carry_out(told.delay, move |ledger, _| Ok(ledger.of_order(order_id)));
    let payments = found.await?.into_iter().map(PaymentView::from);
    let body = json!({ "payments": payments.collect::<Vec<_>>() });
    let answer = Ok(HttpResponse::Ok().json(body));
    give(&request, &mock, told.behaviour, answer).await
}

async fn refund(
    request: HttpRequest,
    mock: web::Data<MockState>,
    payment_id: web::Path<Uuid>,
    body: web::Json<RefundBody>,
) -> Result<HttpResponse, Refusal> {
    let key = idempotency_key(&request)?;
    let refund = body.into_inner().checked(key, payment_id.into_inner())?;
    let told = mock
        .faults
        .instruct(Company::Mock, Call::Refund, request.headers())?;
    let gives_back = match told.behaviour {
        Some(Behaviour::Decline | Behaviour::Timeout | Behaviour::Error) => false,
        Some(
            Behaviour::Approve
            | Behaviour::ChargeThenTimeout
            | Behaviour::Slow
            | Behaviour::WrongAmount,
        )
        | None => true,
    };
    let clock = Arc::clone(&mock.clock);
    let done = mock.carry_out(told.delay, move |ledger, webhooks| {
        if !gives_back {
            return Ok(None);
        }
        let Recorded { entry, fresh } = ledger.refund(refund)?;
        if fresh && let Some(charge) = ledger.payment(entry.payment_id) {
            changed(&charge, webhooks, &clock);
        }
        Ok(Some(entry))
    });
    let answer = match done.await? {
        Some(refund) => Ok(HttpResponse::Ok().json(RefundView::from(refund))),
        None if told.behaviour == Some(Behaviour::Decline) => Err(Refusal::RefundRefused),
        None => nothing(),
    };
    give(&request, &mock, told.behaviour, answer).await
}

/// Logs and tells how a payment stands now.
fn changed(charge: &Charge, webhooks: &Webhooks, clock: &MockClock) {
    let (payment_id, order_id) = (charge.merchant_key, charge.order_id);
    let (state, amount) = (charge.state.as_str(), charge.amount);
    tracing::info!(
        payment.id = %payment_id, order.id = %order_id, payment.state = state,
        payment.amount_minor = amount,
        "mock gateway: payment {payment_id} of order {order_id} is {state}"
    );
    webhooks.announce(charge, clock.now());
}

/// Gives the answer as told: at once, late, never, or an error in its place.
async fn give(
    request: &HttpRequest,
    mock: &MockState,
    behaviour: Option<Behaviour>,
    answer: Result<HttpResponse, Refusal>,
) -> Result<HttpResponse, Refusal> {
    match behaviour {
        Some(Behaviour::Timeout | Behaviour::ChargeThenTimeout) => {
            never_answer(request, mock.hold, &mock.shutdown).await
        }
        Some(Behaviour::Error) => Err(Refusal::AsTold),
        Some(Behaviour::Slow) => {
            wait(mock.slow, mock).await;
            answer
        }
        Some(Behaviour::Approve | Behaviour::Decline | Behaviour::WrongAmount) | None => answer,
    }
}

async fn wait(slow: Duration, mock: &MockState) {
    tokio::select! {
        () = tokio::time::sleep(slow) => {}
        () = mock.shutdown.cancelled() => {}
    }
}

fn of_charge(charge: Charge) -> Result<HttpResponse, Refusal> {
    let Some(decline) = charge.decline else {
        return Ok(HttpResponse::Ok().json(PaymentView::from(charge)));
    };
    let body = json!({ "code": decline.code(), "message": decline.message() });
    Ok(HttpResponse::build(StatusCode::PAYMENT_REQUIRED).json(body))
}

/// Nothing was done, because an error was wanted or no answer at all.
fn nothing() -> Result<HttpResponse, Refusal> {
    Err(Refusal::AsTold)
}

fn idempotency_key(request: &HttpRequest) -> Result<Uuid, Refusal> {
    let header = request.headers().get(IDEMPOTENCY_KEY);
    let text = header.and_then(|value| value.to_str().ok());
    text.and_then(|text| text.parse().ok())
        .ok_or(Refusal::KeyRequired)
}
