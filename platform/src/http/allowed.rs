//! Which methods a path takes: what tells a 405, with its `Allow`, from a 404.

use actix_web::dev::ResourceDef;
use actix_web::http::StatusCode;
use actix_web::http::header::{ALLOW, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, web};
use utoipa::openapi::OpenApi;
use utoipa::openapi::path::PathItem;

use crate::errors::ApiError;

/// The paths of this room, which are no part of an API's document.
const OWN_PATHS: [&str; 5] = [
    "/health/live",
    "/health/ready",
    "/metrics",
    "/openapi.json",
    "/docs",
];

/// The methods of every documented path.
pub(super) struct Allowed(Vec<(ResourceDef, Vec<&'static str>)>);

impl Allowed {
    pub(super) fn of(document: &OpenApi) -> Self {
        let documented = document.paths.paths.iter();
        let documented =
            documented.map(|(path, item)| (ResourceDef::new(path.as_str()), methods(item)));
        let own = OWN_PATHS
            .iter()
            .map(|path| (ResourceDef::new(*path), vec!["GET"]));
        Self(documented.chain(own).collect())
    }

    /// The value of `Allow` for a path, when it is one of ours.
    fn header(&self, path: &str) -> Option<HeaderValue> {
        let matching = self.0.iter().filter(|(pattern, _)| pattern.is_match(path));
        let mut methods: Vec<_> = matching.flat_map(|(_, methods)| methods).copied().collect();
        methods.sort_unstable();
        methods.dedup();
        if methods.is_empty() {
            None
        } else {
            HeaderValue::from_str(&methods.join(", ")).ok()
        }
    }
}

/// What answers when no route does.
pub(super) async fn fallback(
    request: HttpRequest,
    allowed: web::Data<Allowed>,
) -> Result<HttpResponse, ApiError> {
    Err(match allowed.header(request.path()) {
        Some(methods) => ApiError::new(StatusCode::METHOD_NOT_ALLOWED, "METHOD_NOT_ALLOWED")
            .with_header(ALLOW, methods),
        None => ApiError::not_found("NOT_FOUND"),
    })
}

fn methods(item: &PathItem) -> Vec<&'static str> {
    let all = [
        ("GET", item.get.is_some()),
        ("PUT", item.put.is_some()),
        ("POST", item.post.is_some()),
        ("DELETE", item.delete.is_some()),
        ("OPTIONS", item.options.is_some()),
        ("HEAD", item.head.is_some()),
        ("PATCH", item.patch.is_some()),
    ];
    all.into_iter()
        .filter(|(_, is_there)| *is_there)
        .map(|(method, _)| method)
        .collect()
}
