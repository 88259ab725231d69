//! JSON bodies that name the field that is wrong.
//!
//! The DTO says `#[serde(deny_unknown_fields)]`; what does not fit answers 400 with the field's path and a
//! code, a body that is too large 413, another content type 415, a body that trickles in 408. Of a handler's
//! arguments the first that refuses decides, so whoever calls stands before the body.
//!
//! The OpenAPI macro does not know these extractors: say `request_body = T` beside them.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::error::PayloadError;
use actix_web::http::StatusCode;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::web::Bytes;
use actix_web::{FromRequest, HttpRequest};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::errors::{ApiError, Detail};

/// The longest wait for a whole body where the server sets none.
const DEFAULT_BODY_TIMEOUT: Duration = Duration::from_secs(10);

/// The longest name of a field that is repeated in an answer, in characters: the sender chose it.
const MAX_FIELD_CHARS: usize = 200;

/// The wait for a whole body, as the server sets it.
#[derive(Clone, Copy)]
pub(crate) struct BodyTimeout(pub(crate) Duration);

/// A body that is JSON and fits `T`.
#[derive(Clone, Debug)]
pub struct ValidJson<T>(pub T);

/// As [`ValidJson`], with the bytes as they came: for a fingerprint of the request.
#[derive(Clone, Debug)]
pub struct JsonWithBytes<T> {
    /// What the body says.
    pub value: T,
    /// The body.
    pub bytes: Bytes,
}

impl<T: DeserializeOwned> FromRequest for ValidJson<T> {
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, ApiError>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let body = body(request, payload);
        Box::pin(async move { Ok(Self(parse(&body.await?)?)) })
    }
}

impl<T: DeserializeOwned> FromRequest for JsonWithBytes<T> {
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, ApiError>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let body = body(request, payload);
        Box::pin(async move {
            let bytes = body.await?;
            Ok(Self {
                value: parse(&bytes)?,
                bytes,
            })
        })
    }
}

/// No body: nothing, or `{}` from clients that always send JSON. Whatever its content type is, it is awaited
/// as long as any other body and no longer.
#[derive(Clone, Copy, Debug)]
pub struct NoBody;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Empty {}

impl FromRequest for NoBody {
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, ApiError>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let bytes = whole(request, payload);
        Box::pin(async move {
            let bytes = bytes.await?;
            if !bytes.trim_ascii().is_empty() {
                let Empty {} = parse(&bytes)?;
            }
            Ok(Self)
        })
    }
}

/// Parses a body.
///
/// # Errors
/// 400 `MALFORMED_JSON`, or 400 `VALIDATION_FAILED` with the field: `UNKNOWN_FIELD`, `MISSING_FIELD`,
/// `DUPLICATE_FIELD`, `WRONG_TYPE`, or `INVALID_VALUE` with what the type itself says.
pub fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ApiError> {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let path = error.path().to_string();
        refusal(if path == "." { "" } else { &path }, error.inner())
    })?;
    deserializer.end().map_err(|error| refusal("", &error))?;
    Ok(value)
}

fn body(
    request: &HttpRequest,
    payload: &mut Payload,
) -> impl Future<Output = Result<Bytes, ApiError>> + 'static {
    let is_json = is_json(request);
    let bytes = whole(request, payload);
    async move {
        if !is_json {
            let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
            return Err(ApiError::new(status, "UNSUPPORTED_MEDIA_TYPE"));
        }
        bytes.await
    }
}

/// All of a body, in time and within the server's limit.
fn whole(
    request: &HttpRequest,
    payload: &mut Payload,
) -> impl Future<Output = Result<Bytes, ApiError>> + 'static {
    let limit = request
        .app_data::<BodyTimeout>()
        .map_or(DEFAULT_BODY_TIMEOUT, |limit| limit.0);
    let bytes = Bytes::from_request(request, payload);
    async move {
        match tokio::time::timeout(limit, bytes).await {
            Ok(bytes) => bytes.map_err(|error| unreadable(&error)),
            Err(_) => Err(ApiError::new(
                StatusCode::REQUEST_TIMEOUT,
                "REQUEST_TIMEOUT",
            )),
        }
    }
}

