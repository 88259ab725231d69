//! The caller as a handler's argument.

use std::future::{Ready, ready};
use std::ops::Deref;

use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::http::header::{AUTHORIZATION, HeaderValue, WWW_AUTHENTICATE};
use actix_web::{FromRequest, HttpRequest, web};

use super::principal::{Principal, Role};
use super::verifier::{TokenError, Verifier};
use crate::errors::ApiError;

/// Needs a valid token: 401 without one.
impl FromRequest for Principal {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(authenticate(request))
    }
}

/// A caller that runs the shop: 401 without a valid token, 403 without the role.
#[derive(Clone, Debug)]
pub struct Operator(pub Principal);

/// A caller that buys: 401 without a valid token, 403 without the role.
#[derive(Clone, Debug)]
pub struct Customer(pub Principal);

macro_rules! extract_role {
    ($name:ident) => {
        impl FromRequest for $name {
            type Error = ApiError;
            type Future = Ready<Result<Self, ApiError>>;

            fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
                ready(authenticate(request).and_then(|principal| {
                    principal.require(Role::$name)?;
                    Ok(Self(principal))
                }))
            }
        }

        impl Deref for $name {
            type Target = Principal;

            fn deref(&self) -> &Principal {
                &self.0
            }
        }
    };
}

extract_role!(Operator);
extract_role!(Customer);

fn authenticate(request: &HttpRequest) -> Result<Principal, ApiError> {
    let Some(verifier) = request.app_data::<web::Data<Verifier>>() else {
        return Err(ApiError::internal(
            &"a call needs a token, but the server has no verifier",
        ));
    };
    bearer_token(request)
        .and_then(|token| verifier.verify(token))
        .map_err(|error| {
            tracing::debug!(reason = %error, "a token was refused: {error}");
            unauthenticated(error)
        })
}

/// The token of the one `Authorization` header. Two headers are refused: whoever stands in front of us
/// might have looked at the other one.
fn bearer_token(request: &HttpRequest) -> Result<&str, TokenError> {
    let mut headers = request.headers().get_all(AUTHORIZATION);
    let header = headers.next().ok_or(TokenError::Missing)?;
    if headers.next().is_some() {
        return Err(TokenError::Malformed);
    }
    let text = header.to_str().map_err(|_| TokenError::Malformed)?;
    match text.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => Ok(token.trim()),
        _ => Err(TokenError::Missing),
    }
}

/// The challenge of RFC 6750 §3: it says what is wrong only when there was a token.
fn unauthenticated(error: TokenError) -> ApiError {
    let challenge = match error {
        TokenError::Missing => r#"Bearer realm="commerce""#,
        TokenError::Expired => {
            r#"Bearer realm="commerce", error="invalid_token", error_description="expired""#
        }
        _ => r#"Bearer realm="commerce", error="invalid_token""#,
    };
    ApiError::new(StatusCode::UNAUTHORIZED, "UNAUTHENTICATED")
        .with_header(WWW_AUTHENTICATE, HeaderValue::from_static(challenge))
}
