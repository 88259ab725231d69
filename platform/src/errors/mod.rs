//! The one form of errors: a stable code, a message in the caller's language, and details a field.
//!
//! Handlers return [`ApiError`]. It does not know the request; the middleware of [`crate::http`] writes
//! the body in the caller's language and with the request's id. A room that stores or renders bodies
//! itself calls [`ApiError::body`].

mod api_error;
mod body;
mod catalogue;
mod language;
#[cfg(test)]
mod tests;

pub use api_error::{ApiError, Detail};
pub use body::{DetailBody, ErrorBody};
pub use catalogue::{is_known, message};
pub use language::Language;
