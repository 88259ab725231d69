//! No billing key, and not what they are sealed with, is in clear text in any table or any file of the run but the
//! company's own books. That Kafka has nothing but the log's events is looked at by `commerce verify`.

use std::path::Path;

use sqlx::PgPool;

use super::Check;
use crate::error::ChaosError;
use crate::shop::{GATEWAY_BOOKS, SEALING_KEY};

/// What every billing key of the mock begins with.
const KEY_PREFIX: &str = "tbill_";

/// Looks for both everywhere; where the company has issued no key there is nothing to look for.
pub(crate) async fn hidden(folder: &Path, pool: &PgPool) -> Result<Check, ChaosError> {
    let mut check = Check::new("no billing key is in clear text in any table, log or journal");
    let issued = read(&folder.join(GATEWAY_BOOKS))?
        .matches(KEY_PREFIX)
        .count();
    check
        .details
        .push(format!("the company's books name {issued} billing keys"));
    if issued == 0 {
        return Ok(check);
    }
    for needle in [KEY_PREFIX, SEALING_KEY] {
        look_at_tables(&mut check, needle, pool).await?;
        look_at_files(&mut check, needle, folder)?;
    }
    Ok(check)
}

async fn look_at_tables(check: &mut Check, needle: &str, pool: &PgPool) -> Result<(), ChaosError> {
    let tables: Vec<String> = sqlx::query_scalar(
        "SELECT format('%I.%I', table_schema, table_name) FROM information_schema.tables
          WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema')",
    )
    .fetch_all(pool)
    .await?;
    for table in tables {
        // As text, or as bytes are shown.
        let sql = format!(
            "SELECT count(*) FROM {table} t
              WHERE position($1 IN t::text) > 0 OR position(encode($1::bytea, 'hex') IN t::text) > 0"
        );
        let rows: i64 = sqlx::query_scalar(&sql)
            .bind(needle)
            .fetch_one(pool)
            .await?;
        check.look(rows == 0, || format!("{rows} rows of {table}"));
    }
    Ok(())
}

fn look_at_files(check: &mut Check, needle: &str, folder: &Path) -> Result<(), ChaosError> {
    for entry in std::fs::read_dir(folder).map_err(ChaosError::file(folder))? {
        let path = entry.map_err(ChaosError::file(folder))?.path();
        let is_books = path.file_name().is_some_and(|name| name == GATEWAY_BOOKS);
        if is_books || !path.is_file() {
            continue;
        }
        let found = read(&path)?.contains(needle);
        check.look(!found, || path.display().to_string());
    }
    Ok(())
}

/// A file, whatever bytes are in it.
fn read(path: &Path) -> Result<String, ChaosError> {
    let bytes = std::fs::read(path).map_err(ChaosError::file(path))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use testkit::TestDatabase;

    use super::*;

    /// A run in which the company issued a key, with this in its database and in a log.
    async fn after(planted: Option<&str>, logged: &str) -> Check {
        let database = TestDatabase::create().await;
        let pool = database.owner_pool().await;
        if let Some(value) = planted {
            let sql = format!("CREATE TABLE public.careless AS SELECT {value} AS said");
            let made = sqlx::raw_sql(&sql).execute(&pool).await;
            made.expect("the owner may");
        }
        let folder = tempfile::tempdir().expect("a folder");
        let book = format!(r#"{{"billingKey":"{KEY_PREFIX}1"}}"#);
        std::fs::write(folder.path().join(GATEWAY_BOOKS), book).expect("a file");
        std::fs::write(folder.path().join("processes-1.log"), logged).expect("a file");
        hidden(folder.path(), &pool).await.expect("an answer")
    }

    #[tokio::test]
    async fn what_is_hidden_breaks_nothing() {
        let check = after(Some("'sealed'::text"), "all is well").await;
        assert!(check.holds(), "{check:?}");
    }

    #[tokio::test]
    async fn a_key_in_a_row_as_text_or_bytes_and_one_in_a_log_are_found() {
        for (planted, logged) in [
            (Some("'the key is tbill_1'::text"), ""),
            (Some("'tbill_1'::bytea"), ""),
            (Some(&*format!("'{SEALING_KEY}'::text")), ""),
            (None, "charged by tbill_1"),
        ] {
            let check = after(planted, logged).await;
            assert_eq!(check.broken, 1, "{planted:?} {logged}: {check:?}");
        }
    }

    #[tokio::test]
    async fn where_no_key_was_issued_nothing_is_proven() {
        let database = TestDatabase::create().await;
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join(GATEWAY_BOOKS), "").expect("a file");
        let check = hidden(folder.path(), &database.owner_pool().await).await;
        assert!(!check.expect("an answer").holds());
    }
}
