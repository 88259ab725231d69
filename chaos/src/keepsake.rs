//! What a run that found something leaves behind of the database, which is gone with its servers.

use std::path::Path;

use futures::TryStreamExt as _;
use sqlx::PgPool;
use tokio::fs::File;
use tokio::io::{AsyncWriteExt as _, BufWriter};

use crate::error::ChaosError;

/// The files, and their lines.
const KEPT: [(&str, &str); 3] = [
    (
        "events.jsonl",
        "SELECT row_to_json(kept)::text FROM event_store.events kept ORDER BY position",
    ),
    (
        "actions.jsonl",
        "SELECT row_to_json(kept)::text FROM processes.actions kept ORDER BY due_at",
    ),
    (
        "exchanges.jsonl",
        "SELECT row_to_json(kept)::text FROM payment.pg_api_logs kept ORDER BY created_at",
    ),
];

/// Writes the log, the steps of the sagas and the exchanges with companies to the run's folder.
pub(crate) async fn keep(pool: &PgPool, folder: &Path) -> Result<(), ChaosError> {
    for (name, query) in KEPT {
        let path = folder.join(name);
        let failed = |error| ChaosError::file(&path)(error);
        let mut file = BufWriter::new(File::create(&path).await.map_err(failed)?);
        let mut lines = sqlx::query_scalar::<_, String>(query).fetch(pool);
        while let Some(line) = lines.try_next().await? {
            file.write_all(line.as_bytes()).await.map_err(failed)?;
            file.write_all(b"\n").await.map_err(failed)?;
        }
        file.flush().await.map_err(failed)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use testkit::TestDatabase;

    use super::*;

    #[tokio::test]
    async fn every_event_is_a_line() {
        let database = TestDatabase::create().await;
        let pool = database.owner_pool().await;
        let planted = sqlx::raw_sql(
            "INSERT INTO event_store.events (position, aggregate_type, aggregate_id, sequence, event_type,
                                             event_version, payload, metadata, recorded_at)
             VALUES (1, 'order', 'o', 1, 'OrderPlaced', 1, '{}', '{}', now()),
                    (2, 'order', 'o', 2, 'OrderPaid', 1, '{}', '{}', now())",
        );
        planted.execute(&pool).await.expect("two events");
        let folder = tempfile::tempdir().expect("a folder");
        keep(&pool, folder.path()).await.expect("they are kept");
        let kept = |name: &str| std::fs::read_to_string(folder.path().join(name));
        let events = kept("events.jsonl").expect("a file");
        let types: Vec<&str> = events
            .lines()
            .map(|line| {
                ["OrderPlaced", "OrderPaid"]
                    .into_iter()
                    .find(|is| line.contains(is))
            })
            .map(Option::unwrap_or_default)
            .collect();
        assert_eq!(types, ["OrderPlaced", "OrderPaid"]);
        assert_eq!(kept("actions.jsonl").expect("a file"), "");
        assert_eq!(kept("exchanges.jsonl").expect("a file"), "");
    }
}
