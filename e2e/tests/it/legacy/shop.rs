//! A legacy database of a test's own, and the installation that takes its payments in.

use std::collections::BTreeMap;
use std::str::FromStr as _;
use std::time::Duration;

use serde_json::Value;
use sqlx::mysql::{MySqlConnectOptions, MySqlConnection};
use sqlx::{Connection as _, Executor as _, PgPool, Row as _};
use testkit::{eventually_within, mariadb_url, unique};

use super::model::{Model, methods, model, orphans};
use crate::installation::{Installation, text};

/// What the migration's account may do, and no more: docs/legacy-migration/ says the same.
const RIGHTS: &str = "SELECT, INSERT, CREATE, DROP, ALTER, INDEX, REFERENCES, CREATE VIEW, SHOW VIEW, TRIGGER, EVENT";
/// What a source looks like from outside: counts, a checksum of each table, and how everything is made.
pub(crate) type Portrait = BTreeMap<String, String>;

/// Both sides.
pub(crate) struct LegacyShop {
    pub(crate) installation: Installation,
    pub(crate) target: PgPool,
    pub(crate) model: Model,
    database: String,
    user: String,
}

impl LegacyShop {
    /// A legacy shop with so many payments, and an empty installation.
    pub(crate) async fn new(payments: u64) -> Self {
        let database = unique("legacy");
        // MySQL's names of accounts end at 32 characters.
        let user = format!("m{}", &database[database.len() - 24..]);
        let mut root = connect("").await;
        for sql in [
            format!("CREATE DATABASE {database} CHARACTER SET utf8mb4"),
            format!("CREATE USER {user} IDENTIFIED BY 'secret'"),
            format!("GRANT {RIGHTS} ON {database}.* TO {user}"),
            format!("GRANT SELECT ON mysql.proc TO {user}"),
            // To make views and triggers again whose definer is somebody else.
            format!("GRANT SET USER ON *.* TO {user}"),
        ] {
            root.execute(sqlx::raw_sql(&sql)).await.expect("root may");
        }
        let mut legacy = connect(&database).await;
        let rows = include_str!("rows.sql")
            .replace("{n}", &payments.to_string())
            .replace("{methods}", &methods(payments).to_string())
            .replace("{orphans}", &orphans(payments).to_string());
        for sql in [include_str!("schema.sql"), &rows] {
            legacy
                .execute(sqlx::raw_sql(sql))
                .await
                .expect("the legacy shop can be made");
        }
        let mut installation = Installation::new().await;
        let url = mariadb_url().replace("root@", &format!("{user}:secret@"));
        installation.set("LEGACY_DATABASE_URL", &format!("{url}/{database}"));
        for (name, role) in [
            ("PAYMENT_DATABASE_URL", "payment_service"),
            ("MAIN_SERVICE_DATABASE_URL", "main_service"),
        ] {
            let url = installation.database.url(role);
            installation.set(name, &url);
        }
        Self {
            target: installation.database.owner_pool().await,
            installation,
            model: model(payments),
            database,
            user,
        }
    }

    /// Runs a verb that must succeed; returns what it said.
    pub(crate) fn run(&self, arguments: &[&str]) -> String {
        let (code, said) = self.attempt(arguments);
        assert_eq!(code, Some(0), "{arguments:?}:\n{said}");
        said
    }

    /// Runs a verb that must be refused; returns what it said.
    pub(crate) fn refused(&self, arguments: &[&str]) -> String {
        let (code, said) = self.attempt(arguments);
        assert_eq!(code, Some(1), "{arguments:?}:\n{said}");
        said
    }

    fn attempt(&self, arguments: &[&str]) -> (Option<i32>, String) {
        let arguments: Vec<&str> = ["migrate-legacy"]
            .iter()
            .chain(arguments)
            .copied()
            .collect();
        let output = self.installation.run(&arguments);
        let said = text(&output.stdout) + &text(&output.stderr);
        (output.status.code(), said)
    }

    /// A session in the legacy database, as its root.
    pub(crate) async fn legacy(&self) -> MySqlConnection {
        connect(&self.database).await
    }

    /// Runs a statement in the legacy database.
    pub(crate) async fn legacy_execute(&self, sql: &str) {
        let mut legacy = self.legacy().await;
        legacy.execute(sqlx::raw_sql(sql)).await.expect(sql);
    }

    /// The tables and views of the legacy database.
    pub(crate) async fn legacy_tables(&self) -> Vec<String> {
        let mut legacy = self.legacy().await;
        column(&mut legacy, "SHOW TABLES", 0).await
    }

