//! What in the legacy database depends on the payment tables: foreign keys, views, triggers, routines, events.

use serde::{Deserialize, Serialize};
use sqlx::mysql::MySqlConnection;

use crate::error::LegacyMigrationError;
use crate::shape::{TABLES, VIEWS};
use crate::source::texts;

/// Something that depends on the tables or the views.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Dependent {
    /// `foreign key`, `view`, `trigger`, `routine` or `event`.
    pub(crate) kind: String,
    pub(crate) name: String,
    /// What it belongs to; for a foreign key and a trigger its table.
    pub(crate) on: String,
    /// Whether it would break when the tables go, and is not ours to drop.
    pub(crate) blocks: bool,
}

/// A foreign key, with all that makes it anew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ForeignKey {
    pub(crate) name: String,
    pub(crate) table: String,
    pub(crate) definition: String,
}

/// The foreign keys that point at the payment tables, from wherever. To refuse is what a key does of itself,
/// and InnoDB knows no difference between its two names.
pub(crate) async fn foreign_keys(
    source: &mut MySqlConnection,
) -> Result<Vec<ForeignKey>, LegacyMigrationError> {
    let sql = format!(
        "SELECT k.constraint_name, k.table_name,
                CONCAT('ALTER TABLE `', k.table_name, '` ADD CONSTRAINT `', k.constraint_name,
                       '` FOREIGN KEY (',
                       GROUP_CONCAT(CONCAT('`', k.column_name, '`') ORDER BY k.ordinal_position),
                       ') REFERENCES `', k.referenced_table_name, '` (',
                       GROUP_CONCAT(CONCAT('`', k.referenced_column_name, '`') ORDER BY k.ordinal_position),
                       ')', IF(r.delete_rule IN ('NO ACTION', 'RESTRICT'), '', CONCAT(' ON DELETE ', r.delete_rule)),
                       IF(r.update_rule IN ('NO ACTION', 'RESTRICT'), '', CONCAT(' ON UPDATE ', r.update_rule)))
           FROM information_schema.key_column_usage k
           JOIN information_schema.referential_constraints r
             ON r.constraint_schema = k.constraint_schema AND r.constraint_name = k.constraint_name
            AND r.table_name = k.table_name
          WHERE k.table_schema = DATABASE() AND k.referenced_table_name IN ({})
          GROUP BY k.constraint_name, k.table_name, k.referenced_table_name, r.delete_rule, r.update_rule
          ORDER BY k.table_name, k.constraint_name",
        names(TABLES.map(|table| table.name))
    );
    let rows = texts(source, &sql).await?;
    Ok(rows
        .into_iter()
        .filter_map(|row| {
            let [name, table, definition] = <[String; 3]>::try_from(row).ok()?;
            Some(ForeignKey {
                name,
                table,
                definition,
            })
        })
        .collect())
}

/// Everything that depends on the tables or on their views.
pub(crate) async fn dependents(
    source: &mut MySqlConnection,
) -> Result<Vec<Dependent>, LegacyMigrationError> {
    let mut all: Vec<Dependent> = foreign_keys(source)
        .await?
        .into_iter()
        .map(|key| Dependent {
            kind: "foreign key".to_owned(),
            name: key.name,
            on: key.table,
            blocks: false,
        })
        .collect();
    let own_views = names(VIEWS);
    let own_tables = names(TABLES.map(|table| table.name));
    // A text that this account may not read could mention anything: it blocks too.
    let questions = [
        format!(
            "SELECT 'view', table_name, '', table_name NOT IN ({own_views})
               FROM information_schema.views
              WHERE table_schema = DATABASE()
                AND (table_name IN ({own_views}) OR {})",
            mentions("view_definition")
        ),
        format!(
            "SELECT 'trigger', trigger_name, event_object_table, event_object_table NOT IN ({own_tables})
               FROM information_schema.triggers
              WHERE trigger_schema = DATABASE()
                AND (event_object_table IN ({own_tables}) OR {})",
            mentions("action_statement")
        ),
        format!(
            "SELECT 'routine', routine_name, '', 1 FROM information_schema.routines
              WHERE routine_schema = DATABASE() AND {}",
            mentions("routine_definition")
        ),
        format!(
            "SELECT 'event', event_name, '', 1 FROM information_schema.events
              WHERE event_schema = DATABASE() AND {}",
            mentions("event_definition")
        ),
    ];
    for question in questions {
        for row in texts(source, &question).await? {
            if let Ok([kind, name, on, blocks]) = <[String; 4]>::try_from(row) {
                let blocks = blocks != "0";
                all.push(Dependent {
                    kind,
                    name,
                    on,
                    blocks,
                });
            }
        }
    }
    Ok(all)
}

/// The triggers on the payment tables themselves, as (name, table): they go with the tables.
pub(crate) async fn own_triggers(
    source: &mut MySqlConnection,
) -> Result<Vec<(String, String)>, LegacyMigrationError> {
    let all = dependents(source).await?.into_iter();
    let own = all.filter(|dependent| dependent.kind == "trigger" && !dependent.blocks);
    Ok(own.map(|trigger| (trigger.name, trigger.on)).collect())
}

fn names<const N: usize>(names: [&str; N]) -> String {
    names.map(|name| format!("'{name}'")).join(", ")
}

fn mentions(text: &str) -> String {
    let all = TABLES.iter().map(|table| table.name).chain(VIEWS);
    let each: Vec<String> = all
        .map(|name| format!("LOCATE('{name}', {text}) > 0"))
        .collect();
    format!("({text} IS NULL OR {})", each.join(" OR "))
}
