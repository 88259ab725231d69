//! The way back, a step at a time. Each undoing can be interrupted and repeated like the step itself.

use sqlx::mysql::MySqlConnection;

use crate::backup::Fingerprints;
use crate::error::LegacyMigrationError;
use crate::error::LegacyMigrationError::Target as Failed;
use crate::migration::{Progress, Teller};
use crate::shape::TABLES;
use crate::source::{execute, has_table};
use crate::steps::Step;
use crate::target::Target;
use crate::{drop, foreign_keys};

/// Rows that one statement deletes.
const DELETE_ROWS: i64 = 20_000;

/// What the copy wrote, as (subject, table, when a row of it came about); what points at something else first.
const COPIED: [(&str, &str, &str); 3] = [
    ("HISTORY", "transaction_history", "changed_at"),
    ("PAYMENT", "transactions", "requested_at"),
    ("METHOD", "methods", "registered_at"),
];

/// Refuses a way back across the copy when rows came since that only the new schema has: the legacy
/// application would not know of them.
pub(crate) async fn require_nothing_newer(
    target: &Target,
    to: Step,
) -> Result<(), LegacyMigrationError> {
    let steps = target.steps().await?;
    let Some(copy) = steps.get(Step::Copy.name()).filter(|_| to < Step::Copy) else {
        return Ok(());
    };
    let mut newer: i64 = 0;
    for (subject, table, since) in COPIED {
        let sql = format!(
            "SELECT count(*) FROM payment.{table} row WHERE row.{since} >= $1 AND NOT EXISTS (
                 SELECT FROM payment.legacy_ids ids WHERE ids.subject = '{subject}' AND ids.id = row.id)"
        );
        let rows: i64 = sqlx::query_scalar(&sql)
            .bind(copy.started_at)
            .fetch_one(&target.payment)
            .await
            .map_err(Failed)?;
        newer += rows;
    }
    if newer == 0 {
        Ok(())
    } else {
        Err(LegacyMigrationError::Newer { rows: newer })
    }
}

/// Takes one step back.
pub(crate) async fn undo(
    source: &mut MySqlConnection,
    target: &Target,
    step: Step,
    were: &Fingerprints,
    tell: &mut Teller,
) -> Result<(), LegacyMigrationError> {
    match step {
        // What these leave is their record, which goes anyway.
        Step::Start | Step::Check | Step::Verify | Step::Switch => Ok(()),
        Step::Drop => drop::restore(source, target, were, tell).await,
        Step::Copy => remove_copies(target, tell).await,
        Step::DropForeignKeys => foreign_keys::restore(source, target).await,
        Step::BackUp => drop_backups(source).await,
    }
}

/// A batch of ids at a time: the rows, and then their ids in the same transaction.
async fn remove_copies(target: &Target, tell: &mut Teller) -> Result<(), LegacyMigrationError> {
    for (subject, table, _) in COPIED {
        // A history that was written after the copy goes with its transaction: `accept_newer` said so.
        let children = match subject {
            "PAYMENT" => Some(("transaction_history", "transaction_id")),
            "METHOD" => Some(("method_history", "method_id")),
            _ => None,
        };
        let mut removed = 0;
        loop {
            let mut transaction = target.payment.begin().await.map_err(Failed)?;
            let ids: Vec<(i64, uuid::Uuid)> = sqlx::query_as(
                "SELECT legacy_id, id FROM payment.legacy_ids WHERE subject = $1
                  ORDER BY legacy_id LIMIT $2",
            )
            .bind(subject)
            .bind(DELETE_ROWS)
            .fetch_all(&mut *transaction)
            .await
            .map_err(Failed)?;
            let Some((last, _)) = ids.last() else {
                break;
            };
            let uuids: Vec<uuid::Uuid> = ids.iter().map(|(_, id)| *id).collect();
            for (table, id) in children.into_iter().chain([(table, "id")]) {
                sqlx::query(&format!("DELETE FROM payment.{table} WHERE {id} = ANY($1)"))
                    .bind(&uuids)
                    .execute(&mut *transaction)
                    .await
                    .map_err(Failed)?;
            }
            sqlx::query("DELETE FROM payment.legacy_ids WHERE subject = $1 AND legacy_id <= $2")
                .bind(subject)
                .bind(last)
                .execute(&mut *transaction)
                .await
                .map_err(Failed)?;
            transaction.commit().await.map_err(Failed)?;
            removed += ids.len() as u64;
            tell(Progress::new("removed the copies of", subject, removed));
        }
    }
    // These hold nothing but links of the legacy database.
    for table in [
        "legacy_order_payment_mapping",
        "legacy_user_payment_method_mapping",
    ] {
        sqlx::query(&format!("TRUNCATE main.{table}"))
            .execute(&target.main)
            .await
            .map_err(Failed)?;
    }
    let forget = "TRUNCATE payment.legacy_ids, payment.legacy_rejects, payment.legacy_progress";
    sqlx::query(forget)
        .execute(&target.payment)
        .await
        .map(|_| ())
        .map_err(Failed)
}

/// Only while every table is there: a backup is never the last copy when it goes.
async fn drop_backups(source: &mut MySqlConnection) -> Result<(), LegacyMigrationError> {
    for table in TABLES {
        if !has_table(source, table.name).await? {
            return Err(LegacyMigrationError::BackupDiffers {
                table: table.name.to_owned(),
            });
        }
    }
    for table in TABLES {
        execute(source, &format!("DROP TABLE IF EXISTS {}", table.backup)).await?;
    }
    Ok(())
}
