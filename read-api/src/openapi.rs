//! The parts of the OpenAPI document that operations share: parameters, and the error codes of each status.
//! Which codes are an operation's own is said beside its handler, by [`errors!`].

use std::collections::BTreeMap;

use platform::errors::{DetailBody, ErrorBody};
use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{AllOfBuilder, ObjectBuilder, Schema, Type};
use utoipa::openapi::tag::TagBuilder;
use utoipa::openapi::{
    Components, HeaderBuilder, Info, OpenApi, Ref, RefOr, Required, Response, ResponseBuilder,
};
use utoipa::{IntoParams, PartialSchema as _, ToSchema as _};

use crate::schema_registry;

/// Error codes by status.
pub(crate) type Codes = [(u16, &'static [&'static str])];

/// What any query can answer.
const ANY: &Codes = &[
    (400, &["BAD_REQUEST", "TOO_MANY", "VALIDATION_FAILED"]),
    (401, &["UNAUTHENTICATED"]),
    (500, &["INTERNAL"]),
    (503, &["NOT_CAUGHT_UP", "SERVICE_UNAVAILABLE", "TIMEOUT"]),
];

/// Names the errors that an operation can answer with besides those that any can: a type for its
/// `responses(…)`.
macro_rules! errors {
    ($name:ident, [$($status:literal: $codes:expr),* $(,)?]) => {
        /// The errors of the operation.
        pub(super) struct $name;

        impl utoipa::IntoResponses for $name {
            fn responses() -> std::collections::BTreeMap<
                String,
                utoipa::openapi::RefOr<utoipa::openapi::Response>,
            > {
                $crate::openapi::error_responses(&[$(($status, &$codes)),*])
            }
        }
    };
}
pub(crate) use errors;

/// The error responses of an operation: each status with every code that may come with it.
pub(crate) fn error_responses(own: &Codes) -> BTreeMap<String, RefOr<Response>> {
    let mut by_status: BTreeMap<u16, Vec<&'static str>> = BTreeMap::new();
    for (status, codes) in ANY.iter().chain(own) {
        by_status.entry(*status).or_default().extend(*codes);
    }
    by_status
        .into_iter()
        .map(|(status, codes)| (status.to_string(), RefOr::T(error_response(status, codes))))
        .collect()
}

fn error_response(status: u16, codes: Vec<&'static str>) -> Response {
    let listed: Vec<String> = codes.iter().map(|code| format!("`{code}`")).collect();
    let one_of = ObjectBuilder::new()
        .schema_type(Type::String)
        .enum_values(Some(codes));
    let body = AllOfBuilder::new()
        .item(Ref::from_schema_name(ErrorBody::name()))
        .item(ObjectBuilder::new().property("error", one_of));
    let content = ContentBuilder::new()
        .schema(Some(Schema::AllOf(body.build())))
        .build();
    let response = ResponseBuilder::new()
        .description(listed.join(", "))
        .content("application/json", content);
    if status != 503 {
        return response.build();
    }
    let seconds = HeaderBuilder::new()
        .schema(Some(ObjectBuilder::new().schema_type(Type::Integer)))
        .description(Some("When to ask again, in seconds."));
    response.header("Retry-After", seconds.build()).build()
}

/// The parameters that every query takes.
pub(crate) struct AnyQuery;

impl IntoParams for AnyQuery {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let position =
            "The answer is at least as new as this log position, or 503 after a bounded wait.";
        vec![
            parameter("minPosition", ParameterIn::Query, Type::Integer, position),
            parameter("Min-Position", ParameterIn::Header, Type::Integer, position),
            parameter(
                "Accept-Language",
                ParameterIn::Header,
                Type::String,
                "`ko` (the default) or `en`, for messages.",
            ),
            parameter(
                "X-Request-Id",
                ParameterIn::Header,
                Type::String,
                "Returned as it came; made when there is none.",
            ),
        ]
    }
}

fn parameter(name: &str, place: ParameterIn, kind: Type, what: &str) -> Parameter {
    ParameterBuilder::new()
        .name(name)
        .parameter_in(place)
        .required(Required::False)
        .description(Some(what))
        .schema(Some(ObjectBuilder::new().schema_type(kind)))
        .build()
}

/// A parameter of a path, as text.
pub(crate) fn path_parameter(name: &str) -> Parameter {
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Path)
        .required(Required::True)
        .schema(Some(ObjectBuilder::new().schema_type(Type::String)))
        .build()
}

/// What stands in the document beside the routes.
pub(crate) fn document() -> OpenApi {
    let mut info = Info::new("Commerce queries", env!("CARGO_PKG_VERSION"));
    info.description = Some(
        "The read side. A query that names the position of a command's answer (`minPosition`) sees what \
         the command did. Lists count their entries up to 10 000; beyond, `totalIsExact` is false."
            .to_owned(),
    );
    let mut document = OpenApi::new(info, schema_registry::paths());
    let mut components = Components::new();
    components
        .schemas
        .insert(ErrorBody::name().into_owned(), ErrorBody::schema());
    components
        .schemas
        .insert(DetailBody::name().into_owned(), DetailBody::schema());
    document.components = Some(components);
    let tags = [
        ("products", "What is sold, and how much of it there is."),
        ("orders", "The caller's orders."),
        ("payments", "How far a payment is."),
        (
            "coupons",
            "The caller's coupons, and the pools that they come from.",
        ),
        (
            "payment-methods",
            "The caller's saved cards: never what charges them.",
        ),
        (
            "points",
            "The caller's points, their lots and what happened to them; any user's for operators.",
        ),
        ("notifications", "What the caller was told."),
        ("events", "The log, for operators."),
        ("projections", "How far the read models are, for operators."),
        (
            "schema registry",
            "The read API of Confluent's Schema Registry; it asks for no token.",
        ),
    ];
    let tags = tags
        .into_iter()
        .map(|(name, what)| TagBuilder::new().name(name).description(Some(what)).build());
    document.tags = Some(tags.collect());
    document
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_that_any_query_can_answer_has_messages() {
        for code in ANY.iter().flat_map(|(_, codes)| *codes) {
            assert!(platform::errors::is_known(code), "{code}");
        }
    }

    #[test]
    fn an_operation_lists_its_own_codes_beside_the_common_ones() {
        let responses = error_responses(&[(404, &["ORDER_NOT_FOUND"])]);
        let statuses: Vec<_> = responses.keys().map(String::as_str).collect();
        assert_eq!(statuses, ["400", "401", "404", "500", "503"]);
        let RefOr::T(missing) = &responses["404"] else {
            panic!("a response, not a reference")
        };
        assert_eq!(missing.description, "`ORDER_NOT_FOUND`");
    }
}
