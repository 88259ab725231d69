//! Changes of a payment's status → `payment.transaction_history`.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::rejects::{Reason, Refusal, Reject};
use super::row::LegacyRow;
use super::translate::{known, payment_status};
use super::{Batch, Pass, Subject};
use crate::migration::Settings;
use crate::shape::HISTORY;
use crate::target::Target;

/// A batch of changes.
#[derive(Debug, Default)]
pub(super) struct History {
    rows: HashMap<i64, (Change, Reject)>,
}

#[derive(Debug)]
struct Change {
    payment: i64,
    previous: Option<&'static str>,
    current: &'static str,
    why: Option<String>,
    at: DateTime<Utc>,
}

impl Pass for History {
    const SUBJECT: Subject = Subject::History;
    const QUERY: &'static str = "SELECT h.history_id, h.payment_id, h.previous_status, h.current_status, \
         h.change_reason, h.changed_at, p.payment_id \
         FROM tb_payment_history h LEFT JOIN tb_payments p ON p.payment_id = h.payment_id \
         WHERE h.history_id > {after} ORDER BY h.history_id LIMIT {limit}";
    const COLUMNS: &'static [&'static str] = &[
        "history_id",
        "payment_id",
        "previous_status",
        "current_status",
        "change_reason",
        "changed_at",
    ];

    fn take(&mut self, row: &LegacyRow, settings: &Settings) -> Result<i64, Reject> {
        let taken = translate(row, settings).map_err(|refusal| row.rejected(refusal));
        let (legacy_id, change) = taken?;
        if row.beside(Self::COLUMNS.len()).is_none() {
            let orphan = Refusal::new(Reason::Orphan, "its payment does not exist");
            return Err(row.rejected(orphan));
        }
        let rejected = Refusal::new(Reason::ParentRejected, "its payment is among the rejects");
        self.rows
            .insert(legacy_id, (change, row.rejected(rejected)));
        Ok(legacy_id)
    }

    async fn look_up(&mut self, target: &Target, batch: &mut Batch) -> Result<(), sqlx::Error> {
        let payments = self
            .rows
            .values()
            .map(|(change, _)| change.payment)
            .collect();
        let carried = carried_payments(target, payments).await?;
        batch.sift(|id| {
            let change = self.rows.get(&id);
            let stays = change.is_some_and(|(change, _)| carried.contains(&change.payment));
            let row = if stays { None } else { self.rows.remove(&id) };
            row.map(|(_, reject)| reject)
        });
        Ok(())
    }

    async fn link(&self, _target: &Target) -> Result<(), sqlx::Error> {
        // A change of a payment says nothing to the rest of the shop.
        Ok(())
    }

    async fn insert(&self, payment: &mut PgConnection) -> Result<(), sqlx::Error> {
        let ids: Vec<Uuid> = self
            .rows
            .keys()
            .map(|id| Subject::History.id(*id))
            .collect();
        let rows: Vec<&Change> = self.rows.values().map(|(change, _)| change).collect();
        let transactions = rows
            .iter()
            .map(|change| Subject::Payment.id(change.payment));
        sqlx::query(
            "INSERT INTO payment.transaction_history
                    (id, transaction_id, previous_status, current_status, change_reason, changed_at)
             SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[],
                                  $6::timestamptz[])",
        )
        .bind(ids)
        .bind(transactions.collect::<Vec<_>>())
        .bind(
            rows.iter()
                .map(|change| change.previous)
                .collect::<Vec<_>>(),
        )
        .bind(rows.iter().map(|change| change.current).collect::<Vec<_>>())
        .bind(
            rows.iter()
                .map(|change| change.why.as_deref())
                .collect::<Vec<_>>(),
        )
        .bind(rows.iter().map(|change| change.at).collect::<Vec<_>>())
        .execute(payment)
        .await
        .map(|_| ())
    }
}

/// Which of these payments are in the new schema.
pub(super) async fn carried_payments(
    target: &Target,
    payments: Vec<i64>,
) -> Result<HashSet<i64>, sqlx::Error> {
    let carried: Vec<i64> = sqlx::query_scalar(
        "SELECT legacy_id FROM payment.legacy_ids WHERE subject = 'PAYMENT' AND legacy_id = ANY($1)",
    )
    .bind(payments)
    .fetch_all(&target.payment)
    .await?;
    Ok(carried.into_iter().collect())
}

fn translate(row: &LegacyRow, settings: &Settings) -> Result<(i64, Change), Refusal> {
    let legacy_id = row.integer(HISTORY.key)?;
    let previous = row.text("previous_status", 30)?;
    let current = row.required("current_status", 30)?;
    let status = |word: &str| known(word, payment_status(word), Reason::UnknownStatus);
    let change = Change {
        payment: row.integer("payment_id")?,
        previous: previous.as_deref().map(status).transpose()?,
        current: status(&current)?,
        why: row.text("change_reason", 255)?,
        at: row.required_time("changed_at", settings.utc_offset)?,
    };
    Ok((legacy_id, change))
}
