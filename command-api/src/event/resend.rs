//! `POST /events/{position}/resend`: asks the relay to send an event again.
//!
//! No aggregate is concerned, so this is no command of the log: it marks a row of the relay's failures.
//! With a key, its answer is recorded like any other.

use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, post};
use event_store::{Answer, EventStore, Outcome};
use platform::{ApiError, NoBody, Operator};
use serde_json::json;
use sqlx::PgPool;
use utoipa::ToSchema;

use crate::api::CommandApi;
use crate::call::Call;
use crate::execute::{Ticket, detached, success_body, unread};
use crate::openapi::{PLAIN, PlainHeaders, errors};
use crate::recorded_answer::{record, recorded};
use crate::respond::{Reply, respond};

const REPLY: Reply = Reply::accepted();

/// An event that is sent again.
#[derive(ToSchema)]
#[schema(as = EventResent)]
#[expect(dead_code, reason = "the shape of an answer, for the OpenAPI document")]
struct Resent {
    /// The event's.
    position: u64,
    /// PENDING: the relay sends it in a moment.
    delivery: String,
}

errors!(Errors, PLAIN, [404: ["EVENT_NOT_FOUND"], 409: ["EVENT_NOT_FAILED"]]);

/// Sends an event again whose delivery failed. Repeated while it waits to be sent, it does nothing.
#[utoipa::path(
    tag = "events",
    params(("position" = u64, Path, description = "The event's position."), PlainHeaders),
    responses((status = 202, description = "It is sent again.", body = platform::Data<Resent>), Errors),
    security(("bearer" = []))
)]
#[post("/events/{position}/resend")]
pub(super) async fn resend_event(
    api: Data<CommandApi>,
    operator: Operator,
    call: Call,
    position: Path<String>,
    _: NoBody,
) -> Result<HttpResponse, ApiError> {
    let position: i64 = position.parse().map_err(|_| not_found())?;
    let ticket = api.take(&operator, &call, b"")?;
    let has_key = call.key.is_some();
    let store = api.store().clone();
    let outcome = detached(resend(store, ticket, position, has_key)).await?;
    Ok(respond(outcome, &REPLY))
}

async fn resend(
    store: EventStore,
    ticket: Ticket,
    position: i64,
    has_key: bool,
) -> Result<Outcome, ApiError> {
    if has_key && let Some(outcome) = recorded(&store, &ticket).await? {
        return Ok(outcome);
    }
    let pool = store.log().pool();
    if !mark(pool, position).await? {
        let exists = exists(pool, position).await?;
        return Err(if exists {
            ApiError::conflict("EVENT_NOT_FAILED")
        } else {
            not_found()
        });
    }
    let data = json!({ "position": position, "delivery": "FAILED", "resend": true });
    let answer = Answer {
        status: REPLY.status(),
        body: success_body(&data),
    };
    record(&store, &ticket, answer).await
}

/// Marks a failed event. Returns whether there is one.
async fn mark(pool: &PgPool, position: i64) -> Result<bool, ApiError> {
    let marked = sqlx::query("UPDATE relay.failures SET resend = true WHERE position = $1")
        .bind(position)
        .execute(pool)
        .await
        .map_err(|error| unread(&error.into()))?;
    Ok(marked.rows_affected() > 0)
}

async fn exists(pool: &PgPool, position: i64) -> Result<bool, ApiError> {
    sqlx::query_scalar("SELECT EXISTS (SELECT FROM event_store.events WHERE position = $1)")
        .bind(position)
        .fetch_one(pool)
        .await
        .map_err(|error| unread(&error.into()))
}

fn not_found() -> ApiError {
    ApiError::not_found("EVENT_NOT_FOUND")
}
