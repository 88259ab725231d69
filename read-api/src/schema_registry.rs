//! The schema registry's read API, mounted beside the queries.
//!
//! The schemas are another room's, which this one may not know: the composition root hands over a
//! function that answers, and where it is to be found. No token is asked for: stock clients of a registry
//! bring none, and the schemas are the public language of the shop.

use std::borrow::Cow;
use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::web::{self, Bytes, Data, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use percent_encoding::percent_decode_str;
use platform::ApiError;
use serde_json::Value;
use utoipa::openapi::path::{HttpMethod, OperationBuilder, PathItem, PathsBuilder};
use utoipa::openapi::{Paths, ResponseBuilder};

/// Answers a request: its method, the decoded segments of its path, its body.
type Answer = dyn Fn(&str, &[&str], &[u8]) -> (u16, Value) + Send + Sync;

/// Somebody else's schema registry.
#[derive(Clone)]
pub struct SchemaRegistry {
    /// The first segments of the paths that it answers.
    pub path_roots: &'static [&'static str],
    /// The media type of its answers.
    pub content_type: &'static str,
    /// Gives a status and a JSON body.
    pub answer: Arc<Answer>,
}

/// Adds its routes.
pub(crate) fn routes<'a>(
    config: &'a mut ServiceConfig,
    registry: &SchemaRegistry,
) -> &'a mut ServiceConfig {
    config.app_data(Data::new(registry.clone()));
    for root in registry.path_roots {
        let paths = vec![format!("/{root}"), format!("/{root}/{{rest:.*}}")];
        config.service(web::resource(paths).to(answer));
    }
    config
}

async fn answer(
    request: HttpRequest,
    body: Bytes,
    registry: Data<SchemaRegistry>,
) -> Result<HttpResponse, ApiError> {
    let bad = || ApiError::new(StatusCode::BAD_REQUEST, "BAD_REQUEST");
    let segments = segments(request.uri().path()).ok_or_else(bad)?;
    let segments: Vec<&str> = segments.iter().map(AsRef::as_ref).collect();
    let (status, body) = (registry.answer)(request.method().as_str(), &segments, &body);
    let status = StatusCode::from_u16(status).map_err(|error| ApiError::internal(&error))?;
    Ok(HttpResponse::build(status)
        .content_type(registry.content_type)
        .body(body.to_string()))
}

/// The segments of a path, each decoded after it was cut: a subject's name may hold a slash. `None` when
/// one is not UTF-8.
fn segments(path: &str) -> Option<Vec<Cow<'_, str>>> {
    let path = path.strip_prefix('/').unwrap_or(path);
    let path = path.strip_suffix('/').unwrap_or(path);
    path.split('/')
        .map(|segment| percent_decode_str(segment).decode_utf8().ok())
        .collect()
}

/// The paths that clients use, for the OpenAPI document. Their bodies are Confluent's to describe.
pub(crate) fn paths() -> Paths {
    let documented = [
        ("/subjects", "The subjects: one a topic, `{topic}-value`."),
        ("/subjects/{subject}/versions", "The versions of a subject."),
        (
            "/subjects/{subject}/versions/{version}",
            "One version of a subject, or `latest`.",
        ),
        (
            "/schemas/ids/{id}",
            "The schema that a record names by this id.",
        ),
        ("/config", "The compatibility that every new version keeps."),
    ];
    let paths = documented
        .into_iter()
        .fold(PathsBuilder::new(), |paths, (path, what)| {
            paths.path(path, PathItem::new(HttpMethod::Get, operation(path, what)))
        });
    paths.build()
}

fn operation(path: &str, what: &str) -> OperationBuilder {
    let found = ResponseBuilder::new().description("As Confluent's Schema Registry answers.");
    let missing = ResponseBuilder::new().description("`{\"error_code\": …, \"message\": …}`");
    let named = path.split('/').filter_map(|segment| {
        let name = segment.strip_prefix('{')?.strip_suffix('}')?;
        Some(crate::openapi::path_parameter(name))
    });
    OperationBuilder::new()
        .tag("schema registry")
        .summary(Some(what))
        .parameters(Some(named.collect::<Vec<_>>()))
        .response("200", found)
        .response("404", missing)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_segment_is_cut_before_it_is_decoded() {
        let cut = |path| segments(path).map(|s| s.join("|"));
        assert_eq!(cut("/subjects").as_deref(), Some("subjects"));
        assert_eq!(cut("/subjects/").as_deref(), Some("subjects"));
        assert_eq!(
            cut("/subjects/a%2Fb%20c/versions/1").as_deref(),
            Some("subjects|a/b c|versions|1")
        );
        assert_eq!(cut("/subjects/%FF"), None);
    }
}
