//! A session in the legacy database: its settings, and everything read as text.

use std::time::Duration;

use sqlx::mysql::{MySqlConnectOptions, MySqlConnection, MySqlRow};
use sqlx::{ConnectOptions as _, Executor as _, Row as _};

use crate::error::LegacyMigrationError;

/// The longest wait for a lock on a table or a row: somebody's open transaction is not waited out.
const LOCK_WAIT_S: u64 = 10;

/// Opens a session, with limits on every statement.
pub(crate) async fn connect(
    options: MySqlConnectOptions,
    statement_timeout: Duration,
) -> Result<MySqlConnection, LegacyMigrationError> {
    if options.get_database().is_none_or(str::is_empty) {
        return Err(LegacyMigrationError::SourceUrl);
    }
    let options = options
        // The driver would ask for modes that turn the source's own data away, such as dates of zeros.
        .no_engine_substitution(false)
        .pipes_as_concat(false)
        .disable_statement_logging();
    let connected = options.connect().await;
    let mut source = connected.map_err(LegacyMigrationError::Source)?;
    let version = texts(&mut source, "SELECT VERSION()").await?;
    let is_mariadb = version
        .iter()
        .flatten()
        .any(|text| text.contains("MariaDB"));
    let limit = if is_mariadb {
        format!("max_statement_time = {}", statement_timeout.as_secs())
    } else {
        format!("max_execution_time = {}", statement_timeout.as_millis())
    };
    execute(
        &mut source,
        &format!(
            "SET SESSION {limit}, lock_wait_timeout = {LOCK_WAIT_S}, innodb_lock_wait_timeout = {LOCK_WAIT_S},
                 sql_mode = 'STRICT_ALL_TABLES,ALLOW_INVALID_DATES,NO_ENGINE_SUBSTITUTION,NO_AUTO_VALUE_ON_ZERO'"
        ),
    )
    .await?;
    // A backup takes no lock on the rows that it reads.
    execute(
        &mut source,
        "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED",
    )
    .await?;
    Ok(source)
}

/// Runs a statement that answers nothing. Definitions cannot all be prepared, so none is.
pub(crate) async fn execute(
    source: &mut MySqlConnection,
    sql: &str,
) -> Result<(), LegacyMigrationError> {
    source
        .execute(sqlx::raw_sql(sql))
        .await
        .map(|_| ())
        .map_err(LegacyMigrationError::Source)
}

/// The rows of a short answer, all of it as text; a NULL is an empty text.
pub(crate) async fn texts(
    source: &mut MySqlConnection,
    sql: &str,
) -> Result<Vec<Vec<String>>, LegacyMigrationError> {
    let rows = source
        .fetch_all(sqlx::raw_sql(sql))
        .await
        .map_err(LegacyMigrationError::Source)?;
    rows.iter()
        .map(|row| {
            let cells = (0..row.len()).map(|index| cell(row, index));
            cells
                .map(|value| Ok(String::from_utf8_lossy(&value?.unwrap_or_default()).into_owned()))
                .collect()
        })
        .collect()
}

/// One value as the bytes that the server sent: over the text protocol, or of a column that is text.
pub(crate) fn cell(row: &MySqlRow, index: usize) -> Result<Option<Vec<u8>>, LegacyMigrationError> {
    row.try_get_unchecked::<Option<Vec<u8>>, _>(index)
        .map_err(LegacyMigrationError::Source)
}

/// The number in the first row and column of an answer; nothing is 0.
pub(crate) async fn number(
    source: &mut MySqlConnection,
    sql: &str,
) -> Result<i64, LegacyMigrationError> {
    let rows = texts(source, sql).await?;
    let first = rows.first().and_then(|row| row.first());
    match first.map(String::as_str) {
        None | Some("") => Ok(0),
        Some(text) => parsed(text),
    }
}

/// A number of an answer.
pub(crate) fn parsed<T: std::str::FromStr>(text: &str) -> Result<T, LegacyMigrationError> {
    text.parse().map_err(|_| LegacyMigrationError::Unreadable {
        what: format!("the number {text:?}"),
    })
}

/// Whether the database has a table or a view of this name.
pub(crate) async fn has_table(
    source: &mut MySqlConnection,
    name: &str,
) -> Result<bool, LegacyMigrationError> {
    let sql = format!(
        "SELECT COUNT(*) FROM information_schema.tables
          WHERE table_schema = DATABASE() AND table_name = '{name}'"
    );
    Ok(number(source, &sql).await? > 0)
}
