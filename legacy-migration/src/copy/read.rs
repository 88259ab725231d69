//! Reading a batch of the source: so many rows, or so many bytes, whichever comes first.

use futures::TryStreamExt as _;
use sqlx::mysql::MySqlConnection;
use sqlx::{Executor as _, Row as _};

use super::{LegacyRow, Pass};
use crate::error::LegacyMigrationError;
use crate::source::cell;

/// The most that the rows of one batch may hold; a batch ends with the row that goes past it. Two batches are
/// in memory at a time.
const BATCH_BYTES_MAX: usize = 16 * 1024 * 1024;

/// The rows after a key.
pub(super) async fn page<P: Pass>(
    source: &mut MySqlConnection,
    after: i64,
    limit: u32,
) -> Result<Vec<LegacyRow>, LegacyMigrationError> {
    let sql = P::QUERY
        .replace("{after}", &after.to_string())
        .replace("{limit}", &limit.to_string());
    let mut rows = source.fetch(sqlx::raw_sql(&sql));
    let mut page = Vec::new();
    let mut bytes = 0;
    while let Some(row) = rows
        .try_next()
        .await
        .map_err(LegacyMigrationError::Source)?
    {
        let mut values = Vec::with_capacity(row.len());
        for index in 0..row.len() {
            let value = cell(&row, index)?;
            bytes += value.as_ref().map_or(0, Vec::len);
            values.push(value);
        }
        page.push(LegacyRow::new(P::SUBJECT, P::COLUMNS, values));
        if bytes >= BATCH_BYTES_MAX {
            break;
        }
    }
    Ok(page)
}
