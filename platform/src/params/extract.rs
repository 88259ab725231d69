//! The extractors of path and query parameters.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::{FromRequest, HttpRequest, web};
use serde::de::DeserializeOwned;

use super::de::Params;
use crate::errors::ApiError;

/// The most parameters of one query: the longest list of filters has fewer than ten.
const MAX_QUERY_PARAMETERS: usize = 64;

/// The query parameter, and the header, that ask for an answer at least as new as a log position.
const MIN_POSITION: &str = "minPosition";
const MIN_POSITION_HEADER: &str = "min-position";

/// Path parameters that fit `T`: a single value, a tuple, or a struct of them by name.
#[derive(Clone, Debug)]
pub struct ValidPath<T>(pub T);

/// Query parameters that fit the struct `T`, which says `#[serde(deny_unknown_fields)]`. `minPosition`
/// belongs to [`MinPosition`] and is not shown to it.
#[derive(Clone, Debug)]
pub struct ValidQuery<T>(pub T);

/// The log position that the answer must at least reflect, from `minPosition` or the header
/// `Min-Position`; the greater when there are both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MinPosition(pub Option<u64>);

impl<T: DeserializeOwned> FromRequest for ValidPath<T> {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        // The router's own extractor decodes the values, in their order; their names are in the match.
        let decoded = web::Path::<Vec<String>>::from_request(request, payload);
        let Ok(decoded) = decoded.into_inner() else {
            return ready(Err(ApiError::new(StatusCode::BAD_REQUEST, "BAD_REQUEST")));
        };
        let names = request.match_info().iter().map(|(name, _)| name.to_owned());
        let pairs: Vec<_> = names.zip(decoded.into_inner()).collect();
        ready(parse_pairs(&pairs).map(Self))
    }
}

impl<T: DeserializeOwned> FromRequest for ValidQuery<T> {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(query_pairs(request).and_then(|mut pairs| {
            pairs.retain(|(name, _)| name != MIN_POSITION);
            parse_pairs(&pairs).map(Self)
        }))
    }
}

impl FromRequest for MinPosition {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(min_position(request).map(Self))
    }
}

fn min_position(request: &HttpRequest) -> Result<Option<u64>, ApiError> {
    let position = |text: &str, field: &str| {
        text.parse::<u64>()
            .map_err(|_| ApiError::invalid_field(field, "WRONG_TYPE"))
    };
    let mut least = None;
    for (name, value) in query_pairs(request)? {
        if name == MIN_POSITION {
            least = least.max(Some(position(&value, MIN_POSITION)?));
        }
    }
    if let Some(header) = request.headers().get(MIN_POSITION_HEADER) {
        let text = header.to_str().unwrap_or_default();
        least = least.max(Some(position(text, "Min-Position")?));
    }
    Ok(least)
}

/// The query's parameters, decoded, in their order.
pub(crate) fn query_pairs(request: &HttpRequest) -> Result<Vec<(String, String)>, ApiError> {
    let query = request.query_string();
    if query.is_empty() {
        return Ok(Vec::new());
    }
    if query.split('&').count() > MAX_QUERY_PARAMETERS {
        return Err(ApiError::new(StatusCode::BAD_REQUEST, "TOO_MANY"));
    }
    match web::Query::<Vec<(String, String)>>::from_query(query) {
        Ok(pairs) => Ok(pairs.into_inner()),
        Err(_) => Err(ApiError::new(StatusCode::BAD_REQUEST, "BAD_REQUEST")),
    }
}

/// Reads parameters as a `T`.
pub(crate) fn parse_pairs<T: DeserializeOwned>(pairs: &[(String, String)]) -> Result<T, ApiError> {
    T::deserialize(Params(pairs)).map_err(super::error::ParamError::into_api_error)
}
