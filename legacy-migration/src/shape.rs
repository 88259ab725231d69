//! The legacy schema that is read, column by column. It is looked at before every step: another column would
//! be lost in silence, another type misread.

use std::collections::BTreeMap;

use sqlx::mysql::MySqlConnection;

use crate::error::LegacyMigrationError;
use crate::source::texts;

/// A legacy table that is migrated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LegacyTable {
    /// Its name.
    pub name: &'static str,
    /// The name of its backup.
    pub backup: &'static str,
    /// Its key: one column, an integer.
    pub key: &'static str,
    /// Its columns in order, with MySQL's name of the type.
    pub columns: &'static [(&'static str, &'static str)],
}

/// Stored means of payment.
pub const METHODS: LegacyTable = LegacyTable {
    name: "tb_payment_methods",
    backup: "backup_tb_payment_methods",
    key: "payment_method_id",
    columns: &[
        ("payment_method_id", "bigint"),
        ("user_id", "bigint"),
        ("billing_key", "varchar"),
        ("pg_company", "varchar"),
        ("method_type", "varchar"),
        ("card_company", "varchar"),
        ("card_number", "varchar"),
        ("pg_request", "longtext"),
        ("pg_response", "longtext"),
        ("is_default", "tinyint"),
        ("status", "varchar"),
        ("created_at", "datetime"),
        ("deleted_at", "datetime"),
    ],
};

/// Payments, refunds and cancellations.
pub const PAYMENTS: LegacyTable = LegacyTable {
    name: "tb_payments",
    backup: "backup_tb_payments",
    key: "payment_id",
    columns: &[
        ("payment_id", "bigint"),
        ("order_id", "bigint"),
        ("pg_transaction_id", "varchar"),
        ("pg_company", "varchar"),
        ("payment_type", "varchar"),
        ("amount", "decimal"),
        ("currency", "varchar"),
        ("status", "varchar"),
        ("pg_request", "longtext"),
        ("pg_response", "longtext"),
        ("requested_at", "datetime"),
        ("completed_at", "datetime"),
    ],
};

/// Changes of a payment's status.
pub const HISTORY: LegacyTable = LegacyTable {
    name: "tb_payment_history",
    backup: "backup_tb_payment_history",
    key: "history_id",
    columns: &[
        ("history_id", "bigint"),
        ("payment_id", "bigint"),
        ("previous_status", "varchar"),
        ("current_status", "varchar"),
        ("change_reason", "varchar"),
        ("changed_at", "datetime"),
    ],
};

/// The tables that are backed up, copied and dropped; in an order in which they can be dropped.
pub const TABLES: [LegacyTable; 3] = [HISTORY, PAYMENTS, METHODS];

/// The views on top of them.
pub const VIEWS: [&str; 3] = [
    "view_payment_info",
    "view_payment_summary",
    "view_transaction_detail",
];

/// The columns of `orders` that are read; it may have any others, since it stays.
const ORDERS_COLUMNS: [(&str, &str); 2] = [("order_id", "bigint"), ("payment_id", "bigint")];

/// Refuses a source that is not the documented one.
pub(crate) async fn require(source: &mut MySqlConnection) -> Result<(), LegacyMigrationError> {
    let rows = texts(
        source,
        "SELECT table_name, column_name, data_type FROM information_schema.columns
          WHERE table_schema = DATABASE() ORDER BY table_name, ordinal_position",
    )
    .await?;
    let mut found: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
    for row in rows {
        let [table, column, data_type] = row.as_slice() else {
            continue;
        };
        let columns = found.entry(table.clone()).or_default();
        columns.push((column.clone(), data_type.to_lowercase()));
    }
    let differences = differences(&found);
    if differences.is_empty() {
        Ok(())
    } else {
        Err(LegacyMigrationError::Shape { differences })
    }
}

fn differences(found: &BTreeMap<String, Vec<(String, String)>>) -> Vec<String> {
    let mut differences = Vec::new();
    for table in TABLES {
        compare(found, table.name, table.columns, true, &mut differences);
    }
    compare(found, "orders", &ORDERS_COLUMNS, false, &mut differences);
    differences
}

fn compare(
    found: &BTreeMap<String, Vec<(String, String)>>,
    table: &str,
    expected: &[(&str, &str)],
    complete: bool,
    differences: &mut Vec<String>,
) {
    let Some(columns) = found.get(table) else {
        differences.push(format!("there is no table {table}"));
        return;
    };
    for (name, data_type) in expected {
        match columns.iter().find(|(column, _)| column == name) {
            None => differences.push(format!("{table} has no column {name}")),
            Some((_, is)) if is != data_type => {
                differences.push(format!("{table}.{name} is {is}, not {data_type}"));
            }
            Some(_) => {}
        }
    }
    let unknown = |name: &String| expected.iter().all(|(known, _)| known != name);
    for (name, _) in columns {
        if complete && unknown(name) {
            differences.push(format!("{table}.{name} is not known and would be lost"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn documented() -> BTreeMap<String, Vec<(String, String)>> {
        let owned = |columns: &[(&str, &str)]| {
            let columns = columns.iter();
            columns
                .map(|(name, kind)| ((*name).to_owned(), (*kind).to_owned()))
                .collect()
        };
        let mut all: BTreeMap<String, Vec<(String, String)>> = TABLES
            .iter()
            .map(|table| (table.name.to_owned(), owned(table.columns)))
            .collect();
        all.insert("orders".to_owned(), owned(&ORDERS_COLUMNS));
        all
    }

    #[test]
    fn the_documented_schema_is_taken_and_orders_may_have_more_columns() {
        let mut found = documented();
        let more = ("memo".to_owned(), "text".to_owned());
        found.entry("orders".to_owned()).or_default().push(more);
        assert_eq!(differences(&found), Vec::<String>::new());
    }

    #[test]
    fn every_difference_is_named() {
        let mut found = documented();
        found.remove("tb_payment_history");
        let payments = found.entry("tb_payments".to_owned()).or_default();
        payments.retain(|(name, _)| name != "status");
        payments.push(("vat".to_owned(), "decimal".to_owned()));
        let amount = payments.iter_mut().find(|(name, _)| name == "amount");
        if let Some((_, data_type)) = amount {
            *data_type = "double".to_owned();
        }
        assert_eq!(
            differences(&found),
            [
                "there is no table tb_payment_history",
                "tb_payments.amount is double, not decimal",
                "tb_payments has no column status",
                "tb_payments.vat is not known and would be lost",
            ]
        );
    }
}
