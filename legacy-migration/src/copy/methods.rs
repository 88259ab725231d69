//! Means of payment → `payment.methods`, and whose they are → `main.legacy_user_payment_method_mapping`.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::rejects::{Reason, Refusal, Reject};
use super::row::{Body, LegacyRow};
use super::translate::{known, method_status, method_type};
use super::{Batch, Pass, Subject};
use crate::migration::Settings;
use crate::shape::METHODS;
use crate::target::Target;

/// The digits of a card that may be shown.
const LAST_DIGITS: usize = 4;

/// A batch of methods.
#[derive(Debug, Default)]
pub(super) struct Methods {
    rows: HashMap<i64, (Method, Reject)>,
}

#[derive(Debug)]
struct Method {
    id: Uuid,
    user: i64,
    is_default: bool,
    billing_key: String,
    company: String,
    kind: &'static str,
    card_company: Option<String>,
    card_last4: Option<String>,
    request: Option<Body>,
    response: Option<Body>,
    status: &'static str,
    registered_at: DateTime<Utc>,
    deleted_at: Option<DateTime<Utc>>,
}

impl Pass for Methods {
    const SUBJECT: Subject = Subject::Method;
    const QUERY: &'static str = "SELECT payment_method_id, user_id, billing_key, pg_company, method_type, \
         card_company, card_number, pg_request, pg_response, is_default, status, created_at, deleted_at \
         FROM tb_payment_methods WHERE payment_method_id > {after} ORDER BY payment_method_id LIMIT {limit}";
    const COLUMNS: &'static [&'static str] = &[
        "payment_method_id",
        "user_id",
        "billing_key",
        "pg_company",
        "method_type",
        "card_company",
        "card_number",
        "pg_request",
        "pg_response",
        "is_default",
        "status",
        "created_at",
        "deleted_at",
    ];

    fn take(&mut self, row: &LegacyRow, settings: &Settings) -> Result<i64, Reject> {
        let taken = translate(row, settings).map_err(|refusal| row.rejected(refusal));
        let (legacy_id, method) = taken?;
        let duplicate = Refusal::new(
            Reason::DuplicateBillingKey,
            "an earlier row has this billing key",
        );
        self.rows
            .insert(legacy_id, (method, row.rejected(duplicate)));
        Ok(legacy_id)
    }

    async fn look_up(&mut self, target: &Target, batch: &mut Batch) -> Result<(), sqlx::Error> {
        let keys: Vec<&str> = self
            .rows
            .values()
            .map(|(m, _)| m.billing_key.as_str())
            .collect();
        let there: Vec<(String, Uuid)> = sqlx::query_as(
            "SELECT pg_billing_key, id FROM payment.methods WHERE pg_billing_key = ANY($1)",
        )
        .bind(&keys)
        .fetch_all(&target.payment)
        .await?;
        let there: HashMap<String, Uuid> = there.into_iter().collect();
        let mut seen = HashSet::new();
        // The first row keeps the key.
        batch.sift(|legacy_id| {
            let (method, _) = self.rows.get(&legacy_id)?;
            let elsewhere = there.get(&method.billing_key);
            let taken = elsewhere.is_some_and(|id| *id != method.id);
            if !taken && seen.insert(method.billing_key.clone()) {
                return None;
            }
            self.rows.remove(&legacy_id).map(|(_, reject)| reject)
        });
        Ok(())
    }

    async fn link(&self, target: &Target) -> Result<(), sqlx::Error> {
        let rows: Vec<&Method> = self.rows.values().map(|(method, _)| method).collect();
        sqlx::query(
            "INSERT INTO main.legacy_user_payment_method_mapping
                    (id, legacy_user_id, payment_method_id, is_default, is_active, registered_at, deleted_at)
             SELECT * FROM unnest($1::uuid[], $2::bigint[], $1::uuid[], $3::bool[], $4::bool[],
                                  $5::timestamptz[], $6::timestamptz[])
             ON CONFLICT (id) DO NOTHING",
        )
        .bind(rows.iter().map(|m| m.id).collect::<Vec<_>>())
        .bind(rows.iter().map(|m| m.user).collect::<Vec<_>>())
        .bind(rows.iter().map(|m| m.is_default).collect::<Vec<_>>())
        .bind(rows.iter().map(|m| m.status == "ACTIVE").collect::<Vec<_>>())
        .bind(rows.iter().map(|m| m.registered_at).collect::<Vec<_>>())
        .bind(rows.iter().map(|m| m.deleted_at).collect::<Vec<_>>())
        .execute(&target.main)
        .await
        .map(|_| ())
    }

    async fn insert(&self, payment: &mut PgConnection) -> Result<(), sqlx::Error> {
        let rows: Vec<&Method> = self.rows.values().map(|(method, _)| method).collect();
        sqlx::query(
            "INSERT INTO payment.methods
                    (id, pg_billing_key, pg_company, method_type, card_company, card_last4,
                     pg_request_data, pg_response_data, status, registered_at, deleted_at)
             SELECT id, billing_key, company, kind, card_company, last4, request::json, response::json,
                    status, registered_at, deleted_at
               FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[],
                           $7::text[], $8::text[], $9::text[], $10::timestamptz[], $11::timestamptz[])
                    AS method (id, billing_key, company, kind, card_company, last4, request, response,
                               status, registered_at, deleted_at)",
        )
        .bind(rows.iter().map(|m| m.id).collect::<Vec<_>>())
        .bind(rows.iter().map(|m| m.billing_key.as_str()).collect::<Vec<_>>())
        .bind(rows.iter().map(|m| m.company.as_str()).collect::<Vec<_>>())
        .bind(rows.iter().map(|m| m.kind).collect::<Vec<_>>())
        .bind(rows.iter().map(|m| m.card_company.as_deref()).collect::<Vec<_>>())
        .bind(rows.iter().map(|m| m.card_last4.as_deref()).collect::<Vec<_>>())
        .bind(rows.iter().map(|m| json(m.request.as_ref())).collect::<Vec<_>>())
        .bind(rows.iter().map(|m| json(m.response.as_ref())).collect::<Vec<_>>())
        .bind(rows.iter().map(|m| m.status).collect::<Vec<_>>())
        .bind(rows.iter().map(|m| m.registered_at).collect::<Vec<_>>())
        .bind(rows.iter().map(|m| m.deleted_at).collect::<Vec<_>>())
        .execute(payment)
        .await
        .map(|_| ())
    }

    fn masked(&self) -> i64 {
        let bodies = self
            .rows
            .values()
            .flat_map(|(m, _)| [&m.request, &m.response]);
        count_masked(bodies)
    }
}

