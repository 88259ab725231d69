//! The id that a request is known by: the caller's `X-Request-Id`, or one made here.

use std::convert::Infallible;
use std::fmt;
use std::future::{Ready, ready};
use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use uuid::Uuid;

use crate::card_number::has_card_number;

/// The header that brings it and takes it back.
pub const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The longest id taken from a caller, in bytes: it goes into every log line of the request.
const MAX_REQUEST_ID_BYTES: usize = 128;

/// A request's id; cheap to clone. As a handler's argument it never fails.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestId(Arc<str>);

impl RequestId {
    /// The caller's id when it is 1 to 128 visible ASCII characters and no card's number, otherwise a new UUIDv7.
    #[must_use]
    pub fn taken_or_made(header: Option<&HeaderValue>) -> Self {
        let taken = header.and_then(|value| value.to_str().ok()).filter(|text| {
            (1..=MAX_REQUEST_ID_BYTES).contains(&text.len())
                && text.bytes().all(|byte| byte.is_ascii_graphic())
                && (Uuid::parse_str(text).is_ok() || !has_card_number(text))
        });
        match taken {
            Some(text) => Self(Arc::from(text)),
            None => Self::made(),
        }
    }

    /// The id that the middleware gave this request.
    #[must_use]
    pub fn of(request: &HttpRequest) -> Self {
        request
            .extensions()
            .get::<Self>()
            .cloned()
            .unwrap_or_else(|| {
                let id = Self::taken_or_made(request.headers().get(X_REQUEST_ID));
                tracing::trace!(request.id = %id, "request {id} came past the middleware");
                id
            })
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn made() -> Self {
        let mut buffer = Uuid::encode_buffer();
        Self(Arc::from(
            &*Uuid::now_v7().hyphenated().encode_lower(&mut buffer),
        ))
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromRequest for RequestId {
    type Error = Infallible;
    type Future = Ready<Result<Self, Infallible>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self::of(request)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_callers_id_is_taken_only_when_it_is_short_visible_ascii() {
        let longest = "x".repeat(MAX_REQUEST_ID_BYTES);
        for good in ["a", "0190-abc", "!~", longest.as_str()] {
            let header = HeaderValue::from_str(good).expect("a header");
            assert_eq!(RequestId::taken_or_made(Some(&header)).as_str(), good);
        }
        let too_long = "x".repeat(MAX_REQUEST_ID_BYTES + 1);
        let card = "card-4111-1111-1111-1111";
        for bad in ["", "two words", "tab\tbed", "한글", card, too_long.as_str()] {
            let header = HeaderValue::from_bytes(bad.as_bytes()).expect("a header");
            let made = RequestId::taken_or_made(Some(&header));
            let id = Uuid::parse_str(made.as_str()).expect("a UUID is made");
            assert_eq!(id.get_version_num(), 7);
        }
    }
}
