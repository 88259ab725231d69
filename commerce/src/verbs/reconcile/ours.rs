//! A day of the shop's own log: charges and refunds of one gateway.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use domain::DomainEvent;
use domain::payment::PaymentEvent;
use futures::TryStreamExt as _;
use sqlx::{FromRow, PgPool};
use uuid::Uuid;

use super::books::{Books, Moved, Side};
use crate::error::CommerceError;

/// Korea's clocks are nine hours ahead, all the year.
const KOREA_AHEAD: TimeDelta = TimeDelta::hours(9);

#[derive(FromRow)]
struct Row {
    aggregate_id: String,
    event_type: String,
    event_version: String,
    payload: String,
    requested: String,
    requested_version: String,
}

/// Books what moved on that day; the inner error says what could not be read.
pub(super) async fn read(
    pool: &PgPool,
    gateway: &str,
    day: NaiveDate,
    books: &mut Books,
) -> Result<Result<(), String>, CommerceError> {
    let (begin, end) = bounds(day);
    let first = first_since(pool, begin).await?;
    let behind = first_since(pool, end).await?;
    let mut rows = sqlx::query_as::<_, Row>(
        "SELECT e.aggregate_id, e.event_type, e.event_version, e.payload::text AS payload,
                r.payload::text AS requested, r.event_version AS requested_version
           FROM event_store.events e
           JOIN event_store.events r
             ON r.aggregate_type = e.aggregate_type AND r.aggregate_id = e.aggregate_id AND r.sequence = 1
          WHERE e.position >= $1 AND e.position < $2 AND e.aggregate_type = 'payment'
            AND e.event_type IN ('PaymentSucceeded', 'PaymentMismatched', 'PaymentRefunded')",
    )
    .bind(first)
    .bind(behind)
    .fetch(pool);
    while let Some(row) = rows.try_next().await.map_err(unread)? {
        let booked = book(&row, gateway, books);
        if let Err(why) = booked {
            return Ok(Err(format!("payment {}: {why}", row.aggregate_id)));
        }
    }
    Ok(Ok(()))
}

fn book(row: &Row, gateway: &str, books: &mut Books) -> Result<(), String> {
    let parse = |event_type: &str, version: &str, payload: &str| {
        let parsed = DomainEvent::parse("payment", event_type, version, payload);
        parsed.map_err(|error| error.to_string())
    };
    let requested = parse("PaymentRequested", &row.requested_version, &row.requested)?;
    let is_theirs = matches!(
        &requested,
        DomainEvent::Payment(PaymentEvent::PaymentRequested { gateway: of, .. }) if of == gateway
    );
    if !is_theirs {
        return Ok(());
    }
    let event = parse(&row.event_type, &row.event_version, &row.payload)?;
    let (charged, refunded) = match event {
        DomainEvent::Payment(
            PaymentEvent::PaymentSucceeded { amount, .. }
            | PaymentEvent::PaymentMismatched {
                charged: amount, ..
            },
        ) => (amount.amount(), 0),
        DomainEvent::Payment(PaymentEvent::PaymentRefunded { amount, .. }) => (0, amount.amount()),
        other => return Err(format!("{other:?} moves no money")),
    };
    // What cost nothing never went to a gateway.
    if charged == 0 && refunded == 0 {
        return Ok(());
    }
    let id: Uuid = row.aggregate_id.parse().map_err(|_| "no id".to_owned())?;
    books
        .book(Side::Ours, id, Moved { charged, refunded })
        .map_err(str::to_owned)
}

/// The day in Korea, as moments: from, and up to but not including.
fn bounds(day: NaiveDate) -> (DateTime<Utc>, DateTime<Utc>) {
    let midnight = day.and_time(chrono::NaiveTime::MIN).and_utc() - KOREA_AHEAD;
    (midnight, midnight + TimeDelta::days(1))
}

/// The first position that was recorded at this moment or later. Positions are dense and were recorded in their
/// order, so it is found in some thirty looks, without an index of its own.
async fn first_since(pool: &PgPool, moment: DateTime<Utc>) -> Result<i64, CommerceError> {
    let head: Option<i64> = sqlx::query_scalar("SELECT max(position) FROM event_store.events")
        .fetch_one(pool)
        .await
        .map_err(unread)?;
    let (mut low, mut high) = (1, head.unwrap_or(0) + 1);
    while low < high {
        let middle = low + (high - low) / 2;
        let is_before: bool = sqlx::query_scalar(
            "SELECT recorded_at < $2 FROM event_store.events WHERE position = $1",
        )
        .bind(middle)
        .bind(moment)
        .fetch_one(pool)
        .await
        .map_err(unread)?;
        if is_before {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    Ok(low)
}

fn unread(error: sqlx::Error) -> CommerceError {
    CommerceError::Store(error.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_in_korea_begins_at_three_in_the_afternoon_before_by_utc() {
        let day = NaiveDate::from_ymd_opt(2026, 11, 22).unwrap();
        let (begin, end) = bounds(day);
        assert_eq!(
            begin,
            "2026-11-21T15:00:00Z".parse::<DateTime<Utc>>().unwrap()
        );
        assert_eq!(
            end,
            "2026-11-22T15:00:00Z".parse::<DateTime<Utc>>().unwrap()
        );
    }
}