fn is_json(request: &HttpRequest) -> bool {
    let header = request
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let essence = header
        .and_then(|text| text.split(';').next())
        .unwrap_or_default()
        .trim();
    let essence = essence.to_ascii_lowercase();
    essence == "application/json"
        || (essence.starts_with("application/") && essence.ends_with("+json"))
}

fn payload_too_large() -> ApiError {
    ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "PAYLOAD_TOO_LARGE")
}

fn unreadable(error: &actix_web::Error) -> ApiError {
    match error.as_error::<PayloadError>() {
        Some(PayloadError::Overflow) => payload_too_large(),
        _ if error.as_response_error().status_code() == StatusCode::PAYLOAD_TOO_LARGE => {
            payload_too_large()
        }
        _ => ApiError::new(StatusCode::BAD_REQUEST, "BAD_REQUEST"),
    }
}

/// The library's errors of data are texts, so the kind is read off their stable beginnings; an
/// integration test pins each of them.
fn refusal(path: &str, error: &serde_json::Error) -> ApiError {
    if !error.is_data() {
        let place = format!("line {}, column {}", error.line(), error.column());
        return ApiError::new(StatusCode::BAD_REQUEST, "MALFORMED_JSON")
            .with_message(format!("The body is not valid JSON: {place}."));
    }
    let text = error.to_string();
    let text = text
        .rsplit_once(" at line ")
        .map_or(text.as_str(), |(text, _)| text);
    let named = text.split('`').nth(1).unwrap_or_default();
    let detail = if text.starts_with("unknown field `") {
        Detail::new(joined(path, named), "UNKNOWN_FIELD")
    } else if text.starts_with("missing field `") {
        Detail::new(joined(path, named), "MISSING_FIELD")
    } else if text.starts_with("duplicate field `") {
        Detail::new(joined(path, named), "DUPLICATE_FIELD")
    } else if text.starts_with("invalid type: ") || text.starts_with("invalid length ") {
        Detail::new(shortened(path), "WRONG_TYPE")
    } else if text.starts_with("invalid value: ") || text.starts_with("unknown variant `") {
        Detail::new(shortened(path), "INVALID_VALUE")
    } else {
        Detail::new(shortened(path), "INVALID_VALUE").with_message(text)
    };
    ApiError::validation(vec![detail])
}

/// The path with the field at its end, which is there already for some kinds of error.
fn joined(path: &str, field: &str) -> String {
    let ends_with_it = path == field || path.strip_suffix(field).is_some_and(|p| p.ends_with('.'));
    if ends_with_it || path.is_empty() {
        shortened(if path.is_empty() { field } else { path })
    } else {
        shortened(&format!("{path}.{field}"))
    }
}

