//! What a tester has put into the companies' answers beside what belongs there: careless servers say things that
//! must not be remembered.

use std::sync::{Mutex, PoisonError};

use actix_web::body::{BoxBody, MessageBody, to_bytes};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::CONTENT_LENGTH;
use actix_web::middleware::Next;
use actix_web::{Error, web};
use serde_json::{Map, Value};

use super::state::MockState;

/// Part of the path of every call of a company's, and of none of a tester's.
const COMPANY_CALL: &str = "/v1/";

/// The fields that are merged into the answers, of all companies.
#[derive(Debug, Default)]
pub(super) struct Extras(Mutex<Option<Map<String, Value>>>);

impl Extras {
    /// Merges these from now on; `None`: answers are as they are.
    pub(super) fn set(&self, fields: Option<Map<String, Value>>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = fields;
    }

    fn get(&self) -> Option<Map<String, Value>> {
        let fields = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        fields.clone()
    }
}

/// Answers a call, with the extras in the answer where that is a JSON object.
pub(super) async fn add_extras(
    mock: web::Data<MockState>,
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let is_company_call = request.path().contains(COMPANY_CALL);
    let response = next.call(request).await?;
    let extras = mock.extras.get().filter(|_| is_company_call);
    let Some(extras) = extras else {
        return Ok(response.map_into_boxed_body());
    };
    let (request, response) = response.into_parts();
    let (mut response, body) = response.into_parts();
    let body = to_bytes(body).await.map_err(Into::into)?;
    let body = match serde_json::from_slice(&body) {
        Ok(Value::Object(mut answer)) => {
            merge(&mut answer, extras);
            response.headers_mut().remove(CONTENT_LENGTH);
            Value::Object(answer).to_string().into()
        }
        Ok(_) | Err(_) => body,
    };
    let response = response.set_body(BoxBody::new(body));
    Ok(ServiceResponse::new(request, response))
}

/// As RFC 7396 merges, but that nothing is taken away.
fn merge(into: &mut Map<String, Value>, extras: Map<String, Value>) {
    for (name, extra) in extras {
        match (into.get_mut(&name), extra) {
            (Some(Value::Object(inner)), Value::Object(extra)) => merge(inner, extra),
            (_, extra) => {
                into.insert(name, extra);
            }
        }
    }
}
