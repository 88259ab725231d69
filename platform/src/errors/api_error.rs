//! The error that handlers return.

use std::borrow::Cow;
use std::fmt;

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::{HttpResponse, ResponseError};

use super::body::{DetailBody, ErrorBody};
use super::catalogue::message;
use super::language::Language;

/// How long a caller waits before it tries again where nobody knows better, in seconds.
pub(crate) const DEFAULT_RETRY_AFTER_S: u32 = 1;

/// A refusal or a failure on its way to the client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiError {
    status: StatusCode,
    code: &'static str,
    message: Option<String>,
    details: Vec<Detail>,
    retry_after_s: Option<u32>,
    /// Boxed, so that a `Result` with this error stays small.
    header: Option<Box<(HeaderName, HeaderValue)>>,
}

/// What is wrong with one field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Detail {
    field: String,
    code: &'static str,
    message: Option<String>,
}

impl Detail {
    /// A field and the code of what is wrong with it.
    #[must_use]
    pub fn new(field: impl Into<String>, code: &'static str) -> Self {
        Self {
            field: field.into(),
            code,
            message: None,
        }
    }

    /// An English message that says more than the catalogue's; Korean keeps the catalogue's.
    #[must_use]
    pub fn with_message(mut self, message: impl Into<String>) -> Self {
        self.message = Some(message.into());
        self
    }

    /// The field.
    #[must_use]
    pub fn field(&self) -> &str {
        &self.field
    }

    /// The code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.code
    }
}

impl ApiError {
    /// An error of this status and code. 429 and 503 carry `Retry-After` even when nobody sets it.
    #[must_use]
    pub fn new(status: StatusCode, code: &'static str) -> Self {
        let wants_retry = matches!(
            status,
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE
        );
        let retry_after_s = wants_retry.then_some(DEFAULT_RETRY_AFTER_S);
        Self {
            status,
            code,
            message: None,
            details: Vec::new(),
            retry_after_s,
            header: None,
        }
    }

    /// 400 `VALIDATION_FAILED` with these details.
    #[must_use]
    pub fn validation(details: Vec<Detail>) -> Self {
        Self {
            details,
            ..Self::new(StatusCode::BAD_REQUEST, "VALIDATION_FAILED")
        }
    }

    /// 400 `VALIDATION_FAILED` for one field.
    #[must_use]
    pub fn invalid_field(field: impl Into<String>, code: &'static str) -> Self {
        Self::validation(vec![Detail::new(field, code)])
    }

    /// 403 `FORBIDDEN`.
    #[must_use]
    pub fn forbidden() -> Self {
        Self::new(StatusCode::FORBIDDEN, "FORBIDDEN")
    }

    /// 404 with the code of what is not there, `NOT_FOUND` where there is none.
    #[must_use]
    pub fn not_found(code: &'static str) -> Self {
        Self::new(StatusCode::NOT_FOUND, code)
    }

    /// 409 with the code of the conflict.
    #[must_use]
    pub fn conflict(code: &'static str) -> Self {
        Self::new(StatusCode::CONFLICT, code)
    }

    /// 503 `OVERLOADED`: a queue is full; the caller tries again.
    #[must_use]
    pub fn overloaded() -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "OVERLOADED")
    }

    /// 503 `SERVICE_UNAVAILABLE`: something that this needs is away.
    #[must_use]
    pub fn unavailable() -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "SERVICE_UNAVAILABLE")
    }

    /// 500 `INTERNAL`. The cause goes to the log, here and once; the client gets the request's id.
    #[must_use]
    pub fn internal(cause: &dyn fmt::Display) -> Self {
        tracing::error!(error = %cause, "the request failed: {cause}");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL")
    }

    /// An English message that says more than the catalogue's; Korean keeps the catalogue's.
    #[must_use]
    pub fn with_message(mut self, message: impl Into<String>) -> Self {
        self.message = Some(message.into());
        self
    }

    /// Adds what is wrong with a field.
    #[must_use]
    pub fn with_detail(mut self, detail: Detail) -> Self {
        self.details.push(detail);
        self
    }

    /// Says when to try again, in seconds.
    #[must_use]
    pub fn with_retry_after_s(mut self, retry_after_s: u32) -> Self {
        self.retry_after_s = Some(retry_after_s);
        self
    }

    /// Adds the one header that the status demands, such as `WWW-Authenticate` or `Allow`.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.header = Some(Box::new((name, value)));
        self
    }

    /// The HTTP status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.code
    }

    /// What is wrong with which field.
    #[must_use]
    pub fn details(&self) -> &[Detail] {
        &self.details
    }

    /// When to try again, in seconds.
    #[must_use]
    pub fn retry_after_s(&self) -> Option<u32> {
        self.retry_after_s
    }

    /// The body for a caller of this language.
    #[must_use]
    pub fn body(&self, language: Language, request_id: Option<&str>) -> ErrorBody {
        let details = self.details.iter().map(|detail| DetailBody {
            field: detail.field.clone(),
            code: Cow::Borrowed(detail.code),
            message: specific(detail.message.as_ref(), detail.code, language),
        });
        ErrorBody {
            error: Cow::Borrowed(self.code),
            message: specific(self.message.as_ref(), self.code, language),
            request_id: request_id.map(Into::into),
            details: details.collect(),
        }
    }

    /// Writes the headers that belong to this error, but for the content's type.
    pub fn write_headers(&self, headers: &mut HeaderMap) {
        if let Some(retry_after_s) = self.retry_after_s {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(retry_after_s));
        }
        if let Some((name, value)) = self.header.as_deref() {
            headers.insert(name.clone(), value.clone());
        }
    }

    /// The whole answer for a caller of this language.
    #[must_use]
    pub fn response(&self, language: Language, request_id: Option<&str>) -> HttpResponse {
        let mut response = HttpResponse::build(self.status)
            .content_type("application/json")
            .insert_header((header::CONTENT_LANGUAGE, language.tag()))
            .insert_header((header::VARY, "Accept-Language"))
            .body(self.body(language, request_id).to_json());
        self.write_headers(response.headers_mut());
        response
    }
}

fn specific(text: Option<&String>, code: &str, language: Language) -> Cow<'static, str> {
    match (text, language) {
        (Some(text), Language::English) => Cow::Owned(text.clone()),
        _ => Cow::Borrowed(message(code, language)),
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.status.as_u16(), self.code)
    }
}

impl std::error::Error for ApiError {}

impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        self.status
    }

    fn error_response(&self) -> HttpResponse {
        self.response(Language::default(), None)
    }
}
