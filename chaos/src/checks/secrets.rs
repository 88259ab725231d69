//! No billing key, no number of a refund's account, and not what they are sealed with, is in clear text in any table or
//! any file of the run but the company's own books and, of the number, the shoppers' own journal. That Kafka has nothing but the log's events is looked at by `commerce verify`.

use std::path::Path;

use sqlx::PgPool;

use super::Check;
use crate::error::ChaosError;
use crate::journal::JOURNAL;
use crate::shop::{GATEWAY_BOOKS, SEALING_KEY};
use crate::shoppers::ACCOUNT_CANARY;

/// What every billing key of the mock begins with.
const KEY_PREFIX: &str = "tbill_";

/// Looks for all of them everywhere.
pub(crate) async fn hidden(folder: &Path, pool: &PgPool) -> Result<[Check; 2], ChaosError> {
    Ok([
        keys_hidden(folder, pool).await?,
        accounts_hidden(folder, pool).await?,
    ])
}

/// Where the company has issued no key there is nothing to look for.
async fn keys_hidden(folder: &Path, pool: &PgPool) -> Result<Check, ChaosError> {
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
        look_at_files(&mut check, (needle, &[GATEWAY_BOOKS]), folder)?;
    }
    Ok(check)
}

/// Where nobody has told an account there is nothing to look for.
async fn accounts_hidden(folder: &Path, pool: &PgPool) -> Result<Check, ChaosError> {
    let mut check =
        Check::new("no number of a refund's account is in clear text in any table or log");
    let told = read(&folder.join(JOURNAL))?.matches(ACCOUNT_CANARY).count();
    check
        .details
        .push(format!("the shoppers told an account {told} times"));
    if told == 0 {
        return Ok(check);
    }
    look_at_tables(&mut check, ACCOUNT_CANARY, pool).await?;
    let who_may = [GATEWAY_BOOKS, JOURNAL];
    look_at_files(&mut check, (ACCOUNT_CANARY, &who_may), folder)?;
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

fn look_at_files(
    check: &mut Check,
    (needle, who_may): (&str, &[&str]),
    folder: &Path,
) -> Result<(), ChaosError> {
    for entry in std::fs::read_dir(folder).map_err(ChaosError::file(folder))? {
        let path = entry.map_err(ChaosError::file(folder))?.path();
        let may_have_it = path
            .file_name()
            .is_some_and(|name| who_may.iter().any(|may| name == *may));
        if may_have_it || !path.is_file() {
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

    /// A run in which the company issued a key and a shopper told an account, with this in its database and in a file.
    async fn after(planted: Option<&str>, (file, text): (&str, &str)) -> [Check; 2] {
        let database = TestDatabase::create().await;
        let pool = database.owner_pool().await;
        if let Some(value) = planted {
            let sql = format!("CREATE TABLE public.careless AS SELECT {value} AS said");
            let made = sqlx::raw_sql(&sql).execute(&pool).await;
            made.expect("the owner may");
        }
        let folder = tempfile::tempdir().expect("a folder");
        let book = format!(r#"{{"billingKey":"{KEY_PREFIX}1"}}"#);
        let told = format!(r#"{{"bank":"20","number":"{ACCOUNT_CANARY}001"}}"#);
        for (name, text) in [(GATEWAY_BOOKS, &*book), (JOURNAL, &*told), (file, text)] {
            std::fs::write(folder.path().join(name), text).expect("a file");
        }
        hidden(folder.path(), &pool).await.expect("an answer")
    }

    #[tokio::test]
    async fn what_is_hidden_breaks_nothing() {
        let checks = after(Some("'sealed'::text"), ("processes-1.log", "all is well")).await;
        assert!(checks.iter().all(Check::holds), "{checks:?}");
    }

    #[tokio::test]
    async fn a_key_or_an_account_in_a_row_as_text_or_bytes_and_one_in_a_file_are_found() {
        let quiet = ("processes-1.log", "");
        let number = format!("{ACCOUNT_CANARY}002");
        let (as_text, as_bytes) = (format!("'{number}'::text"), format!("'{number}'::bytea"));
        let in_json = format!("jsonb_build_object('number', '{number}')");
        let logged = format!("refunded to {number}");
        for (planted, file, broken) in [
            (Some("'the key is tbill_1'::text"), quiet, [1, 0]),
            (Some("'tbill_1'::bytea"), quiet, [1, 0]),
            (Some(&*format!("'{SEALING_KEY}'::text")), quiet, [1, 0]),
            (None, ("processes-1.log", "charged by tbill_1"), [1, 0]),
            (None, (JOURNAL, &*format!("tbill_1 {number}")), [1, 0]),
            (Some(&*as_text), quiet, [0, 1]),
            (Some(&*as_bytes), quiet, [0, 1]),
            (Some(&*in_json), quiet, [0, 1]),
            (None, ("command-api-1.log", &*logged), [0, 1]),
            (None, ("chronicle.jsonl", &*logged), [0, 1]),
        ] {
            let checks = after(planted, file).await;
            let found = checks.each_ref().map(|check| check.broken);
            assert_eq!(found, broken, "{planted:?} {file:?}: {checks:?}");
        }
    }

    #[tokio::test]
    async fn where_no_key_was_issued_and_no_account_told_nothing_is_proven() {
        let database = TestDatabase::create().await;
        let folder = tempfile::tempdir().expect("a folder");
        for name in [GATEWAY_BOOKS, JOURNAL] {
            std::fs::write(folder.path().join(name), "").expect("a file");
        }
        let checks = hidden(folder.path(), &database.owner_pool().await).await;
        assert!(!checks.expect("an answer").iter().any(Check::holds));
    }
}
