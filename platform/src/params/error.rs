//! What is wrong with a parameter, kept typed while serde carries it.

use std::fmt;

use serde::de;

use crate::errors::{ApiError, Detail};

/// The longest name of a parameter that is repeated in an answer, in characters: the sender chose it.
const MAX_FIELD_CHARS: usize = 200;

#[derive(Debug)]
pub(super) struct ParamError {
    field: String,
    code: &'static str,
    message: Option<String>,
}

impl ParamError {
    fn of(code: &'static str) -> Self {
        Self {
            field: String::new(),
            code,
            message: None,
        }
    }

    fn named(field: &str, code: &'static str) -> Self {
        Self {
            field: field.chars().take(MAX_FIELD_CHARS).collect(),
            code,
            message: None,
        }
    }

    /// Names the parameter, unless a deeper place has named it.
    pub(super) fn at(self, field: &str) -> Self {
        if self.field.is_empty() {
            Self {
                field: field.chars().take(MAX_FIELD_CHARS).collect(),
                ..self
            }
        } else {
            self
        }
    }

    pub(super) fn into_api_error(self) -> ApiError {
        let detail = Detail::new(self.field, self.code);
        ApiError::validation(vec![match self.message {
            Some(message) => detail.with_message(message),
            None => detail,
        }])
    }
}

impl de::Error for ParamError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self {
            message: Some(message.to_string()),
            ..Self::of("INVALID_VALUE")
        }
    }

    fn invalid_type(_: de::Unexpected<'_>, _: &dyn de::Expected) -> Self {
        Self::of("WRONG_TYPE")
    }

    fn invalid_value(_: de::Unexpected<'_>, _: &dyn de::Expected) -> Self {
        Self::of("INVALID_VALUE")
    }

    fn unknown_variant(_: &str, _: &'static [&'static str]) -> Self {
        Self::of("INVALID_VALUE")
    }

    fn unknown_field(field: &str, _: &'static [&'static str]) -> Self {
        Self::named(field, "UNKNOWN_FIELD")
    }

    fn missing_field(field: &'static str) -> Self {
        Self::named(field, "MISSING_FIELD")
    }

    fn duplicate_field(field: &'static str) -> Self {
        Self::named(field, "DUPLICATE_FIELD")
    }
}

impl fmt::Display for ParamError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.field, self.code)
    }
}

impl std::error::Error for ParamError {}