    /// What the source looks like.
    pub(crate) async fn portrait(&self) -> Portrait {
        let mut legacy = self.legacy().await;
        let mut portrait = Portrait::new();
        for table in self.legacy_tables().await {
            let made = column(&mut legacy, &format!("SHOW CREATE TABLE `{table}`"), 1).await;
            let sum = column(&mut legacy, &format!("CHECKSUM TABLE `{table}`"), 1).await;
            // Where the next key comes from is not asked: it may have moved on.
            let made = made
                .join("")
                .split(" AUTO_INCREMENT=")
                .next()
                .unwrap_or_default()
                .to_owned();
            portrait.insert(table, format!("{made} {sum:?}"));
        }
        for trigger in column(&mut legacy, "SHOW TRIGGERS", 0).await {
            let made = column(&mut legacy, &format!("SHOW CREATE TRIGGER `{trigger}`"), 2).await;
            portrait.insert(format!("trigger {trigger}"), made.join(""));
        }
        portrait
    }

    /// One number of the new side.
    pub(crate) async fn number(&self, sql: &str) -> i64 {
        sqlx::query_scalar(sql)
            .fetch_one(&self.target)
            .await
            .expect(sql)
    }

    /// Waits until a question to the new side is answered with yes.
    pub(crate) async fn until(&self, what: &str, sql: &str, patience: Duration) {
        eventually_within(patience, what, async || {
            let yes: bool = sqlx::query_scalar(sql).fetch_one(&self.target).await.ok()?;
            yes.then_some(())
        })
        .await;
    }

    /// Everything in the new schemas is what the model says, to the last row and the last cent.
    pub(crate) async fn assert_carried(&self) {
        let model = &self.model;
        let rejected: Vec<(String, String, i64)> = sqlx::query_as(
            "SELECT subject, reason, count(*) FROM payment.legacy_rejects GROUP BY 1, 2 ORDER BY 1, 2",
        )
        .fetch_all(&self.target)
        .await
        .expect("the rejects can be counted");
        let wanted: Vec<(String, String, i64)> = model
            .rejected
            .iter()
            .map(|((subject, reason), n)| ((*subject).to_owned(), (*reason).to_owned(), *n))
            .collect();
        assert_eq!(rejected, wanted);
        let sums: Vec<(String, String, String, i64, i64)> = sqlx::query_as(
            "SELECT transaction_type, status, currency, count(*), (sum(amount) * 100)::bigint
               FROM payment.transactions GROUP BY 1, 2, 3 ORDER BY 1, 2, 3",
        )
        .fetch_all(&self.target)
        .await
        .expect("the transactions can be summed");
        let wanted: Vec<(String, String, String, i64, i64)> = model
            .transactions
            .iter()
            .map(|((kind, status, currency), (rows, sum))| {
                let owned = |word: &str| word.to_owned();
                (owned(kind), owned(status), owned(currency), *rows, *sum)
            })
            .collect();
        assert_eq!(sums, wanted);
        for (table, rows) in [
            ("payment.methods", model.carried["METHOD"]),
            ("payment.transaction_history", model.carried["HISTORY"]),
            ("main.legacy_order_payment_mapping", model.links),
            (
                "main.legacy_user_payment_method_mapping",
                model.carried["METHOD"],
            ),
        ] {
            let count = format!("SELECT count(*) FROM {table}");
            assert_eq!(self.number(&count).await, rows, "{table}");
        }
        let quoted = "SELECT count(*) FROM payment.transactions WHERE json_typeof(pg_request_data) = 'string'";
        assert_eq!(self.number(quoted).await, model.quoted);
        for table in [
            "payment.transactions",
            "payment.methods",
            "payment.legacy_rejects",
        ] {
            let whole = format!(
                "SELECT count(*) FROM {table} row WHERE row::text ~ '4111[ -]?1111[ -]?1111|5555[ -]?5555[ -]?5555'"
            );
            assert_eq!(
                self.number(&whole).await,
                0,
                "no whole card number in {table}"
            );
        }
    }

    /// The report of a verb, as JSON.
    pub(crate) fn report(&self) -> Value {
        let file = self.installation.file("report.json");
        self.run(&["report", "--json", &file.display().to_string()]);
        let json = std::fs::read(&file).expect("the report is there");
        serde_json::from_slice(&json).expect("it is JSON")
    }

    /// Drops both databases.
    pub(crate) async fn close(self) {
        let mut root = connect("").await;
        for sql in [
            format!("DROP DATABASE {}", self.database),
            format!("DROP USER {}", self.user),
        ] {
            root.execute(sqlx::raw_sql(&sql)).await.expect("root may");
        }
        self.target.close().await;
        self.installation.close().await;
    }
}

async fn connect(database: &str) -> MySqlConnection {
    let url = format!("{}/{database}", mariadb_url());
    let options = MySqlConnectOptions::from_str(&url).expect("TEST_MARIADB_URL is a mysql:// URL");
    MySqlConnection::connect_with(&options)
        .await
        .expect("the test MariaDB can be reached")
}

/// A column of an answer, as text.
async fn column(legacy: &mut MySqlConnection, sql: &str, index: usize) -> Vec<String> {
    let rows = legacy
        .fetch_all(sqlx::raw_sql(sql))
        .await
        .expect("the legacy database answers");
    rows.iter()
        .map(|row| {
            let bytes: Option<Vec<u8>> = row.try_get_unchecked(index).expect("a column");
            text(&bytes.unwrap_or_default())
        })
        .collect()
}
