//! Finding events: over a range of positions, over the failures, or over an aggregate's streams.

use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::{PgPool, Postgres, QueryBuilder};

use super::SCANNED_MAX;
use super::cursor::{self, Cursor};
use super::list::{Delivery, DeliveryFailure, Event, EventFilter};
use super::mask::mask_tokens;
use super::streams::{self, StreamTail};
use crate::error::ReadError;

/// What was found, and how far was looked.
pub(super) struct Found {
    pub(super) events: Vec<Event>,
    pub(super) next_after: i64,
    pub(super) head: i64,
}

/// The most failures that one request looks at: each is looked up in the log by itself.
const FAILURES_SCANNED_MAX: i64 = 5_000;

const COLUMNS: &str = "e.position, e.event_type, e.event_version, e.aggregate_type, e.aggregate_id, \
     e.sequence, e.payload, e.metadata, e.recorded_at, \
     f.topic, f.error, f.attempts, f.failed_at, f.resend";

#[derive(sqlx::FromRow)]
struct Row {
    position: i64,
    event_type: String,
    event_version: String,
    aggregate_type: String,
    aggregate_id: String,
    sequence: i64,
    payload: Value,
    metadata: Value,
    recorded_at: DateTime<Utc>,
    topic: Option<String>,
    error: Option<String>,
    attempts: Option<i32>,
    failed_at: Option<DateTime<Utc>>,
    resend: Option<bool>,
}

/// Looks for the events that fit.
pub(super) async fn scan(pool: &PgPool, filter: &EventFilter) -> Result<Found, ReadError> {
    let cursor = cursor::read(pool).await?;
    let after = i64::try_from(filter.after).unwrap_or(i64::MAX);
    if after >= cursor.head {
        return Ok(Found {
            events: Vec::new(),
            next_after: after,
            head: cursor.head,
        });
    }
    let (until, mut query) = match &filter.aggregate_id {
        Some(id) => {
            let tails = streams::tails(pool, id, after).await?;
            let ends = tails.iter().filter_map(|tail| tail.last_position);
            let until = ends.min().unwrap_or(cursor.head).min(end(filter, cursor));
            (
                until,
                stream_query(
                    filter,
                    id,
                    &tails_to_bind(&tails),
                    (after, until),
                    cursor.sent,
                ),
            )
        }
        None if filter.delivery == Some(Delivery::Failed) => {
            let until = failures_end(pool, after)
                .await?
                .unwrap_or(cursor.head)
                .min(cursor.head);
            (until, failed_query(filter, after, until))
        }
        None => {
            let (after, until) = range(filter, after, cursor);
            (until, range_query(filter, after, until, cursor.sent))
        }
    };
    let rows: Vec<Row> = query.build_query_as().fetch_all(pool).await?;
    let is_full = rows.len() >= filter.size() as usize;
    let next_after = match rows.last() {
        Some(last) if is_full => last.position,
        _ => until.max(after),
    };
    let events = rows
        .into_iter()
        .map(|row| row.into_event(cursor.sent))
        .collect();
    Ok(Found {
        events,
        next_after,
        head: cursor.head,
    })
}

/// The positions to look at. What is pending begins behind the cursor.
fn range(filter: &EventFilter, after: i64, cursor: Cursor) -> (i64, i64) {
    let after = match filter.delivery {
        Some(Delivery::Pending) => after.max(cursor.sent),
        Some(Delivery::Sent | Delivery::Failed) | None => after,
    };
    let is_filtered = filter.event_type.is_some() || filter.delivery.is_some();
    let end = end(filter, cursor);
    let until = if is_filtered {
        end.min(after.saturating_add(SCANNED_MAX))
    } else {
        end
    };
    (after, until)
}

/// The last position to look at. A walk over what is sent stops at the cursor: it must not pass what will
/// be sent later.
fn end(filter: &EventFilter, cursor: Cursor) -> i64 {
    match filter.delivery {
        Some(Delivery::Sent) => cursor.head.min(cursor.sent),
        Some(Delivery::Pending | Delivery::Failed) | None => cursor.head,
    }
}

/// Where the failures that one request looks at end; `None` when there are fewer.
async fn failures_end(pool: &PgPool, after: i64) -> Result<Option<i64>, ReadError> {
    let end = sqlx::query_scalar(
        "SELECT position FROM relay.failures WHERE position > $1 ORDER BY position OFFSET $2 LIMIT 1",
    )
    .bind(after)
    .bind(FAILURES_SCANNED_MAX - 1)
    .fetch_optional(pool)
    .await?;
    Ok(end)
}

/// The statement that looks at a range of positions.
pub(crate) fn range_query<'a>(
    filter: &'a EventFilter,
    after: i64,
    until: i64,
    sent: i64,
) -> QueryBuilder<'a, Postgres> {
    let mut query = QueryBuilder::new(format!("SELECT {COLUMNS} FROM event_store.events e "));
    join_failures(&mut query, after, until);
    query
        .push(" WHERE e.position > ")
        .push_bind(after)
        .push(" AND e.position <= ")
        .push_bind(until);
    conditions(&mut query, filter, sent);
    limit(&mut query, filter);
    query
}

