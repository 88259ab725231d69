//! Payments → `payment.transactions`, and the orders that they name → `main.legacy_order_payment_mapping`.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::methods::{count_masked, json};
use super::orders::{Link, insert_links};
use super::rejects::{Reason, Refusal, Reject};
use super::row::{Body, LegacyRow};
use super::translate::{amount, currency, known, payment_status, payment_type};
use super::{Batch, Pass, Subject};
use crate::migration::Settings;
use crate::shape::PAYMENTS;
use crate::target::Target;

/// A batch of payments.
#[derive(Debug, Default)]
pub(super) struct Payments {
    rows: HashMap<i64, Payment>,
}

#[derive(Debug)]
struct Payment {
    transaction: Transaction,
    link: Option<Link>,
    /// The reject of its link, when its order does not exist.
    orphan: Option<Reject>,
    /// The reject of the row, should its id of the gateway turn out to be taken.
    duplicate: Reject,
}

#[derive(Debug)]
struct Transaction {
    id: Uuid,
    pg_id: String,
    company: String,
    kind: &'static str,
    amount: String,
    currency: &'static str,
    status: &'static str,
    request: Option<Body>,
    response: Option<Body>,
    requested_at: DateTime<Utc>,
    completed_at: Option<DateTime<Utc>>,
}

