//! A log with millions of events in it, made once a run: what was measured on an empty one is measured on
//! it again.

use sqlx::Connection as _;
use tokio::sync::{Mutex, MutexGuard};

use super::same_event::payload;
use crate::error::BenchError;
use crate::run::Form;
use crate::server::{Database, Server};

/// Events of each of its streams.
const EVENTS_A_STREAM: i64 = 5;
/// Rows of one statement.
const ROWS: i64 = 500_000;

/// How many events it has.
pub(crate) fn events(form: Form) -> i64 {
    match form {
        Form::Smoke => 10_000,
        Form::Short => 1_000_000,
        Form::Full => 10_000_000,
    }
}

/// The database, once it is made.
#[derive(Default)]
pub(crate) struct LargeLog(Mutex<Option<Database>>);

impl LargeLog {
    /// Makes it at the first call. Whoever uses it adds to it, and leaves it there.
    pub(crate) async fn get(
        &self,
        server: &Server,
        form: Form,
    ) -> Result<MutexGuard<'_, Option<Database>>, BenchError> {
        let mut made = self.0.lock().await;
        if made.is_none() {
            *made = Some(make(server, events(form)).await?);
        }
        Ok(made)
    }

    /// Drops it.
    pub(crate) async fn drop_from(&self, server: &Server) -> Result<(), BenchError> {
        match self.0.lock().await.take() {
            Some(database) => server.drop_database(database).await,
            None => Ok(()),
        }
    }
}

/// By SQL: the append itself would take minutes longer. Every event as large as a measured one, a command
/// for every stream.
async fn make(server: &Server, events: i64) -> Result<Database, BenchError> {
    let database = server.migrated().await?;
    let mut connection = database.connect().await?;
    let mut from = 0;
    while from < events {
        let to = (from + ROWS).min(events);
        sqlx::query(
            "INSERT INTO event_store.events (aggregate_type, aggregate_id, sequence, event_type,
                    event_version, payload, metadata, position, recorded_at)
             SELECT 'inventory', stream, (n - 1) % $4 + 1, 'StockAdjusted', '1', $3::json,
                    json_build_object('eventId', stream, 'commandId', stream, 'correlationId', stream,
                        'principal', 'operator-7', 'occurredAt', now()),
                    n, now()
               FROM generate_series($1 + 1, $2) AS n,
                    LATERAL (SELECT '019b0000-0000-7000-8000-'
                                    || lpad(to_hex((n - 1) / $4), 12, '0') AS stream) AS s",
        )
        .bind(from)
        .bind(to)
        .bind(payload()?)
        .bind(EVENTS_A_STREAM)
        .execute(&mut connection)
        .await?;
        sqlx::query(
            "INSERT INTO event_store.commands (command_id, fingerprint, status, body, position,
                    recorded_at)
             SELECT ('019b0000-0000-7000-8000-' || lpad(to_hex((n - 1) / $3), 12, '0'))::uuid,
                    sha256(n::text::bytea), 200, '{\"data\":null}', n, now()
               FROM generate_series($1 + $3, $2, $3) AS n",
        )
        .bind(from)
        .bind(to)
        .bind(EVENTS_A_STREAM)
        .execute(&mut connection)
        .await?;
        from = to;
    }
    sqlx::raw_sql("VACUUM ANALYZE event_store.events, event_store.commands")
        .execute(&mut connection)
        .await?;
    connection.close().await?;
    server.settle().await?;
    Ok(database)
}