/// The JSON of a body.
pub(super) fn json(body: Option<&Body>) -> Option<&str> {
    body.map(|body| body.json.as_str())
}

/// How many of these bodies had something cut out.
pub(super) fn count_masked<'a>(bodies: impl Iterator<Item = &'a Option<Body>>) -> i64 {
    let masked = bodies.flatten().filter(|body| body.masked).count();
    i64::try_from(masked).unwrap_or(i64::MAX)
}

fn translate(row: &LegacyRow, settings: &Settings) -> Result<(i64, Method), Refusal> {
    let offset = settings.utc_offset;
    let legacy_id = row.integer(METHODS.key)?;
    let kind = row.required("method_type", 30)?;
    let status = row.required("status", 20)?;
    let number = row.text("card_number", 30)?;
    let digits = number.map(|number| {
        let digits: Vec<char> = number.chars().filter(char::is_ascii_digit).collect();
        digits[digits.len().saturating_sub(LAST_DIGITS)..]
            .iter()
            .collect::<String>()
    });
    Ok((
        legacy_id,
        Method {
            id: Subject::Method.id(legacy_id),
            user: row.integer("user_id")?,
            is_default: row.integer("is_default")? != 0,
            billing_key: row.required("billing_key", 100)?,
            company: row.required("pg_company", 50)?,
            kind: known(&kind, method_type(&kind), Reason::UnknownType)?,
            card_company: row.text("card_company", 50)?,
            card_last4: digits.filter(|digits| digits.len() == LAST_DIGITS),
            request: row.body("pg_request"),
            response: row.body("pg_response"),
            status: known(&status, method_status(&status), Reason::UnknownStatus)?,
            registered_at: row.required_time("created_at", offset)?,
            deleted_at: row.time("deleted_at", offset)?,
        },
    ))
}