impl Pass for Payments {
    const SUBJECT: Subject = Subject::Payment;
    const QUERY: &'static str = "SELECT p.payment_id, p.order_id, p.pg_transaction_id, p.pg_company, \
         p.payment_type, p.amount, p.currency, p.status, p.pg_request, p.pg_response, p.requested_at, \
         p.completed_at, o.order_id \
         FROM tb_payments p LEFT JOIN orders o ON o.order_id = p.order_id \
         WHERE p.payment_id > {after} ORDER BY p.payment_id LIMIT {limit}";
    const COLUMNS: &'static [&'static str] = &[
        "payment_id",
        "order_id",
        "pg_transaction_id",
        "pg_company",
        "payment_type",
        "amount",
        "currency",
        "status",
        "pg_request",
        "pg_response",
        "requested_at",
        "completed_at",
    ];

    fn take(&mut self, row: &LegacyRow, settings: &Settings) -> Result<i64, Reject> {
        let taken = translate(row, settings).map_err(|refusal| row.rejected(refusal));
        let (legacy_id, transaction) = taken?;
        // Behind the table's own columns: the order as `orders` has it.
        let order = row.beside(Self::COLUMNS.len());
        let link = order.map(|order| Link {
            order,
            payment: legacy_id,
            status: transaction.status,
            confirmed_at: transaction.completed_at,
        });
        let names_an_order = row.integer("order_id").is_ok();
        let orphan = (names_an_order && order.is_none()).then(|| Reject {
            subject: Subject::PaymentOrder,
            ..row.rejected(Refusal::new(
                Reason::Orphan,
                "its order does not exist; the payment itself is carried over",
            ))
        });
        let duplicate = row.rejected(Refusal::new(
            Reason::DuplicateTransaction,
            "an earlier row has this id of the gateway",
        ));
        let payment = Payment {
            transaction,
            link,
            orphan,
            duplicate,
        };
        self.rows.insert(legacy_id, payment);
        Ok(legacy_id)
    }

    async fn look_up(&mut self, target: &Target, batch: &mut Batch) -> Result<(), sqlx::Error> {
        let ids: Vec<&str> = self
            .rows
            .values()
            .map(|p| p.transaction.pg_id.as_str())
            .collect();
        let there: Vec<(String, Uuid)> = sqlx::query_as(
            "SELECT pg_transaction_id, id FROM payment.transactions WHERE pg_transaction_id = ANY($1)",
        )
        .bind(&ids)
        .fetch_all(&target.payment)
        .await?;
        let there: HashMap<String, Uuid> = there.into_iter().collect();
        let mut seen = HashSet::new();
        let mut orphans = Vec::new();
        // The first row keeps the id.
        batch.sift(|legacy_id| {
            let payment = self.rows.get_mut(&legacy_id)?;
            let transaction = &payment.transaction;
            let elsewhere = there.get(&transaction.pg_id);
            let taken = elsewhere.is_some_and(|id| *id != transaction.id);
            if !taken && seen.insert(transaction.pg_id.clone()) {
                orphans.extend(payment.orphan.take());
                return None;
            }
            self.rows
                .remove(&legacy_id)
                .map(|payment| payment.duplicate)
        });
        batch.rejects.extend(orphans);
        Ok(())
    }

    async fn link(&self, target: &Target) -> Result<(), sqlx::Error> {
        let links: Vec<&Link> = self.rows.values().filter_map(|p| p.link.as_ref()).collect();
        insert_links(&target.main, &links).await
    }

    async fn insert(&self, payment: &mut PgConnection) -> Result<(), sqlx::Error> {
        let rows: Vec<&Transaction> = self.rows.values().map(|p| &p.transaction).collect();
        sqlx::query(
            "INSERT INTO payment.transactions
                    (id, pg_transaction_id, pg_company, transaction_type, amount, currency, status,
                     pg_request_data, pg_response_data, requested_at, completed_at)
             SELECT id, pg_id, company, kind, amount::numeric, currency, status, request::json,
                    response::json, requested_at, completed_at
               FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[],
                           $7::text[], $8::text[], $9::text[], $10::timestamptz[], $11::timestamptz[])
                    AS payment (id, pg_id, company, kind, amount, currency, status, request, response,
                                requested_at, completed_at)",
        )
        .bind(rows.iter().map(|t| t.id).collect::<Vec<_>>())
        .bind(rows.iter().map(|t| t.pg_id.as_str()).collect::<Vec<_>>())
        .bind(rows.iter().map(|t| t.company.as_str()).collect::<Vec<_>>())
        .bind(rows.iter().map(|t| t.kind).collect::<Vec<_>>())
        .bind(rows.iter().map(|t| t.amount.as_str()).collect::<Vec<_>>())
        .bind(rows.iter().map(|t| t.currency).collect::<Vec<_>>())
        .bind(rows.iter().map(|t| t.status).collect::<Vec<_>>())
        .bind(rows.iter().map(|t| json(t.request.as_ref())).collect::<Vec<_>>())
        .bind(rows.iter().map(|t| json(t.response.as_ref())).collect::<Vec<_>>())
        .bind(rows.iter().map(|t| t.requested_at).collect::<Vec<_>>())
        .bind(rows.iter().map(|t| t.completed_at).collect::<Vec<_>>())
        .execute(payment)
        .await
        .map(|_| ())
    }

    fn masked(&self) -> i64 {
        let transactions = self.rows.values().map(|payment| &payment.transaction);
        count_masked(transactions.flat_map(|t| [&t.request, &t.response]))
    }
}

fn translate(row: &LegacyRow, settings: &Settings) -> Result<(i64, Transaction), Refusal> {
    let offset = settings.utc_offset;
    let legacy_id = row.integer(PAYMENTS.key)?;
    let id = Subject::Payment.id(legacy_id);
    let kind = row.required("payment_type", 20)?;
    let status = row.required("status", 30)?;
    let currency = currency(row.text("currency", 3)?.as_deref())?;
    let amount = amount(&row.required("amount", 40)?, currency)?;
    let transaction = Transaction {
        id,
        // Before the gateway has given its id, the column holds ours.
        pg_id: row
            .text("pg_transaction_id", 100)?
            .unwrap_or_else(|| id.to_string()),
        company: row.required("pg_company", 50)?,
        kind: known(&kind, payment_type(&kind), Reason::UnknownType)?,
        amount: amount.to_string(),
        currency: currency.code(),
        status: known(&status, payment_status(&status), Reason::UnknownStatus)?,
        request: row.body("pg_request"),
        response: row.body("pg_response"),
        requested_at: row.required_time("requested_at", offset)?,
        completed_at: row.time("completed_at", offset)?,
    };
    Ok((legacy_id, transaction))
}
