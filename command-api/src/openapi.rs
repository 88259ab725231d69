//! The parts of the OpenAPI document that every operation needs: headers, and the error codes of each
//! status. Which codes are an operation's own is said beside its handler, by [`errors!`].

use std::collections::BTreeMap;

use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{AllOfBuilder, ObjectBuilder, Type};
use utoipa::openapi::tag::TagBuilder;
use utoipa::openapi::{
    Components, Info, OpenApi, Paths, Ref, RefOr, Required, Response, ResponseBuilder, Schema,
};
use utoipa::{IntoParams, PartialSchema as _, ToSchema as _};

use platform::errors::{DetailBody, ErrorBody};

/// Error codes by status.
pub(crate) type Codes = &'static [(u16, &'static [&'static str])];

/// What any command can answer.
const ANY: Codes = &[
    (
        400,
        &[
            "BAD_REQUEST",
            "IDEMPOTENCY_KEY_INVALID",
            "MALFORMED_JSON",
            "VALIDATION_FAILED",
        ],
    ),
    (401, &["UNAUTHENTICATED"]),
    (403, &["FORBIDDEN"]),
    (408, &["REQUEST_TIMEOUT"]),
    (409, &["REQUEST_IN_PROGRESS"]),
    (413, &["PAYLOAD_TOO_LARGE"]),
    (422, &["IDEMPOTENCY_KEY_REUSED"]),
    (500, &["INTERNAL"]),
    (503, &["OVERLOADED", "SERVICE_UNAVAILABLE", "TIMEOUT"]),
];
/// What a command with a body can answer besides.
pub(crate) const WITH_BODY: Codes = &[(415, &["UNSUPPORTED_MEDIA_TYPE"])];
/// What a command that needs a key can answer besides.
pub(crate) const WITH_KEY: Codes = &[(400, &["IDEMPOTENCY_KEY_REQUIRED"])];
/// What a command with a body that needs a key can answer besides.
pub(crate) const WITH_BODY_AND_KEY: Codes = &[
    (400, &["IDEMPOTENCY_KEY_REQUIRED"]),
    (415, &["UNSUPPORTED_MEDIA_TYPE"]),
];
/// What a command with neither can answer besides.
pub(crate) const PLAIN: Codes = &[];

/// Says which errors an operation can answer with besides those that any can: a type for its
/// `responses(…)`.
macro_rules! errors {
    ($name:ident, $kind:expr, [$($status:literal: $codes:expr),* $(,)?]) => {
        /// The errors of the operation.
        pub(super) struct $name;

        impl utoipa::IntoResponses for $name {
            fn responses() -> std::collections::BTreeMap<
                String,
                utoipa::openapi::RefOr<utoipa::openapi::Response>,
            > {
                $crate::openapi::responses($kind, &[$(($status, &$codes)),*])
            }
        }
    };
}
pub(crate) use errors;

/// The error responses of an operation: each status with all codes that may come with it.
pub(crate) fn responses(
    kind: Codes,
    own: &[(u16, &'static [&'static str])],
) -> BTreeMap<String, RefOr<Response>> {
    let mut by_status: BTreeMap<u16, Vec<&'static str>> = BTreeMap::new();
    for (status, codes) in ANY.iter().chain(kind).chain(own) {
        by_status.entry(*status).or_default().extend(*codes);
    }
    let responses = by_status.into_iter().map(|(status, mut codes)| {
        codes.sort_unstable();
        codes.dedup();
        (status.to_string(), RefOr::T(response(status, &codes)))
    });
    responses.collect()
}

fn response(status: u16, codes: &[&'static str]) -> Response {
    let named: Vec<String> = codes.iter().map(|code| format!("`{code}`")).collect();
    let code = ObjectBuilder::new()
        .schema_type(Type::String)
        .enum_values(Some(codes.to_vec()));
    let schema = AllOfBuilder::new()
        .item(Ref::from_schema_name("ErrorBody"))
        .item(ObjectBuilder::new().property("error", code));
    let content = ContentBuilder::new().schema(Some(Schema::AllOf(schema.build())));
    let response = ResponseBuilder::new()
        .description(named.join(", "))
        .content("application/json", content.build());
    match status {
        // When to ask again is part of what these say.
        409 | 503 => response.header("Retry-After", seconds()).build(),
        _ => response.build(),
    }
}

fn seconds() -> utoipa::openapi::Header {
    utoipa::openapi::HeaderBuilder::new()
        .schema(Some(ObjectBuilder::new().schema_type(Type::Integer)))
        .description(Some("Seconds; with 409 only for `REQUEST_IN_PROGRESS`."))
        .build()
}

/// The headers of a command that needs a key.
pub(crate) struct KeyedHeaders;

/// The headers of a command that takes a key and does not need one.
pub(crate) struct PlainHeaders;

impl IntoParams for KeyedHeaders {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        headers(Required::True)
    }
}

impl IntoParams for PlainHeaders {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        headers(Required::False)
    }
}

fn headers(key_required: Required) -> Vec<Parameter> {
    vec![
        header(
            "Idempotency-Key",
            key_required,
            "1 to 255 visible ASCII characters. The same request with the same key is done once; its \
             repeats get the first answer's bytes and `Idempotent-Replayed: true`.",
        ),
        header(
            "Accept-Language",
            Required::False,
            "`ko` (the default) or `en`, for messages.",
        ),
        header(
            "X-Request-Id",
            Required::False,
            "Returned as it came; made when there is none.",
        ),
    ]
}

fn header(name: &str, required: Required, what: &str) -> Parameter {
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Header)
        .required(required)
        .description(Some(what))
        .schema(Some(ObjectBuilder::new().schema_type(Type::String)))
        .build()
}

/// What stands in the document beside the routes.
pub(crate) fn document() -> OpenApi {
    let mut info = Info::new("Commerce commands", env!("CARGO_PKG_VERSION"));
    info.description = Some(
        "The write side: each call is a command, answered with the log position that it reached \
         (`meta.position`). A query that asks for at least that position sees what the command did."
            .to_owned(),
    );
    let mut document = OpenApi::new(info, Paths::new());
    let mut components = Components::new();
    components
        .schemas
        .insert(ErrorBody::name().into_owned(), ErrorBody::schema());
    components
        .schemas
        .insert(DetailBody::name().into_owned(), DetailBody::schema());
    document.components = Some(components);
    let tags = [
        ("products", "What is sold, and at which price."),
        ("stock", "How much of it there is."),
        ("coupons", "Coupon pools and claims."),
        ("orders", "Placing, cancelling, confirming."),
        ("payments", "Paying an order."),
        ("webhooks", "What payment companies tell by themselves."),
        (
            "payment-methods",
            "Saving a card, choosing the default, deleting.",
        ),
        ("points", "Correcting a user's points."),
        ("events", "Delivery of events to Kafka."),
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
    fn every_code_that_any_command_can_answer_has_messages() {
        for codes in [ANY, WITH_BODY, WITH_KEY, WITH_BODY_AND_KEY] {
            for code in codes.iter().flat_map(|(_, codes)| *codes) {
                assert!(platform::errors::is_known(code), "{code}");
            }
        }
    }

    #[test]
    fn codes_of_one_status_stand_together() {
        let responses = responses(WITH_KEY, &[(400, &["COUPON_EXPIRED"])]);
        let RefOr::T(bad_request) = &responses["400"] else {
            panic!("a response, not a reference")
        };
        for code in [
            "COUPON_EXPIRED",
            "IDEMPOTENCY_KEY_REQUIRED",
            "VALIDATION_FAILED",
        ] {
            assert!(bad_request.description.contains(code), "{code}");
        }
    }
}
