//! The same INSERT from PostgreSQL's own tool, which has no Rust in it.

use std::path::Path;
use std::time::Duration;

use sqlx::Connection as _;
use tokio::process::Command;

use super::bare_insert::{TABLE, check};
use super::same_event::payload;
use super::server::{Database, Server};
use crate::error::BenchError;
use crate::sample::Sample;

/// How much longer than its window pgbench may take before it is given up.
const GRACE: Duration = Duration::from_secs(30);

/// Whether the tool is there.
pub(crate) async fn is_installed() -> bool {
    let asked = Command::new("pgbench").arg("--version").output().await;
    asked.is_ok_and(|output| output.status.success())
}

/// Runs it, one insert at a time.
pub(crate) async fn run(
    server: &Server,
    window: Duration,
) -> Result<(Sample, Database), BenchError> {
    let database = server.empty().await?;
    let mut connection = database.connect().await?;
    sqlx::raw_sql(TABLE).execute(&mut connection).await?;
    connection.close().await?;
    let folder = tempfile::tempdir()?;
    let script = folder.path().join("insert.sql");
    let statement = format!("INSERT INTO bare (payload) VALUES ('{}');\n", payload()?);
    std::fs::write(&script, statement)?;
    server.settle().await?;
    pgbench(&database, window, folder.path(), &script).await?;
    let sample = Sample::measured(window, latencies(folder.path())?)?;
    check(&database, sample.acknowledged()).await?;
    Ok((sample, database))
}

async fn pgbench(
    database: &Database,
    window: Duration,
    folder: &Path,
    script: &Path,
) -> Result<(), BenchError> {
    let mut command = Command::new("pgbench");
    command
        .args([
            "--no-vacuum",
            "--client=1",
            "--jobs=1",
            "--protocol=prepared",
        ])
        .arg(format!("--time={}", window.as_secs()))
        .args(["--log", "--log-prefix=transactions"])
        .arg("--file")
        .arg(script)
        .arg(database.url())
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
