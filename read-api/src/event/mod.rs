//! The log: `GET /events`, for operators.
//!
//! A caller walks over the log with `after`, and one request looks at no more than [`SCANNED_MAX`] events
//! however few of them fit: `meta.nextAfter` says where the next one goes on, `meta.head` where the end is.

mod cursor;
mod list;
mod mask;
mod scan;
mod streams;

use utoipa_actix_web::service_config::ServiceConfig;

#[cfg(test)]
pub(crate) use list::{Delivery, EventFilter};
#[cfg(test)]
pub(crate) use scan::{failed_query, range_query, stream_query};
#[cfg(test)]
pub(crate) use streams::STREAMS_SQL;

/// The most events that one request looks at, of each stream when it asks for an aggregate: reading that
/// many takes some ten milliseconds.
pub(crate) const SCANNED_MAX: i64 = 20_000;

/// Adds the route.
pub(crate) fn routes(config: &mut ServiceConfig<'_>) {
    config.service(list::list_events);
}