fn shortened(field: &str) -> String {
    field.chars().take(MAX_FIELD_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields, rename_all = "camelCase")]
    #[expect(dead_code, reason = "only whether it parses matters")]
    struct Order {
        items: Vec<Item>,
        coupon_code: Option<String>,
        discount: Option<Discount>,
        state: Option<State>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields, rename_all = "camelCase")]
    #[expect(dead_code, reason = "only whether it parses matters")]
    struct Item {
        product_id: uuid::Uuid,
        quantity: u32,
    }

    #[derive(Debug, Deserialize)]
    #[serde(tag = "type", rename_all = "UPPERCASE", deny_unknown_fields)]
    #[expect(dead_code, reason = "only whether it parses matters")]
    enum Discount {
        Percent { percent: u8 },
    }

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "UPPERCASE")]
    enum State {
        On,
    }

    const ID: &str = "01890a5d-ac96-774b-bcce-b302099a8057";

    fn wrong(text: &str) -> (String, &'static str) {
        let text = text.replace("ID", ID);
        let error = parse::<Order>(text.as_bytes()).expect_err(&text);
        assert_eq!(error.status(), StatusCode::BAD_REQUEST, "{text}");
        match error.details() {
            [] => (String::new(), error.code()),
            [detail] => (detail.field().to_owned(), detail.code()),
            several => panic!("{several:?}"),
        }
    }

    #[test]
    fn each_mistake_names_its_field() {
        for (text, field, code) in [
            (r#"{"items": [], "colour": 1}"#, "colour", "UNKNOWN_FIELD"),
            (
                r#"{"items": [{"productId": "ID", "quantity": 1, "x": 2}]}"#,
                "items[0].x",
                "UNKNOWN_FIELD",
            ),
            (
                r#"{"items": [{"productId": "ID"}]}"#,
                "items[0].quantity",
                "MISSING_FIELD",
            ),
            ("{}", "items", "MISSING_FIELD"),
            (r#"{"items": [], "items": []}"#, "items", "DUPLICATE_FIELD"),
            (
                r#"{"items": [{"productId": "ID", "quantity": "1"}]}"#,
                "items[0].quantity",
                "WRONG_TYPE",
            ),
            (
                r#"{"items": [{"productId": "ID", "quantity": 1.5}]}"#,
                "items[0].quantity",
                "WRONG_TYPE",
            ),
            (
                r#"{"items": [{"productId": "ID", "quantity": null}]}"#,
                "items[0].quantity",
                "WRONG_TYPE",
            ),
            (
                r#"{"items": [{"productId": "ID", "quantity": -1}]}"#,
                "items[0].quantity",
                "INVALID_VALUE",
            ),
            (
                r#"{"items": [{"productId": "ID", "quantity": 4294967296}]}"#,
                "items[0].quantity",
                "INVALID_VALUE",
            ),
            (
                r#"{"items": [{"productId": "nothing", "quantity": 1}]}"#,
                "items[0].productId",
                "INVALID_VALUE",
            ),
            (r#"{"items": {}}"#, "items", "WRONG_TYPE"),
            (
                r#"{"items": [], "couponCode": 7}"#,
                "couponCode",
                "WRONG_TYPE",
            ),
            (r#"{"items": [], "state": "OFF"}"#, "state", "INVALID_VALUE"),
            (
                r#"{"items": [], "discount": {"percent": 5}}"#,
                "discount.type",
                "MISSING_FIELD",
            ),
            (
                r#"{"items": [], "discount": {"type": "HALF"}}"#,
                "discount.type",
                "INVALID_VALUE",
            ),
            (
                r#"{"items": [], "discount": {"type": "PERCENT"}}"#,
                "discount.percent",
                "MISSING_FIELD",
            ),
            (
                r#"{"items": [], "discount": {"type": "PERCENT", "percent": 5, "x": 1}}"#,
                "discount.x",
                "UNKNOWN_FIELD",
            ),
            (
                r#"{"items": [], "discount": {"type": "PERCENT", "percent": "5"}}"#,
                "discount",
                "WRONG_TYPE",
            ),
            ("[]", "", "WRONG_TYPE"),
            ("7", "", "WRONG_TYPE"),
        ] {
            assert_eq!(wrong(text), (field.to_owned(), code), "{text}");
        }
    }

    #[test]
    fn what_is_not_json_is_malformed() {
        for text in [
            "",
            " ",
            "{",
            "{]",
            r#"{"items": []} x"#,
            "nul",
            r#"{"items": [1e999]}"#,
        ] {
            assert_eq!(wrong(text), (String::new(), "MALFORMED_JSON"), "{text}");
        }
        let deep = parse::<serde_json::Value>("[".repeat(1000).as_bytes()).expect_err("too deep");
        assert_eq!(deep.code(), "MALFORMED_JSON");
        let error = parse::<Order>(b"\xff").expect_err("not UTF-8");
        assert_eq!(error.code(), "MALFORMED_JSON");
    }

    #[test]
    fn a_field_that_is_named_after_its_end_is_named_whole() {
        assert_eq!(joined("a.subid", "id"), "a.subid.id");
        assert_eq!(joined("a.id", "id"), "a.id");
        assert_eq!(joined("id", "id"), "id");
        assert_eq!(joined("", "id"), "id");
        assert_eq!(joined("", &"x".repeat(1000)).len(), MAX_FIELD_CHARS);
    }
}
