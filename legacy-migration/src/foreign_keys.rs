//! Dropping the foreign keys that point at the payment tables, and making them again.

use sqlx::mysql::MySqlConnection;

use crate::dependents::foreign_keys;
use crate::error::LegacyMigrationError;
use crate::source::execute;
use crate::target::{Definition, Target};

const KIND: &str = "foreign key";

/// Keeps each definition in the target first, then drops the key.
pub(crate) async fn drop_all(
    source: &mut MySqlConnection,
    target: &Target,
) -> Result<u64, LegacyMigrationError> {
    let keys = foreign_keys(source).await?;
    let definitions: Vec<Definition> = keys
        .iter()
        .map(|key| Definition {
            kind: KIND.to_owned(),
            name: format!("{}.{}", key.table, key.name),
            table: key.table.clone(),
            definition: key.definition.clone(),
        })
        .collect();
    target.keep(&definitions).await?;
    for key in keys {
        let (table, name) = (&key.table, &key.name);
        let sql = format!("ALTER TABLE `{table}` DROP FOREIGN KEY `{name}`");
        execute(source, &sql).await?;
        tracing::info!(table, name, "the foreign key {table}.{name} is dropped");
    }
    let kept = target.definitions(KIND).await?;
    Ok(u64::try_from(kept.len()).unwrap_or(u64::MAX))
}

/// Makes those again that are missing. Without a look at the rows: the source may hold orphans, as it did.
pub(crate) async fn restore(
    source: &mut MySqlConnection,
    target: &Target,
) -> Result<(), LegacyMigrationError> {
    execute(source, "SET SESSION foreign_key_checks = 0").await?;
    let there: Vec<String> = foreign_keys(source)
        .await?
        .into_iter()
        .map(|key| format!("{}.{}", key.table, key.name))
        .collect();
    for definition in target.definitions(KIND).await? {
        if !there.contains(&definition.name) {
            execute(source, &definition.definition).await?;
        }
    }
    execute(source, "SET SESSION foreign_key_checks = 1").await?;
    target.forget(KIND).await
}
