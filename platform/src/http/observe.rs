//! What surrounds every request: its id, its span, its time limit, the form of its errors, its metrics.

use std::fmt;
use std::time::{Duration, Instant};

use actix_web::body::{BodySize, EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::HeaderValue;
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, HttpResponse, ResponseError};
use tracing::Instrument;

use super::measure;
use crate::errors::{ApiError, Language};
use crate::request_id::{RequestId, X_REQUEST_ID};

/// The longest wait for an answer where the server sets none.
const DEFAULT_ANSWER_TIMEOUT: Duration = Duration::from_secs(30);

/// The wait for an answer, as the server sets it.
#[derive(Clone, Copy)]
pub(super) struct AnswerTimeout(pub(super) Duration);

pub(super) async fn observe<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, Error> {
    let started = Instant::now();
    let id = RequestId::taken_or_made(request.headers().get(X_REQUEST_ID));
    let language = Language::from_request(&request);
    let method = request.method().clone();
    let limit = request
        .app_data::<AnswerTimeout>()
        .map_or(DEFAULT_ANSWER_TIMEOUT, |limit| limit.0);
    request.extensions_mut().insert(id.clone());
    let span = tracing::info_span!("request", request.id = %id);
    async move {
        let answer = match tokio::time::timeout(limit, next.call(request)).await {
            Ok(Ok(response)) => Ok(in_one_form(response, language, &id)),
            Ok(Err(error)) => Err(by_error(&error)),
            Err(_) => Err(ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "TIMEOUT")),
        };
        let took = started.elapsed();
        match answer {
            Ok(response) => {
                let route = response.request().match_pattern();
                finished(&method, route.as_deref(), response.status(), took, &id);
                Ok(response)
            }
            // The request went into what failed, so its route is not known any more.
            Err(error) => {
                finished(&method, None, error.status(), took, &id);
                Err(Rendered {
                    error,
                    language,
                    id,
                }
                .into())
            }
        }
    }
    .instrument(span)
    .await
}

/// Gives the answer its request id and, when it is an error without a body of the room's own, the one
/// form of errors in the caller's language.
fn in_one_form<B: MessageBody>(
    response: ServiceResponse<B>,
    language: Language,
    id: &RequestId,
) -> ServiceResponse<EitherBody<B>> {
    let mut response = match error_of(&response) {
        Some(error) => {
            let answer = error.response(language, Some(id.as_str()));
            response.into_response(answer).map_into_right_body()
        }
        None => response.map_into_left_body(),
    };
    stamp(response.response_mut(), id);
    response
}

fn error_of<B: MessageBody>(response: &ServiceResponse<B>) -> Option<ApiError> {
    let status = response.status();
    if !(status.is_client_error() || status.is_server_error()) {
        return None;
    }
    match response.response().error() {
        Some(error) => Some(by_error(error)),
        None => match response.response().body().size() {
            BodySize::None | BodySize::Sized(0) => Some(by_status(status)),
            BodySize::Sized(_) | BodySize::Stream => None,
        },
    }
}

fn by_error(error: &Error) -> ApiError {
    if let Some(error) = error.as_error::<ApiError>() {
        return error.clone();
    }
    let status = error.as_response_error().status_code();
    if status.is_server_error() {
        ApiError::internal(error)
    } else {
        by_status(status)
    }
}

fn by_status(status: StatusCode) -> ApiError {
    let code = match status.as_u16() {
        401 => "UNAUTHENTICATED",
        403 => "FORBIDDEN",
        404 => "NOT_FOUND",
        405 => "METHOD_NOT_ALLOWED",
        406 => "NOT_ACCEPTABLE",
        408 => "REQUEST_TIMEOUT",
        409 => "CONFLICT",
        412 => "PRECONDITION_FAILED",
        413 => "PAYLOAD_TOO_LARGE",
        415 => "UNSUPPORTED_MEDIA_TYPE",
        428 => "PRECONDITION_REQUIRED",
        429 => "TOO_MANY_REQUESTS",
        503 => "SERVICE_UNAVAILABLE",
        500.. => "INTERNAL",
        _ => "BAD_REQUEST",
    };
    ApiError::new(status, code)
}

fn stamp<B>(response: &mut HttpResponse<B>, id: &RequestId) {
    if let Ok(value) = HeaderValue::from_str(id.as_str()) {
        response.headers_mut().insert(X_REQUEST_ID, value);
    }
}

/// Counts the request and writes its line: at info when it failed, otherwise at debug. 503 is how a
/// service under pressure speaks, and a line for each would add to the pressure; the counter has them.
fn finished(
    method: &Method,
    route: Option<&str>,
    status: StatusCode,
    took: Duration,
    id: &RequestId,
) {
    measure::count(method, route, status, took);
    let route = route.unwrap_or(measure::UNMATCHED);
    let (status, duration_ms) = (status.as_u16(), took.as_secs_f64() * 1000.0);
    if status >= 500 && status != 503 {
        tracing::info!(
            request.id = %id, http.method = %method, http.route = route, http.status = status, duration_ms,
            "{method} {route} answered {status}"
        );
    } else {
        tracing::debug!(
            request.id = %id, http.method = %method, http.route = route, http.status = status, duration_ms,
            "{method} {route} answered {status}"
        );
    }
}

/// An error that left the request behind, and so carries what its answer needs.
#[derive(Debug)]
struct Rendered {
    error: ApiError,
    language: Language,
    id: RequestId,
}

impl fmt::Display for Rendered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl ResponseError for Rendered {
    fn status_code(&self) -> StatusCode {
        self.error.status()
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = self.error.response(self.language, Some(self.id.as_str()));
        stamp(&mut response, &self.id);
        response
    }
}
