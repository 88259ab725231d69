//! Writing a batch to the target, and knowing where the next one begins.

use serde::Serialize;
use sqlx::{Postgres, Transaction};
use uuid::Uuid;

use super::{Batch, Subject};
use crate::error::LegacyMigrationError;
use crate::target::Target;

/// How far a pass is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, sqlx::FromRow)]
pub(crate) struct Position {
    pub(crate) last_key: i64,
    pub(crate) carried: i64,
    pub(crate) masked: i64,
    pub(crate) finished: bool,
}

/// Keys begin above this: the first row of a table may have key 0, or less.
const BEFORE_ALL: i64 = i64::MIN;

/// Where a pass goes on; it begins now if it has not.
pub(super) async fn position(
    target: &Target,
    subject: Subject,
) -> Result<Position, LegacyMigrationError> {
    sqlx::query(
        "INSERT INTO payment.legacy_progress (subject, last_key) VALUES ($1, $2)
         ON CONFLICT (subject) DO NOTHING",
    )
    .bind(subject.name())
    .bind(BEFORE_ALL)
    .execute(&target.payment)
    .await
    .map_err(LegacyMigrationError::Target)?;
    let position = progress(target, subject).await?;
    position.ok_or(LegacyMigrationError::Target(sqlx::Error::RowNotFound))
}

/// How far a pass is, if it has begun.
pub(crate) async fn progress(
    target: &Target,
    subject: Subject,
) -> Result<Option<Position>, LegacyMigrationError> {
    sqlx::query_as(
        "SELECT last_key, carried, masked, finished FROM payment.legacy_progress WHERE subject = $1",
    )
    .bind(subject.name())
    .fetch_optional(&target.payment)
    .await
    .map_err(LegacyMigrationError::Target)
}

/// A pass has reached its end.
pub(super) async fn finish(target: &Target, subject: Subject) -> Result<(), LegacyMigrationError> {
    sqlx::query("UPDATE payment.legacy_progress SET finished = true WHERE subject = $1")
        .bind(subject.name())
        .execute(&target.payment)
        .await
        .map(|_| ())
        .map_err(LegacyMigrationError::Target)
}

/// The ids, the rejects and the key of a batch, in the transaction of its rows.
pub(super) async fn commit(
    mut transaction: Transaction<'static, Postgres>,
    subject: Subject,
    last_key: i64,
    batch: &Batch,
) -> Result<(), sqlx::Error> {
    let ids: Vec<Uuid> = batch.carried.iter().map(|id| subject.id(*id)).collect();
    sqlx::query(
        "INSERT INTO payment.legacy_ids (subject, legacy_id, id)
         SELECT $1, legacy_id, id FROM unnest($2::bigint[], $3::uuid[]) AS row (legacy_id, id)",
    )
    .bind(subject.name())
    .bind(&batch.carried)
    .bind(&ids)
    .execute(&mut *transaction)
    .await?;
    insert_rejects(&mut transaction, batch).await?;
    sqlx::query(
        "UPDATE payment.legacy_progress
            SET last_key = $2, carried = carried + $3, masked = masked + $4 WHERE subject = $1",
    )
    .bind(subject.name())
    .bind(last_key)
    .bind(i64::try_from(ids.len()).unwrap_or(i64::MAX))
    .bind(batch.masked)
    .execute(&mut *transaction)
    .await?;
    transaction.commit().await
}

async fn insert_rejects(
    transaction: &mut Transaction<'static, Postgres>,
    batch: &Batch,
) -> Result<(), sqlx::Error> {
    if batch.rejects.is_empty() {
        return Ok(());
    }
    let rejects = &batch.rejects;
    let subjects: Vec<&str> = rejects.iter().map(|reject| reject.subject.name()).collect();
    let ids: Vec<i64> = rejects.iter().map(|reject| reject.legacy_id).collect();
    let reasons = rejects.iter().map(|reject| reject.refusal.reason.name());
    let reasons: Vec<&str> = reasons.collect();
    let details = rejects.iter().map(|reject| reject.refusal.detail.as_str());
    let details: Vec<&str> = details.collect();
    let rows: Vec<&str> = rejects.iter().map(|reject| reject.row.as_str()).collect();
    sqlx::query(
        r#"INSERT INTO payment.legacy_rejects (subject, legacy_id, reason, detail, "row")
           SELECT subject, legacy_id, reason, detail, whole::json
             FROM unnest($1::text[], $2::bigint[], $3::text[], $4::text[], $5::text[])
                  AS reject (subject, legacy_id, reason, detail, whole)"#,
    )
    .bind(&subjects)
    .bind(&ids)
    .bind(&reasons)
    .bind(&details)
    .bind(&rows)
    .execute(&mut **transaction)
    .await?;
    Ok(())
}
