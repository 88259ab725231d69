//! The rows, read and written in bulk.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::error::LedgerError;

/// What a [`MethodRow`] is read by.
pub(crate) const COLUMNS: &str =
    "id, user_id, payment_method_id, coalesce(is_default, false) AS is_default,
    coalesce(is_active, true) AS is_active, registered_at, deleted_at";

/// A row of `main.user_payment_method_mapping`: its id is its method's.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub(crate) struct MethodRow {
    pub(crate) id: Uuid,
    pub(crate) user_id: String,
    pub(crate) payment_method_id: Uuid,
    pub(crate) is_default: bool,
    pub(crate) is_active: bool,
    pub(crate) registered_at: DateTime<Utc>,
    pub(crate) deleted_at: Option<DateTime<Utc>>,
}

/// All rows of these users.
pub(super) async fn load(
    connection: &mut PgConnection,
    users: BTreeSet<String>,
) -> Result<Vec<MethodRow>, LedgerError> {
    let users: Vec<String> = users.into_iter().collect();
    let sql =
        format!("SELECT {COLUMNS} FROM main.user_payment_method_mapping WHERE user_id = ANY ($1)");
    let rows = sqlx::query_as(&sql).bind(users);
    Ok(rows.fetch_all(connection).await?)
}

/// Writes rows, whether or not they are there, and the users that they lead to.
pub(super) async fn save(
    connection: &mut PgConnection,
    rows: &[&MethodRow],
) -> Result<(), LedgerError> {
    let users: Vec<&str> = rows.iter().map(|row| row.user_id.as_str()).collect();
    sqlx::query(
        "INSERT INTO main.users (id) SELECT DISTINCT id FROM unnest($1::text[]) AS owner (id)
         ON CONFLICT (id) DO NOTHING",
    )
    .bind(&users)
    .execute(&mut *connection)
    .await?;
    sqlx::query(
        "INSERT INTO main.user_payment_method_mapping
                (id, user_id, payment_method_id, is_default, is_active, registered_at, deleted_at)
         SELECT id, user_id, method_id, is_default, is_active, registered_at, deleted_at
           FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::bool[], $5::bool[],
                       $6::timestamptz[], $7::timestamptz[])
                AS row (id, user_id, method_id, is_default, is_active, registered_at, deleted_at)
         ON CONFLICT (id) DO UPDATE
            SET is_default = excluded.is_default, is_active = excluded.is_active,
                deleted_at = excluded.deleted_at",
    )
    .bind(rows.iter().map(|row| row.id).collect::<Vec<_>>())
    .bind(&users)
    .bind(
        rows.iter()
            .map(|row| row.payment_method_id)
            .collect::<Vec<_>>(),
    )
    .bind(rows.iter().map(|row| row.is_default).collect::<Vec<_>>())
    .bind(rows.iter().map(|row| row.is_active).collect::<Vec<_>>())
    .bind(rows.iter().map(|row| row.registered_at).collect::<Vec<_>>())
    .bind(rows.iter().map(|row| row.deleted_at).collect::<Vec<_>>())
    .execute(connection)
    .await?;
    Ok(())
}

/// Deletes all rows; those of the legacy migration are in a table of their own.
pub(super) async fn clear(connection: &mut PgConnection) -> Result<(), LedgerError> {
    for table in ["user_payment_method_mapping", "users"] {
        let delete = format!("DELETE FROM main.{table}");
        sqlx::query(&delete).execute(&mut *connection).await?;
    }
    Ok(())
}
