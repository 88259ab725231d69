//! The error's body, as every client sees it.

use std::borrow::Cow;

use serde::Serialize;
use utoipa::ToSchema;

/// The body of every answer that is not a success.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ErrorBody {
    /// The stable code; it never changes with the language.
    #[schema(value_type = String, example = "INSUFFICIENT_STOCK")]
    pub error: Cow<'static, str>,
    /// What happened, in the caller's language.
    #[schema(value_type = String)]
    pub message: Cow<'static, str>,
    /// The id that the logs know this request by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// What is wrong with which field.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub details: Vec<DetailBody>,
}

/// What is wrong with one field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ErrorDetail)]
pub struct DetailBody {
    /// The field's path in the request, such as `items[0].quantity`.
    pub field: String,
    /// The stable code.
    #[schema(value_type = String, example = "OUT_OF_RANGE")]
    pub code: Cow<'static, str>,
    /// What is wrong, in the caller's language.
    #[schema(value_type = String)]
    pub message: Cow<'static, str>,
}

impl ErrorBody {
    /// The body as JSON.
    #[must_use]
    pub fn to_json(&self) -> Vec<u8> {
        // Strings and lists of them: there is nothing here that JSON cannot carry.
        serde_json::to_vec(self).unwrap_or_else(|_| br#"{"error":"INTERNAL"}"#.to_vec())
    }
}
