//! The backups: a table beside each legacy one, filled a range of keys at a time and then compared.

use std::collections::BTreeMap;

use sqlx::mysql::MySqlConnection;

use crate::checksum::{Fingerprint, fingerprint, next_range, orders_fingerprint};
use crate::error::LegacyMigrationError;
use crate::migration::{Progress, Teller};
use crate::shape::{LegacyTable, TABLES};
use crate::source::{execute, has_table, number};
use crate::steps::Step;

/// What every table held, by name; `orders` counts its links alone.
pub(crate) type Fingerprints = BTreeMap<String, Fingerprint>;

/// Fills what is missing of every backup, and compares all of it. A backup that was begun goes on.
pub(crate) async fn back_up(
    source: &mut MySqlConnection,
    tell: &mut Teller,
) -> Result<Fingerprints, LegacyMigrationError> {
    for table in TABLES {
        if !has_table(source, table.backup).await? {
            let sql = format!("CREATE TABLE {} LIKE {}", table.backup, table.name);
            execute(source, &sql).await?;
        }
        fill(source, &table, table.name, table.backup, tell).await?;
    }
    let fingerprints = of_tables(source, tell).await?;
    for table in TABLES {
        let mut seen = |done| tell(Progress::new("comparing the backup of", table.name, done));
        let backup = fingerprint(source, &table, table.backup, &mut seen).await?;
        if fingerprints.get(table.name) != Some(&backup) {
            return Err(LegacyMigrationError::BackupDiffers {
                table: table.name.to_owned(),
            });
        }
    }
    Ok(fingerprints)
}

/// What the source holds now.
pub(crate) async fn of_tables(
    source: &mut MySqlConnection,
    tell: &mut Teller,
) -> Result<Fingerprints, LegacyMigrationError> {
    let mut all = Fingerprints::new();
    for table in TABLES {
        let mut seen = |done| tell(Progress::new("reading", table.name, done));
        let now = fingerprint(source, &table, table.name, &mut seen).await?;
        all.insert(table.name.to_owned(), now);
    }
    let mut seen = |done| tell(Progress::new("reading", "orders", done));
    let orders = orders_fingerprint(source, &mut seen).await?;
    all.insert("orders".to_owned(), orders);
    Ok(all)
}

/// Refuses a source that is not what it was.
pub(crate) fn unchanged(
    then: &Fingerprints,
    now: &Fingerprints,
    since: Step,
) -> Result<(), LegacyMigrationError> {
    let changed = now.iter().find(|(name, is)| then.get(*name) != Some(is));
    match changed {
        None => Ok(()),
        Some((table, _)) => Err(LegacyMigrationError::SourceChanged {
            table: table.clone(),
            since,
        }),
    }
}

/// Copies the rows of `from` that `to` does not have yet, by ascending keys. Each statement is whole or not
/// there at all, so the highest key says where to go on.
pub(crate) async fn fill(
    source: &mut MySqlConnection,
    table: &LegacyTable,
    from: &str,
    to: &str,
    tell: &mut Teller,
) -> Result<(), LegacyMigrationError> {
    let key = table.key;
    let begin = format!(
        "SELECT COALESCE((SELECT MAX({key}) FROM {to}), (SELECT MIN({key}) - 1 FROM {from}), 0)"
    );
    let mut after = number(source, &begin).await?;
    loop {
        let until = next_range(source, from, key, after).await?;
        if until <= after {
            return Ok(());
        }
        let sql = format!(
            "INSERT INTO {to} SELECT * FROM {from} WHERE {key} > {after} AND {key} <= {until}"
        );
        execute(source, &sql).await?;
        tell(Progress::new(
            "copying within the source to",
            to,
            until.unsigned_abs(),
        ));
        after = until;
    }
}
