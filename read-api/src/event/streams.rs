//! Where an aggregate's streams go on behind a position, found without an index of its own.
//!
//! The primary key finds a stream by type, id and sequence. The types come from the key itself, one step
//! each, so that no list of them has to be kept here. A position is found in a stream by halving, since
//! positions rise with the sequence: twenty steps in a stream of a million events.

use sqlx::PgPool;

use super::SCANNED_MAX;
use crate::error::ReadError;

/// A stream from where it goes on.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub(super) struct StreamTail {
    pub(super) aggregate_type: String,
    /// The first sequence behind the position.
    pub(super) first_sequence: i64,
    /// The position of the last event that one request looks at; `None` when the stream ends before.
    pub(super) last_position: Option<i64>,
}

/// The streams of an aggregate ($1) behind a position ($2), and where $3 events from there end.
pub(crate) const STREAMS_SQL: &str = "
WITH RECURSIVE types AS (
    (SELECT aggregate_type FROM event_store.events ORDER BY aggregate_type LIMIT 1)
    UNION ALL
    SELECT (SELECT e.aggregate_type FROM event_store.events e
             WHERE e.aggregate_type > t.aggregate_type ORDER BY e.aggregate_type LIMIT 1)
      FROM types t WHERE t.aggregate_type IS NOT NULL
), halves AS (
    SELECT t.aggregate_type, 1::bigint AS low, last.sequence + 1 AS high
      FROM types t
     CROSS JOIN LATERAL (SELECT e.sequence FROM event_store.events e
                          WHERE e.aggregate_type = t.aggregate_type AND e.aggregate_id = $1
                          ORDER BY e.sequence DESC LIMIT 1) last
    UNION ALL
    SELECT h.aggregate_type,
           CASE WHEN e.position > $2 THEN h.low ELSE e.sequence + 1 END,
           CASE WHEN e.position > $2 THEN e.sequence ELSE h.high END
      FROM halves h
     CROSS JOIN LATERAL (SELECT e.sequence, e.position FROM event_store.events e
                          WHERE e.aggregate_type = h.aggregate_type AND e.aggregate_id = $1
                            AND e.sequence = (h.low + h.high) / 2) e
     WHERE h.low < h.high
)
SELECT h.aggregate_type, h.low AS first_sequence,
       (SELECT e.position FROM event_store.events e
         WHERE e.aggregate_type = h.aggregate_type AND e.aggregate_id = $1
           AND e.sequence = h.low + $3 - 1) AS last_position
  FROM halves h WHERE h.low = h.high";

pub(super) async fn tails(
    pool: &PgPool,
    aggregate_id: &str,
    after: i64,
) -> Result<Vec<StreamTail>, ReadError> {
    let tails = sqlx::query_as(STREAMS_SQL)
        .bind(aggregate_id)
        .bind(after)
        .bind(SCANNED_MAX);
    Ok(tails.fetch_all(pool).await?)
}
