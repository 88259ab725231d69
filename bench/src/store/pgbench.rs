//! PostgreSQL's own tool, which has no Rust in it: the bare INSERT, and message-db's one function.

use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::Connection as _;
use tokio::process::Command;
use tokio::task::JoinSet;

use super::bare_insert::{TABLE, check};
use super::same_event::{payload, stock_metadata};
use crate::error::BenchError;
use crate::measure::{Meter, Sample};
use crate::server::{Database, Server};

/// How much longer than its window pgbench may take before it is given up.
const GRACE: Duration = Duration::from_secs(30);
/// Threads of one pgbench: there are seldom more cores to spare.
const THREADS_MAX: usize = 2;

/// Whether the tool is there.
pub(crate) fn is_installed() -> bool {
    let asked = std::process::Command::new("pgbench")
        .arg("--version")
        .output();
    asked.is_ok_and(|output| output.status.success())
}

/// The single-row insert.
pub(super) async fn bare_insert(
    server: &Server,
    window: Duration,
    clients: usize,
    processes: u64,
) -> Result<Sample, BenchError> {
    let database = server.empty().await?;
    let mut connection = database.connect().await?;
    sqlx::raw_sql(TABLE).execute(&mut connection).await?;
    connection.close().await?;
    let statement = format!("INSERT INTO bare (payload) VALUES ('{}');\n", payload()?);
    server.settle().await?;
    let sample = run(&database, &statement, window, clients, processes).await?;
    check(&database, sample.acknowledged()).await?;
    server.drop_database(database).await?;
    Ok(sample)
}

/// message-db: a new stream for every message.
pub(super) async fn message_db(
    server: &Server,
    window: Duration,
    clients: usize,
    scripts: &Path,
    one_category: bool,
) -> Result<Sample, BenchError> {
    let database = server.empty().await?;
    install_message_db(&database, scripts).await?;
    let stream = if one_category {
        "'inventory-' || gen_random_uuid()"
    } else {
        // Its lock is the category's: a category each is what it is fastest at.
        "'inventory' || replace(gen_random_uuid()::text, '-', '') || '-1'"
    };
    let metadata = serde_json::to_string(&stock_metadata())?;
    let statement = format!(
        "SELECT message_store.write_message(gen_random_uuid()::varchar, ({stream})::varchar, 'StockAdjusted', '{}'::jsonb, '{metadata}'::jsonb);\n",
        payload()?
    );
    server.settle().await?;
    let sample = run(&database, &statement, window, clients, 1).await?;
    let rows = database.count("message_store.messages").await?;
    if rows != sample.acknowledged() {
        return Err(BenchError::LostOrDoubled {
            who: "message-db".to_owned(),
            acknowledged: sample.acknowledged(),
            rows,
        });
    }
    server.drop_database(database).await?;
    Ok(sample)
}

/// In the order of its own install script, without the roles and privileges: we are the owner.
async fn install_message_db(database: &Database, scripts: &Path) -> Result<(), BenchError> {
    let mut files = vec![
        scripts.join("schema/message-store.sql"),
        scripts.join("extensions/pgcrypto.sql"),
        scripts.join("tables/messages.sql"),
        scripts.join("types/message.sql"),
    ];
    files.extend(in_order(
        &scripts.join("install-functions.sh"),
        scripts,
        "functions",
    )?);
    files.extend(sql_files(&scripts.join("indexes"))?);
    let mut connection = database.connect().await?;
    for file in files {
        let sql = std::fs::read_to_string(&file).map_err(|source| BenchError::File {
            path: file.clone(),
            source,
        })?;
        // Its functions name their tables and types without the schema.
        let sql = format!("SET search_path TO message_store, public;\n{sql}");
        sqlx::raw_sql(&sql).execute(&mut connection).await?;
    }
    let search_path = "SET search_path TO message_store, public";
    let alter = format!("ALTER DATABASE {} {search_path}", database.name());
    sqlx::raw_sql(&alter).execute(&mut connection).await?;
    connection.close().await?;
    Ok(())
}

fn sql_files(folder: &Path) -> Result<Vec<PathBuf>, BenchError> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "sql") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// The files that a script of theirs names, in its order.
fn in_order(script: &Path, scripts: &Path, folder: &str) -> Result<Vec<PathBuf>, BenchError> {
    let text = std::fs::read_to_string(script)?;
    let mark = format!("{folder}/");
    let names = text.lines().filter_map(|line| {
        let (_, rest) = line.split_once(&mark)?;
        let (name, _) = rest.split_once(".sql")?;
        Some(scripts.join(folder).join(format!("{name}.sql")))
    });
    Ok(names.collect())
}

/// Runs a script of one statement, in one pgbench or several.
async fn run(
    database: &Database,
    statement: &str,
    window: Duration,
    clients: usize,
    processes: u64,
) -> Result<Sample, BenchError> {
    let mut running = JoinSet::new();
    let meter = Meter::start()?;
    for _ in 0..processes {
        let (url, statement) = (database.url(), statement.to_owned());
        running.spawn(async move {
            let folder = tempfile::tempdir()?;
            let script = folder.path().join("statement.sql");
            std::fs::write(&script, statement)?;
            pgbench(&url, window, clients, folder.path(), &script).await?;
            latencies(folder.path())
        });
    }
    let mut seen = Vec::new();
    while let Some(ended) = running.join_next().await {
        seen.extend(ended??);
    }
    let usage = meter.stop()?;
    let mut sample = Sample::measured(window, seen)?;
    sample.cost(usage);
    Ok(sample)
}

async fn pgbench(
    url: &str,
    window: Duration,
    clients: usize,
    folder: &Path,
    script: &Path,
) -> Result<(), BenchError> {
    let mut command = Command::new("pgbench");
    command
        .args(["--no-vacuum", "--protocol=prepared"])
        .arg(format!("--client={clients}"))
        .arg(format!("--jobs={}", clients.min(THREADS_MAX)))
        .arg(format!("--time={}", window.as_secs()))
        .args(["--log", "--log-prefix=transactions"])
        .arg("--file")
        .arg(script)
        .arg(url)
        .current_dir(folder)
        .kill_on_drop(true);
    let output = tokio::time::timeout(window + GRACE, command.output()).await;
    let output = output.map_err(|_| BenchError::Pgbench("it did not end".to_owned()))??;
    if output.status.success() {
        Ok(())
    } else {
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        Err(BenchError::Pgbench(said))
    }
}

/// One line a transaction; the third field is its latency in microseconds (pgbench, "Per-Transaction
/// Logging").
fn latencies(folder: &Path) -> Result<Vec<Duration>, BenchError> {
    let mut latencies = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        if name.starts_with("transactions") {
            for line in std::fs::read_to_string(&path)?.lines() {
                latencies.push(latency(line)?);
            }
        }
    }
    Ok(latencies)
}

fn latency(line: &str) -> Result<Duration, BenchError> {
    line.split_whitespace()
        .nth(2)
        .and_then(|field| field.parse().ok())
        .map(Duration::from_micros)
        .ok_or_else(|| BenchError::Pgbench(format!("its log has a line without a latency: {line}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_third_field_of_a_line_is_the_latency() {
        let latency = latency("0 199 2241 0 1175850568 995598").unwrap();
        assert_eq!(latency, Duration::from_micros(2_241));
    }

    #[test]
    fn a_failed_transaction_is_no_latency() {
        assert!(latency("0 84 failed 0 1175850569 608562").is_err());
    }
}
