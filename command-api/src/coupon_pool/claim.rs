//! `POST /coupon-pools/{id}/coupons` (CO-02): past the gate, to the aggregate, which stays the truth.

use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, post};
use domain::coupon_pool::ClaimCoupon;
use event_store::{EventStore, Outcome};
use failpoints::failpoint;
use platform::{ApiError, Customer, NoBody};
use utoipa::ToSchema;
use uuid::Uuid;

use super::in_path;
use crate::api::CommandApi;
use crate::call::{KeyedCall, user_of};
use crate::coupon_gate::{Admission, CouponGate, Knock, Refusal, RefusalCode};
use crate::execute::{Ticket, detached, error_body, refused, unexecuted};
use crate::openapi::{KeyedHeaders, WITH_KEY, errors};
use crate::respond::{Reply, respond};

/// Where a user's coupons can be read.
const COUPONS: &str = "/api/v1/coupons";

/// A coupon that was issued.
#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = CouponIssued)]
#[expect(dead_code, reason = "the shape of an answer, for the OpenAPI document")]
struct Issued {
    /// The coupon: its code.
    id: String,
    /// What is given when paying.
    code: String,
    /// The pool that it is of.
    pool_id: Uuid,
}

errors!(
    Errors,
    WITH_KEY,
    [
        404: ["COUPON_POOL_NOT_FOUND"],
        409: ["COUPON_SOLD_OUT", "COUPON_ALREADY_ISSUED", "COUPON_POOL_CLOSED"],
    ]
);

/// Takes a coupon of a pool: first come, first served, one a user.
#[utoipa::path(
    tag = "coupons",
    params(("id" = Uuid, Path, description = "The pool."), KeyedHeaders),
    responses((status = 201, description = "Issued.", body = platform::Data<Issued>), Errors),
    security(("bearer" = []))
)]
#[post("/coupon-pools/{id}/coupons")]
pub(super) async fn claim_coupon(
    api: Data<CommandApi>,
    customer: Customer,
    call: KeyedCall,
    id: Path<String>,
    _: NoBody,
) -> Result<HttpResponse, ApiError> {
    let operation = ClaimCoupon {
        pool_id: in_path(&id)?,
        user_id: user_of(&customer)?,
        now: call.0.now,
    };
    let ticket = api.take(&customer, &call.0, b"")?;
    let claim = Claim {
        store: api.store().clone(),
        gate: api.gate().cloned(),
        ticket,
        operation,
    };
    let outcome = detached(claim.run()).await?;
    Ok(respond(outcome, &REPLY))
}

const REPLY: Reply = Reply::created_in(COUPONS);

struct Claim {
    store: EventStore,
    gate: Option<CouponGate>,
    ticket: Ticket,
    operation: ClaimCoupon,
}

impl Claim {
    async fn run(self) -> Result<Outcome, ApiError> {
        let Some(gate) = &self.gate else {
            let command = self.ticket.command(self.operation.clone(), REPLY.status());
            return self.store.execute(command).await.map_err(unexecuted);
        };
        let knock = Knock {
            pool_id: self.operation.pool_id,
            user_id: self.operation.user_id.clone(),
            command_id: self.ticket.id,
            now: self.operation.now,
            language: self.ticket.language,
            request_id: self.ticket.request_id.as_str().to_owned(),
        };
        failpoint!("command-api.gate.admit.before");
        let admission = gate.admit(&knock).await;
        failpoint!("command-api.gate.admit.after");
        match admission {
            Admission::Ask(permit) => {
                let command = self.ticket.command(self.operation.clone(), REPLY.status());
                let outcome = self.store.execute(command).await;
                failpoint!("command-api.gate.settle.before");
                gate.settle(&knock, permit, &outcome).await;
                failpoint!("command-api.gate.settle.after");
                outcome.map_err(unexecuted)
            }
            // The log is asked before anybody is refused: this very request may have been decided past the gate,
            // or before Redis forgot, and what is in the log counts.
            Admission::Refused(refusal) => {
                let logged = self.logged().await?;
                Ok(logged.unwrap_or_else(|| refusal_outcome(&refusal)))
            }
            Admission::Holder => match self.logged().await? {
                Some(outcome) => Ok(outcome),
                None => {
                    let refusal = gate.refuse(&knock, RefusalCode::AlreadyIssued).await;
                    Ok(refusal_outcome(&refusal))
                }
            },
            Admission::Logged => match self.logged().await? {
                Some(outcome) => Ok(outcome),
                None => {
                    let command = self.ticket.command(self.operation.clone(), REPLY.status());
                    self.store.execute(command).await.map_err(unexecuted)
                }
            },
        }
    }

    /// What the log has for this very command: the first answer of a repeat.
    async fn logged(&self) -> Result<Option<Outcome>, ApiError> {
        let outcome = self.store.outcome(self.ticket.id, self.ticket.fingerprint);
        outcome.await.map_err(unexecuted)
    }
}

fn refusal_outcome(refusal: &Refusal) -> Outcome {
    let error = ApiError::conflict(refusal.code.as_str());
    let body = error_body(&error, refusal.language, &refusal.request_id);
    refused(&error, body, refusal.replayed)
}
