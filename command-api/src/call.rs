//! What a command's request brings beside its body: key, language, request id, preferences, and the time.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderName, IF_MATCH};
use actix_web::{FromRequest, HttpRequest};
use chrono::{DateTime, Utc};
use domain::UserId;
use event_store::Fingerprint;
use platform::{ApiError, Language, Principal, RequestId};
use uuid::Uuid;

/// The header that makes a command idempotent.
pub(crate) const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// The header by which a caller says that it does not want to wait (RFC 7240).
const PREFER: HeaderName = HeaderName::from_static("prefer");
/// The longest key, in bytes: a UUID has 36, a signed token fits too.
const KEY_MAX_BYTES: usize = 255;

/// What a command's request brings beside its body. The only place where the clock is read.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    /// What the caller knows this command by.
    pub(crate) key: Option<String>,
    /// The language of its messages.
    pub(crate) language: Language,
    /// What the logs know this request by.
    pub(crate) request_id: RequestId,
    /// Whether the caller does not want to wait for what comes after the command.
    pub(crate) respond_async: bool,
    /// When the request was taken.
    pub(crate) now: DateTime<Utc>,
    method: String,
    path: String,
    /// The version that the caller saw: with another one it is another request.
    if_match: String,
}

/// A [`Call`] that has its key.
#[derive(Clone, Debug)]
pub(crate) struct KeyedCall(pub(crate) Call);

impl FromRequest for Call {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::of(request))
    }
}

impl FromRequest for KeyedCall {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Call::of(request).and_then(|call| match call.key {
            Some(_) => Ok(Self(call)),
            None => Err(ApiError::new(
                StatusCode::BAD_REQUEST,
                "IDEMPOTENCY_KEY_REQUIRED",
            )),
        }))
    }
}

impl Call {
    fn of(request: &HttpRequest) -> Result<Self, ApiError> {
        Ok(Self {
            key: key(request)?,
            language: Language::from_request(request),
            request_id: RequestId::of(request),
            respond_async: prefers(request, "respond-async"),
            now: Utc::now(),
            method: request.method().as_str().to_owned(),
            path: request.path().to_owned(),
            if_match: if_match(request),
        })
    }

    /// The fingerprint of the request: the same JSON in another order or spacing is the same request.
    pub(crate) fn fingerprint(&self, body: &[u8]) -> Fingerprint {
        Fingerprint::of(&[
            self.method.as_bytes(),
            self.path.as_bytes(),
            self.if_match.as_bytes(),
            &canonical(body),
        ])
    }

    /// The whole that the command's events belong to: the caller's request id when it is a UUID.
    pub(crate) fn correlation_id(&self) -> Uuid {
        Uuid::parse_str(self.request_id.as_str()).unwrap_or_else(|_| Uuid::now_v7())
    }
}

/// The user whom a token speaks for.
///
/// # Errors
/// 403: the subject is not a user's id, as a service's name may not be.
pub(crate) fn user_of(principal: &Principal) -> Result<UserId, ApiError> {
    principal
        .subject()
        .parse()
        .map_err(|_| ApiError::forbidden())
}

fn key(request: &HttpRequest) -> Result<Option<String>, ApiError> {
    let mut headers = request.headers().get_all(IDEMPOTENCY_KEY);
    let Some(header) = headers.next() else {
        return Ok(None);
    };
    let text = header.to_str().ok().filter(|text| {
        (1..=KEY_MAX_BYTES).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic())
    });
    match (text, headers.next()) {
        (Some(text), None) => Ok(Some(text.to_owned())),
        _ => Err(ApiError::new(
            StatusCode::BAD_REQUEST,
            "IDEMPOTENCY_KEY_INVALID",
        )),
    }
}

fn if_match(request: &HttpRequest) -> String {
    let header = request.headers().get(IF_MATCH);
    let text = header.and_then(|value| value.to_str().ok());
    text.unwrap_or_default().to_owned()
}

fn prefers(request: &HttpRequest, preference: &str) -> bool {
    request
        .headers()
        .get_all(PREFER)
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split([',', ';']))
        .any(|token| token.trim().eq_ignore_ascii_case(preference))
}

/// JSON without what does not matter. What is not JSON stays as it is: its parser refuses it anyhow.
fn canonical(body: &[u8]) -> Vec<u8> {
    let Ok(mut value) = serde_json::from_slice::<serde_json::Value>(body) else {
        return body.to_vec();
    };
    // Sorted by default; another crate of the program may ask serde_json to keep the order.
    value.sort_all_objects();
    serde_json::to_vec(&value).unwrap_or_else(|_| body.to_vec())
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn call(request: TestRequest) -> Result<Call, ApiError> {
        Call::of(&request.to_http_request())
    }

    #[test]
    fn a_key_is_1_to_255_visible_ascii_characters() {
        let longest = "k".repeat(255);
        for good in ["a", "\"quoted\"", longest.as_str()] {
            let request = TestRequest::post().insert_header((IDEMPOTENCY_KEY, good));
            assert_eq!(call(request).expect("a call").key.as_deref(), Some(good));
        }
        let too_long = "k".repeat(256);
        for bad in ["", "two words", "tab\t", too_long.as_str()] {
            let request = TestRequest::post().insert_header((IDEMPOTENCY_KEY, bad));
            assert_eq!(
                call(request).expect_err("refused").code(),
                "IDEMPOTENCY_KEY_INVALID"
            );
        }
        let twice = TestRequest::post()
            .append_header((IDEMPOTENCY_KEY, "a"))
            .append_header((IDEMPOTENCY_KEY, "b"));
        assert_eq!(
            call(twice).expect_err("refused").code(),
            "IDEMPOTENCY_KEY_INVALID"
        );
    }

    #[test]
    fn the_same_json_in_another_order_is_the_same_request() {
        let fingerprint = |uri: &str, body: &str| {
            call(TestRequest::post().uri(uri))
                .expect("a call")
                .fingerprint(body.as_bytes())
        };
        let one = fingerprint("/a", r#"{"x":{"b":1,"a":[1,2]},"y":null}"#);
        assert_eq!(
            one,
            fingerprint("/a", "{ \"y\": null,\n\"x\": {\"a\":[1,2], \"b\":1} }")
        );
        assert_ne!(
            one,
            fingerprint("/a", r#"{"x":{"b":1,"a":[2,1]},"y":null}"#)
        );
        assert_ne!(
            one,
            fingerprint("/b", r#"{"x":{"b":1,"a":[1,2]},"y":null}"#)
        );
    }

    #[test]
    fn a_preference_is_found_among_others() {
        for (header, expected) in [
            ("respond-async", true),
            ("return=minimal, Respond-Async; wait=10", true),
            ("respond-asynchronously", false),
        ] {
            let request = TestRequest::post().insert_header((PREFER, header));
            assert_eq!(
                call(request).expect("a call").respond_async,
                expected,
                "{header}"
            );
        }
    }
}
