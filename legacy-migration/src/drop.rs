//! Dropping the views and the tables, and making them again from the backups.

use sqlx::mysql::MySqlConnection;

use crate::backup::{Fingerprints, fill};
use crate::checksum::fingerprint;
use crate::dependents::{dependents, own_triggers};
use crate::error::LegacyMigrationError;
use crate::migration::{Progress, Teller};
use crate::shape::{TABLES, VIEWS};
use crate::source::{execute, has_table, texts};
use crate::target::{Definition, Target};

/// Refuses while anything that is not ours would break.
pub(crate) async fn require_unblocked(
    source: &mut MySqlConnection,
) -> Result<(), LegacyMigrationError> {
    let all = dependents(source).await?.into_iter();
    let blocking = all.filter(|d| d.blocks || d.kind == "foreign key");
    let blocking: Vec<String> = blocking.map(|d| format!("{} {}", d.kind, d.name)).collect();
    if blocking.is_empty() {
        Ok(())
    } else {
        Err(LegacyMigrationError::Blocked {
            dependents: blocking,
        })
    }
}

/// Keeps how everything that is to be dropped is made.
pub(crate) async fn keep_definitions(
    source: &mut MySqlConnection,
    target: &Target,
) -> Result<(), LegacyMigrationError> {
    let mut wanted: Vec<(&str, String, String)> = Vec::new();
    for table in TABLES {
        wanted.push(("table", table.name.to_owned(), table.name.to_owned()));
    }
    for view in VIEWS {
        if has_table(source, view).await? {
            wanted.push(("view", view.to_owned(), String::new()));
        }
    }
    for (name, on) in own_triggers(source).await? {
        wanted.push(("trigger", name, on));
    }
    let mut definitions = Vec::new();
    for (kind, name, table) in wanted {
        // The statement is the second column, and the third of a trigger (after its mode).
        let column = if kind == "trigger" { 2 } else { 1 };
        let rows = texts(source, &format!("SHOW CREATE {kind} `{name}`")).await?;
        let shown = rows.first().and_then(|row| row.get(column)).cloned();
        let definition = shown.ok_or_else(|| LegacyMigrationError::Unreadable {
            what: format!("the definition of {kind} {name}"),
        })?;
        definitions.push(Definition {
            kind: kind.to_owned(),
            name,
            table,
            definition,
        });
    }
    target.keep(&definitions).await
}

/// Drops the views, then the tables; what is gone already is passed over.
pub(crate) async fn drop_all(
    source: &mut MySqlConnection,
    tell: &mut Teller,
) -> Result<(), LegacyMigrationError> {
    for view in VIEWS {
        execute(source, &format!("DROP VIEW IF EXISTS `{view}`")).await?;
        tell(Progress::new("dropped", view, 0));
    }
    for table in TABLES {
        execute(source, &format!("DROP TABLE IF EXISTS `{}`", table.name)).await?;
        tell(Progress::new("dropped", table.name, 0));
    }
    Ok(())
}

/// Makes again what is missing: tables with their rows, compared with what they were; then triggers and views.
pub(crate) async fn restore(
    source: &mut MySqlConnection,
    target: &Target,
    were: &Fingerprints,
    tell: &mut Teller,
) -> Result<(), LegacyMigrationError> {
    for definition in target.definitions("table").await? {
        if !has_table(source, &definition.name).await? {
            execute(source, &definition.definition).await?;
        }
    }
    for table in TABLES {
        fill(source, &table, table.backup, table.name, tell).await?;
        let mut seen = |done| tell(Progress::new("comparing", table.name, done));
        let is = fingerprint(source, &table, table.name, &mut seen).await?;
        if were.get(table.name) != Some(&is) {
            return Err(LegacyMigrationError::BackupDiffers {
                table: table.name.to_owned(),
            });
        }
    }
    let there = own_triggers(source).await?;
    for definition in target.definitions("trigger").await? {
        if there.iter().all(|(name, _)| *name != definition.name) {
            execute(source, &definition.definition).await?;
        }
    }
    restore_views(source, target).await?;
    for kind in ["table", "trigger", "view"] {
        target.forget(kind).await?;
    }
    Ok(())
}

/// A view may stand on another one: whichever cannot be made yet is tried again after the others.
async fn restore_views(
    source: &mut MySqlConnection,
    target: &Target,
) -> Result<(), LegacyMigrationError> {
    let mut missing = Vec::new();
    for definition in target.definitions("view").await? {
        if !has_table(source, &definition.name).await? {
            missing.push(definition);
        }
    }
    while !missing.is_empty() {
        let before = missing.len();
        let mut left = Vec::new();
        let mut refused = None;
        for definition in missing {
            if let Err(error) = execute(source, &definition.definition).await {
                refused = Some(error);
                left.push(definition);
            }
        }
        match refused {
            Some(error) if left.len() == before => return Err(error),
            Some(_) | None => missing = left,
        }
    }
    Ok(())
}
