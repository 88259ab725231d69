//! From a stored outcome to the answer's bytes.

use std::borrow::Cow;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderName};
use event_store::Outcome;
use serde::Deserialize;

/// Says that the answer is the first one again.
const IDEMPOTENT_REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// How a success is answered.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reply {
    status: u16,
    location: Option<Location>,
    has_version: bool,
}

#[derive(Clone, Copy, Debug)]
enum Location {
    /// This, followed by the thing's id.
    OfId(&'static str),
    /// This, followed by the id of the thing's payment.
    OfPayment(&'static str),
    /// This.
    Fixed(&'static str),
}

impl Reply {
    /// 200.
    pub(crate) const fn ok() -> Self {
        Self {
            status: 200,
            location: None,
            has_version: false,
        }
    }

    /// 201, and the thing is at `collection` followed by its id.
    pub(crate) const fn created(collection: &'static str) -> Self {
        Self {
            status: 201,
            location: Some(Location::OfId(collection)),
            has_version: false,
        }
    }

    /// 201, and the thing is seen in its payment, which is at `collection` followed by its id.
    pub(crate) const fn created_in_payment(collection: &'static str) -> Self {
        Self {
            status: 201,
            location: Some(Location::OfPayment(collection)),
            has_version: false,
        }
    }

    /// 201, and the thing is seen in this list.
    pub(crate) const fn created_in(list: &'static str) -> Self {
        Self {
            status: 201,
            location: Some(Location::Fixed(list)),
            has_version: false,
        }
    }

    /// 202, for what somebody else does later.
    pub(crate) const fn accepted() -> Self {
        Self {
            status: 202,
            location: None,
            has_version: false,
        }
    }

    /// 202, and what becomes of the thing is seen at `collection` followed by its id.
    pub(crate) const fn accepted_at(collection: &'static str) -> Self {
        Self {
            status: 202,
            location: Some(Location::OfId(collection)),
            has_version: false,
        }
    }

    /// With an `ETag` of the version in the data.
    pub(crate) const fn with_version(self) -> Self {
        Self {
            has_version: true,
            ..self
        }
    }

    pub(crate) fn status(self) -> u16 {
        self.status
    }
}

/// What the headers need of a stored success.
#[derive(Deserialize)]
struct Stored<'a> {
    #[serde(borrow)]
    data: StoredData<'a>,
}

#[derive(Deserialize)]
struct StoredData<'a> {
    #[serde(borrow, default)]
    id: Option<Cow<'a, str>>,
    #[serde(borrow, default, rename = "paymentId")]
    payment_id: Option<Cow<'a, str>>,
    #[serde(default)]
    version: Option<u64>,
}

/// The answer of an outcome: its stored bytes, and for a success the position that it reached.
pub(crate) fn respond(outcome: Outcome, reply: &Reply) -> HttpResponse {
    let status = StatusCode::from_u16(outcome.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = HttpResponse::build(status);
    response.content_type("application/json");
    if outcome.replayed {
        response.insert_header((IDEMPOTENT_REPLAYED, "true"));
    }
    if status.is_client_error() || status.is_server_error() {
        return response.body(outcome.body);
    }
    if reply.location.is_some() || reply.has_version {
        // Read from what is stored: in a repeat, the thing is the one that the first request made.
        if let Ok(stored) = serde_json::from_str::<Stored<'_>>(&outcome.body) {
            let data = &stored.data;
            let location = reply.location.and_then(|location| match location {
                Location::OfId(collection) => {
                    data.id.as_ref().map(|id| format!("{collection}{id}"))
                }
                Location::OfPayment(collection) => {
                    let payment_id = data.payment_id.as_ref();
                    payment_id.map(|id| format!("{collection}{id}"))
                }
                Location::Fixed(list) => Some(list.to_owned()),
            });
            if let Some(location) = location {
                response.insert_header((header::LOCATION, location));
            }
            if let Some(version) = stored.data.version.filter(|_| reply.has_version) {
                response.insert_header((header::ETAG, format!("\"{version}\"")));
            }
        }
    }
    response.body(with_position(outcome.body, outcome.position))
}

/// Puts `meta` with the position into a stored success.
fn with_position(mut body: String, position: u64) -> String {
    if body.ends_with('}') {
        body.pop();
        body.push_str(r#","meta":{"position":"#);
        body.push_str(&position.to_string());
        body.push_str("}}");
    }
    body
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(status: u16, body: &str, replayed: bool) -> Outcome {
        Outcome {
            status,
            body: body.to_owned(),
            position: 7,
            recorded_at: chrono::DateTime::UNIX_EPOCH,
            replayed,
        }
    }

    #[test]
    fn a_success_gets_its_position_and_its_headers_from_what_is_stored() {
        let stored = outcome(201, r#"{"data":{"id":"a-1","version":3}}"#, true);
        let response = respond(stored, &Reply::created("/things/").with_version());
        let header = |name: &str| response.headers().get(name).and_then(|v| v.to_str().ok());
        assert_eq!(header("location"), Some("/things/a-1"));
        assert_eq!(header("etag"), Some("\"3\""));
        assert_eq!(header("idempotent-replayed"), Some("true"));
        assert_eq!(
            with_position(r#"{"data":{"id":"a-1"}}"#.to_owned(), 7),
            r#"{"data":{"id":"a-1"},"meta":{"position":7}}"#
        );
    }

    #[test]
    fn a_refusal_stays_as_it_was_stored() {
        let response = respond(
            outcome(409, r#"{"error":"X"}"#, false),
            &Reply::created("/things/"),
        );
        assert_eq!(response.status(), StatusCode::CONFLICT);
        assert!(response.headers().get("location").is_none());
        assert!(response.headers().get("idempotent-replayed").is_none());
    }
}
