//! `POST /payments/{id}/inquire`: an operator has the gateway asked now, and waits, bounded, for what it says.

use std::time::Duration;

use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, post};
use chrono::Utc;
use domain::PaymentId;
use domain::payment::{InquiryCause, Payment, PaymentState, RequestInquiry};
use event_store::{Answer, EventStore, Outcome};
use platform::{ApiError, NoBody, Operator};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};
use utoipa::ToSchema;
use uuid::Uuid;

use super::refund::payment_in_path;
use crate::api::CommandApi;
use crate::call::KeyedCall;
use crate::execute::{Ticket, detached, success_body, unexecuted, unread};
use crate::openapi::{KeyedHeaders, WITH_KEY, errors};
use crate::recorded_answer::{record, recorded};
use crate::respond::{Reply, respond};

/// How often it is looked whether the payment has changed. A gateway may also say nothing new, which leaves no
/// trace: then the whole wait passes.
const LOOK_INTERVAL: Duration = Duration::from_millis(100);

const REPLY: Reply = Reply::ok();

/// A payment, as it stands once its gateway was asked.
#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = PaymentInquired)]
#[expect(dead_code, reason = "the shape of an answer, for the OpenAPI document")]
struct InquiredBody {
    /// The payment.
    id: Uuid,
    /// The order that it pays.
    order_id: Uuid,
    /// Where it stands.
    status: String,
    /// Why it failed.
    failure_code: Option<String>,
    /// How often its outcome was found unknown.
    inquiries: u32,
    /// When it is asked about next by itself.
    next_inquiry_at: Option<String>,
    /// Why a person must look at it.
    review: Option<String>,
}

errors!(Errors, WITH_KEY, [404: ["PAYMENT_NOT_FOUND"]]);

/// Has the gateway asked about a payment now, whatever is known of it, and answers with the payment as it is then.
#[utoipa::path(
    tag = "payments",
    params(("id" = Uuid, Path, description = "The payment."), KeyedHeaders),
    responses((status = 200, description = "As it is now.", body = platform::Data<InquiredBody>), Errors),
    security(("bearer" = []))
)]
#[post("/payments/{id}/inquire")]
pub(super) async fn inquire_payment(
    api: Data<CommandApi>,
    operator: Operator,
    call: KeyedCall,
    id: Path<String>,
    _: NoBody,
) -> Result<HttpResponse, ApiError> {
    let KeyedCall(call) = call;
    let payment_id = payment_in_path(&id)?;
    let ticket = api.take(&operator, &call, b"")?;
    let limit = api.config().payment_wait;
    let store = api.store().clone();
    let outcome = detached(inquire(store, ticket, payment_id, limit)).await?;
    Ok(respond(outcome, &REPLY))
}

async fn inquire(
    store: EventStore,
    ticket: Ticket,
    payment_id: PaymentId,
    limit: Duration,
) -> Result<Outcome, ApiError> {
    let cause = InquiryCause::Operator {};
    let inquire = RequestInquiry {
        payment_id,
        cause,
        now: Utc::now(),
    };
    let command = ticket.command(inquire, REPLY.status());
    let outcome = store.execute(command).await.map_err(unexecuted)?;
    if outcome.status >= 400 {
        return Ok(outcome);
    }
    if outcome.replayed
        && let Some(answer) = recorded(&store, &ticket).await?
    {
        return Ok(answer);
    }
    let until = Instant::now() + limit;
    let asked = load(&store, payment_id).await?;
    let mut now = asked.clone();
    while now == asked && Instant::now() < until {
        sleep(LOOK_INTERVAL).await;
        now = load(&store, payment_id).await?;
    }
    let answer = Answer {
        status: REPLY.status(),
        body: success_body(&said(payment_id, &now)),
    };
    record(&store, &ticket, answer).await
}

async fn load(store: &EventStore, payment_id: PaymentId) -> Result<PaymentState, ApiError> {
    let loaded = store.load::<Payment>(payment_id).await;
    let (state, _) = loaded.map_err(|error| unread(&error))?;
    Ok(state)
}

fn said(payment_id: PaymentId, state: &PaymentState) -> Value {
    let payment = state.requested().ok();
    json!({
        "id": payment_id,
        "orderId": payment.map(|payment| payment.order_id),
        "status": payment.map(|payment| payment.status),
        "failureCode": payment.and_then(|payment| payment.failure_code.as_deref()),
        "inquiries": payment.map(|payment| payment.inquiries),
        "nextInquiryAt": payment.and_then(|payment| payment.next_inquiry_at),
        "review": payment.and_then(|payment| payment.review).map(|review| review.as_str()),
    })
}
