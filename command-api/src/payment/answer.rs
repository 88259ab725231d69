//! What a payment's request is answered.

use std::borrow::Cow;

use actix_web::http::StatusCode;
use domain::payment::PaymentStatus;
use event_store::{Answer, Outcome};
use platform::ApiError;
use platform::errors::{DetailBody, ErrorBody, message};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::outcomes::PaymentOutcome;
use crate::execute::{Ticket, success_body};

/// The code of a payment that the gateway did not make.
const DECLINED: &str = "PAYMENT_DECLINED";
/// The field of the request that the gateway's refusal is about.
const TOKEN: &str = "token";

/// A payment as its request's command answered it.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Requested {
    pub(super) id: domain::PaymentId,
    order_id: Value,
    amount: Value,
    points: Value,
    pub(super) status: PaymentStatus,
}

#[derive(Deserialize)]
struct Stored {
    data: Requested,
}

impl Requested {
    /// From the command's stored answer.
    pub(super) fn from_outcome(outcome: &Outcome) -> Result<Self, ApiError> {
        serde_json::from_str::<Stored>(&outcome.body)
            .map(|stored| stored.data)
            .map_err(|error| ApiError::internal(&error))
    }

    /// The final answer: 201, or 402 when the gateway did not charge.
    pub(super) fn answered(self, ticket: &Ticket, outcome: Option<PaymentOutcome>) -> Answer {
        let status = match outcome {
            Some(PaymentOutcome::Declined { code }) => return declined(ticket, code),
            Some(PaymentOutcome::Charged(status)) => status,
            // An unknown outcome is asked for again: to the caller it is still to come.
            Some(PaymentOutcome::Unknown | PaymentOutcome::GivenBack | PaymentOutcome::Delayed)
            | None => PaymentStatus::Pending,
        };
        self.with_status(status, StatusCode::CREATED)
    }

    /// The answer to a caller who does not want to wait.
    pub(super) fn accepted(self) -> Answer {
        let status = self.status;
        self.with_status(status, StatusCode::ACCEPTED)
    }

    fn with_status(self, status: PaymentStatus, http: StatusCode) -> Answer {
        let data = serde_json::json!(Self { status, ..self });
        Answer {
            status: http.as_u16(),
            body: success_body(&data),
        }
    }
}

fn declined(ticket: &Ticket, gateway_code: String) -> Answer {
    let text = Cow::Borrowed(message(DECLINED, ticket.language));
    let body = ErrorBody {
        error: Cow::Borrowed(DECLINED),
        message: text.clone(),
        request_id: Some(ticket.request_id.as_str().to_owned()),
        details: vec![DetailBody {
            field: TOKEN.to_owned(),
            code: Cow::Owned(gateway_code),
            message: text,
        }],
    };
    Answer {
        status: StatusCode::PAYMENT_REQUIRED.as_u16(),
        body: String::from_utf8_lossy(&body.to_json()).into_owned(),
    }
}