/// The statement that looks at the failures in a range of positions.
pub(crate) fn failed_query<'a>(
    filter: &'a EventFilter,
    after: i64,
    until: i64,
) -> QueryBuilder<'a, Postgres> {
    let mut query = QueryBuilder::new(format!(
        "SELECT {COLUMNS}
           FROM relay.failures f JOIN event_store.events e ON e.position = f.position
          WHERE f.position > "
    ));
    query
        .push_bind(after)
        .push(" AND f.position <= ")
        .push_bind(until);
    if let Some(event_type) = &filter.event_type {
        query.push(" AND e.event_type = ").push_bind(event_type);
    }
    limit(&mut query, filter);
    query
}

/// The types of an aggregate's streams, and from which sequence on each is read.
pub(crate) type Tails = (Vec<String>, Vec<i64>);

fn tails_to_bind(tails: &[StreamTail]) -> Tails {
    tails
        .iter()
        .map(|tail| (tail.aggregate_type.clone(), tail.first_sequence))
        .unzip()
}

/// The statement that looks at an aggregate's streams up to a position.
pub(crate) fn stream_query<'a>(
    filter: &'a EventFilter,
    aggregate_id: &'a str,
    (types, first_sequences): &Tails,
    (after, until): (i64, i64),
    sent: i64,
) -> QueryBuilder<'a, Postgres> {
    let is_filtered = filter.event_type.is_some() || filter.delivery.is_some();
    let looked_at = if is_filtered {
        SCANNED_MAX
    } else {
        i64::from(filter.size())
    };
    let mut query = QueryBuilder::new(format!("SELECT {COLUMNS} FROM unnest("));
    query
        .push_bind(types.clone())
        .push("::text[], ")
        .push_bind(first_sequences.clone());
    query.push(
        "::bigint[]) AS t(type, first_sequence)
          CROSS JOIN LATERAL (
                SELECT s.* FROM event_store.events s
                 WHERE s.aggregate_type = t.type AND s.aggregate_id = ",
    );
    query.push_bind(aggregate_id);
    // A bound on the sequence and not a limit, for which the planner would sort the whole stream; and
    // `OFFSET 0`, or it would walk over the whole log to have the positions in order.
    query.push(" AND s.sequence >= t.first_sequence AND s.sequence < t.first_sequence + ");
    query.push_bind(looked_at).push(" OFFSET 0) e ");
    join_failures(&mut query, after, until);
    query.push(" WHERE e.position <= ").push_bind(until);
    conditions(&mut query, filter, sent);
    limit(&mut query, filter);
    query
}

/// Says where to look for failures, or the planner might read all of them.
fn join_failures(query: &mut QueryBuilder<'_, Postgres>, after: i64, until: i64) {
    query.push("LEFT JOIN relay.failures f ON f.position = e.position AND f.position > ");
    query
        .push_bind(after)
        .push(" AND f.position <= ")
        .push_bind(until);
}

fn conditions<'a>(query: &mut QueryBuilder<'a, Postgres>, filter: &'a EventFilter, sent: i64) {
    if let Some(event_type) = &filter.event_type {
        query.push(" AND e.event_type = ").push_bind(event_type);
    }
    match filter.delivery {
        Some(Delivery::Failed) => {
            query.push(" AND f.position IS NOT NULL");
        }
        Some(Delivery::Pending) => {
            query
                .push(" AND f.position IS NULL AND e.position > ")
                .push_bind(sent);
        }
        Some(Delivery::Sent) => {
            query
                .push(" AND f.position IS NULL AND e.position <= ")
                .push_bind(sent);
        }
        None => {}
    }
}

fn limit(query: &mut QueryBuilder<'_, Postgres>, filter: &EventFilter) {
    query
        .push(" ORDER BY e.position LIMIT ")
        .push_bind(i64::from(filter.size()));
}

impl Row {
    fn into_event(mut self, sent: i64) -> Event {
        mask_tokens(&mut self.payload);
        let failure = match (
            self.topic,
            self.error,
            self.attempts,
            self.failed_at,
            self.resend,
        ) {
            (Some(topic), Some(error), Some(attempts), Some(failed_at), Some(resend)) => {
                Some(DeliveryFailure {
                    topic,
                    error,
                    attempts,
                    failed_at,
                    resend,
                })
            }
            _ => None,
        };
        let delivery = match failure {
            Some(_) => Delivery::Failed,
            None if self.position > sent => Delivery::Pending,
            None => Delivery::Sent,
        };
        Event {
            position: self.position,
            event_type: self.event_type,
            version: self.event_version,
            aggregate_type: self.aggregate_type,
            aggregate_id: self.aggregate_id,
            sequence: self.sequence,
            payload: self.payload,
            metadata: self.metadata,
            recorded_at: self.recorded_at,
            delivery,
            failure,
        }
    }
}
