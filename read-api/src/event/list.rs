//! `GET /events`: parameters and answer.

use actix_web::body::BoxBody;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, Responder, get};
use chrono::{DateTime, Utc};
use platform::{ApiError, MinPosition, Operator, ValidQuery};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::scan;
use crate::ReadApi;
use crate::error::{ReadError, unsigned};
use crate::filter::Problems;
use crate::freshness::Source;
use crate::openapi::{AnyQuery, errors};

/// The entries of an answer when nobody says how many.
const SIZE_DEFAULT: u32 = 20;
/// The most entries of an answer: about a megabyte of JSON.
const SIZE_MAX: u32 = 1_000;
/// The longest name of a type, or id of an aggregate.
const NAME_MAX_CHARS: usize = 200;

/// Whether an event has reached Kafka.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum Delivery {
    /// Not sent yet.
    Pending,
    /// Sent.
    Sent,
    /// It could not be sent; an operator may have it sent again.
    Failed,
}

/// Which events. All that is given must hold.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
pub(crate) struct EventFilter {
    /// Only events behind this position; `meta.nextAfter` of the answer before.
    #[serde(default)]
    #[param(required = false, minimum = 0, default = 0)]
    pub(crate) after: u64,
    /// Only of this type, such as `OrderPlaced`.
    #[serde(rename = "type")]
    #[param(rename = "type")]
    pub(crate) event_type: Option<String>,
    /// Only of this aggregate; a product's inventory has the product's id.
    pub(crate) aggregate_id: Option<String>,
    /// Only in this state of delivery.
    #[param(inline)]
    pub(crate) delivery: Option<Delivery>,
    /// The most entries of the answer.
    #[param(minimum = 1, maximum = 1000, default = 20)]
    pub(crate) size: Option<u32>,
}

impl EventFilter {
    fn check(&self) -> Result<(), ApiError> {
        let mut problems = Problems::default();
        problems.text("type", self.event_type.as_deref(), NAME_MAX_CHARS);
        problems.text("aggregateId", self.aggregate_id.as_deref(), NAME_MAX_CHARS);
        if !(1..=SIZE_MAX).contains(&self.size()) {
            problems.add(
                "size",
                "OUT_OF_RANGE",
                format!("The size is 1 to {SIZE_MAX}."),
            );
        }
        if i64::try_from(self.after).is_err() {
            problems.add("after", "OUT_OF_RANGE", "No log is that long.".to_owned());
        }
        problems.into_result()
    }

    pub(crate) fn size(&self) -> u32 {
        self.size.unwrap_or(SIZE_DEFAULT)
    }
}

/// An event of the log.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Event {
    /// Its place in the one total order, from 1.
    pub(super) position: i64,
    /// Its type, such as `OrderPlaced`.
    #[serde(rename = "type")]
    #[schema(rename = "type")]
    pub(super) event_type: String,
    /// The version of the type.
    pub(super) version: String,
    pub(super) aggregate_type: String,
    pub(super) aggregate_id: String,
    /// Its number in its aggregate's stream, from 1.
    pub(super) sequence: i64,
    /// As it is stored, but for tokens of payments, which are masked.
    #[schema(value_type = Object)]
    pub(super) payload: Value,
    /// Who, when and why: `eventId`, `commandId`, `correlationId`, `causationId`, `principal`, `occurredAt`.
    #[schema(value_type = Object)]
    pub(super) metadata: Value,
    /// When it was written.
    pub(super) recorded_at: DateTime<Utc>,
    pub(super) delivery: Delivery,
    /// Why it is `FAILED`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) failure: Option<DeliveryFailure>,
}

/// Why an event could not be sent.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DeliveryFailure {
    pub(super) topic: String,
    pub(super) error: String,
    pub(super) attempts: i32,
    pub(super) failed_at: DateTime<Utc>,
    /// Whether an operator has asked for it to be sent again.
    pub(super) resend: bool,
}

/// Events, and where to go on.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EventList {
    data: Vec<Event>,
    meta: EventMeta,
}

/// What stands beside events.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EventMeta {
    /// The most entries of the answer.
    size: u32,
    /// `after` of the next request: everything up to here was looked at.
    next_after: u64,
    /// The log's last position: the walk is over when `nextAfter` has reached it.
    head: u64,
    /// The log position that the answer is at least as new as, when one was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    position: Option<u64>,
}

impl Responder for EventList {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        HttpResponse::Ok().json(self)
    }
}

errors!(ListErrors, [403: ["FORBIDDEN"]]);

/// The events behind a position, in the order of the log.
#[utoipa::path(
    tag = "events",
    params(EventFilter, AnyQuery),
    responses((status = 200, body = EventList), ListErrors),
    security(("bearer" = []))
)]
#[get("/events")]
pub(super) async fn list_events(
    _: Operator,
    filter: ValidQuery<EventFilter>,
    least: MinPosition,
    api: Data<ReadApi>,
) -> Result<EventList, ApiError> {
    let filter = filter.0;
    filter.check()?;
    let position = api.reach(least, &[Source::Log]).await?;
    Ok(events(&api, &filter, position).await?)
}

async fn events(
    api: &ReadApi,
    filter: &EventFilter,
    position: Option<u64>,
) -> Result<EventList, ReadError> {
    let found = scan::scan(api.pool(), filter).await?;
    let meta = EventMeta {
        size: filter.size(),
        next_after: unsigned(found.next_after, "a position")?,
        head: unsigned(found.head, "a position")?,
        position,
    };
    Ok(EventList {
        data: found.events,
        meta,
    })
}
