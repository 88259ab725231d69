//! The rows of `payment.pg_api_logs`, and writing many of them at once.

use std::collections::BTreeSet;

use failpoints::failpoint;
use payment_gateways::Exchange;
use serde_json::Value;
use sqlx::PgPool;
use uuid::Uuid;

use crate::transactions::said;

/// The sizes of the columns, in characters.
const COMPANY_MAX_CHARS: usize = 50;
const ENDPOINT_MAX_CHARS: usize = 255;
const METHOD_MAX_CHARS: usize = 10;

/// A row. Its id is made when the exchange is over, so that ids are in the order of time.
pub(super) struct ExchangeRow {
    id: Uuid,
    exchange: Exchange,
}

impl ExchangeRow {
    pub(super) fn of(exchange: Exchange) -> Self {
        let id = Uuid::now_v7();
        Self { id, exchange }
    }
}

/// Writes rows, all of them or none, and copies them to the transactions that they are about; the answer is to which
/// it could not, since somebody else is writing those. One that is there already is one whose commit was not heard of.
pub(super) async fn insert(
    payment: &PgPool,
    rows: &[ExchangeRow],
) -> Result<Vec<Uuid>, sqlx::Error> {
    failpoint!("payment-ledger.exchanges.before", sqlx::Error::Io);
    let exchanges = || rows.iter().map(|row| &row.exchange);
    let text = |value: Option<&Value>| value.map(ToString::to_string);
    let mut transaction = payment.begin().await?;
    sqlx::query(
        "INSERT INTO payment.pg_api_logs
                (id, pg_company, api_endpoint, http_method, request_headers, request_body,
                 response_status, response_headers, response_body, duration_ms, success,
                 error_message, payment_id, transaction_id)
         SELECT id, company, endpoint, method, request_headers::json, request_body::json, status,
                response_headers::json, response_body::json, duration_ms, success, error, payment_id,
                transaction_id
           FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[],
                       $7::int[], $8::text[], $9::text[], $10::int[], $11::bool[], $12::text[],
                       $13::uuid[], $14::uuid[])
                AS exchange (id, company, endpoint, method, request_headers, request_body, status,
                             response_headers, response_body, duration_ms, success, error, payment_id,
                             transaction_id)
         ON CONFLICT (id) DO NOTHING",
    )
    .bind(rows.iter().map(|row| row.id).collect::<Vec<_>>())
    .bind(exchanges().map(|e| company(e.company)).collect::<Vec<_>>())
    .bind(exchanges().map(|e| cut(&e.endpoint, ENDPOINT_MAX_CHARS)).collect::<Vec<_>>())
    .bind(exchanges().map(|e| cut(&e.method, METHOD_MAX_CHARS)).collect::<Vec<_>>())
    .bind(exchanges().map(|e| e.request_headers.to_string()).collect::<Vec<_>>())
    .bind(exchanges().map(|e| text(e.request_body.as_ref())).collect::<Vec<_>>())
    .bind(exchanges().map(|e| e.response_status.map(i32::from)).collect::<Vec<_>>())
    .bind(exchanges().map(|e| text(e.response_headers.as_ref())).collect::<Vec<_>>())
    .bind(exchanges().map(|e| text(e.response_body.as_ref())).collect::<Vec<_>>())
    .bind(exchanges().map(duration_ms).collect::<Vec<_>>())
    .bind(exchanges().map(|e| e.is_success).collect::<Vec<_>>())
    .bind(exchanges().map(|e| e.error.clone()).collect::<Vec<_>>())
    .bind(exchanges().map(|e| e.payment_id).collect::<Vec<_>>())
    .bind(exchanges().map(|e| e.transaction_id).collect::<Vec<_>>())
    .execute(&mut *transaction)
    .await?;
    let about: BTreeSet<Uuid> = exchanges().filter_map(|e| e.transaction_id).collect();
    let busy = said::copy_alone(&mut transaction, about.into_iter().collect()).await?;
    transaction.commit().await?;
    failpoint!("payment-ledger.exchanges.after", sqlx::Error::Io);
    Ok(busy)
}

/// Copies again to transactions that somebody else was writing; the answer is as before.
pub(super) async fn copy_again(
    payment: &PgPool,
    busy: Vec<Uuid>,
) -> Result<Vec<Uuid>, sqlx::Error> {
    let mut transaction = payment.begin().await?;
    let busy = said::copy_alone(&mut transaction, busy).await?;
    transaction.commit().await?;
    Ok(busy)
}

/// A company as the schema `payment` calls it: TOSS, NICE.
pub(crate) fn company(gateway: &str) -> String {
    cut(&gateway.to_ascii_uppercase(), COMPANY_MAX_CHARS)
}

fn duration_ms(exchange: &Exchange) -> i32 {
    i32::try_from(exchange.duration.as_millis()).unwrap_or(i32::MAX)
}

/// As much of a text as a column takes. PostgreSQL's texts have no character zero.
pub(crate) fn cut(text: &str, max_chars: usize) -> String {
    text.chars()
        .filter(|character| *character != '\0')
        .take(max_chars)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_at_a_character_and_not_within_one() {
        assert_eq!(cut("결제가 거절되었습니다", 3), "결제가");
        assert_eq!(cut("a\0b", 10), "ab");
    }

    #[test]
    fn companies_are_named_as_in_the_migrated_rows() {
        assert_eq!(company("toss"), "TOSS");
    }
}
