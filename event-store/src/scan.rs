//! Reading much of the log at once: for whoever looks at all of it. Rows come as the server sends them, in
//! PostgreSQL's binary COPY format, and are taken apart without a copy; nothing in them is trusted.

use failpoints::failpoint;
use futures::TryStreamExt as _;
use sqlx::{Executor as _, PgConnection, PgPool};
use tokio::sync::mpsc;
use uuid::Uuid;

use crate::error::StoreError;

/// Bytes of a chunk: enough that handing it over costs nothing, little enough to stay in a cache.
const CHUNK_BYTES: usize = 256 * 1024;
/// Chunks that wait between the reader and whoever takes them.
const CHUNKS_MAX: usize = 8;
/// Events of one statement: no snapshot of the database is kept for longer than they take.
const STATEMENT_EVENTS: u64 = 250_000;
/// What binary COPY begins with: the signature, flags, and the length of a header extension.
const SIGNATURE: &[u8; 11] = b"PGCOPY\n\xff\r\n\0";
const HEADER_BYTES: usize = 19;
/// In place of a number of fields: the end.
const TRAILER: i16 = -1;

/// An event as it is stored, nothing parsed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoredRow<'a> {
    /// Its place in the one total order.
    pub position: u64,
    /// The type of its aggregate.
    pub aggregate_type: &'a str,
    /// The id of its aggregate.
    pub aggregate_id: &'a str,
    /// Its number in its stream.
    pub sequence: u64,
    /// Its stored name.
    pub event_type: &'a str,
    /// Its stored version.
    pub event_version: &'a str,
    /// Its JSON.
    pub payload: &'a str,
    /// Its metadata's JSON.
    pub metadata: &'a str,
}

/// Rows that came together.
pub struct Chunk(Vec<u8>);

/// A read of the log under way.
pub struct Scan<T = EventRows>(
    mpsc::Receiver<Result<Chunk, StoreError>>,
    std::marker::PhantomData<T>,
);

/// Marks a scan of events.
#[derive(Debug)]
pub enum EventRows {}
/// Marks a scan of the commands' outcomes.
#[derive(Debug)]
pub enum OutcomeRows {}

impl<T> Scan<T> {
    /// The next rows; `None` at the end.
    ///
    /// # Errors
    /// The database is away.
    pub async fn next(&mut self) -> Result<Option<Chunk>, StoreError> {
        self.0.recv().await.transpose()
    }

    /// As [`Scan::next`], for a thread that may block.
    ///
    /// # Errors
    /// The database is away.
    pub fn blocking_next(&mut self) -> Result<Option<Chunk>, StoreError> {
        self.0.blocking_recv().transpose()
    }
}

/// Reads the events after one position up to another, in order. Ends early when the scan is dropped.
#[must_use]
pub fn scan_events(pool: &PgPool, after: u64, up_to: u64) -> Scan<EventRows> {
    let (sender, chunks) = mpsc::channel(CHUNKS_MAX);
    let pool = pool.clone();
    tokio::spawn(async move {
        let mut from = after;
        while from < up_to {
            let to = up_to.min(from.saturating_add(STATEMENT_EVENTS));
            let statement = format!(
                "COPY (SELECT position, aggregate_type, aggregate_id, sequence, event_type, event_version,
                              payload, metadata
                         FROM event_store.events WHERE position > {from} AND position <= {to}
                        ORDER BY position) TO STDOUT (FORMAT binary)"
            );
            // By position means by index: also where the planner knows nothing of the table yet.
            let settings =
                "BEGIN READ ONLY; SET LOCAL enable_sort = off; SET LOCAL enable_seqscan = off;
                            SET LOCAL enable_bitmapscan = off; SET LOCAL statement_timeout = 0";
            if !forward(&pool, settings, &statement, &sender).await {
                return;
            }
            from = to;
        }
    });
    Scan(chunks, std::marker::PhantomData)
}

/// Reads the stored outcomes of the commands that ended up to a position, in about the order in which they
/// were stored. Ends early when the scan is dropped.
#[must_use]
pub fn scan_outcomes(pool: &PgPool, up_to: u64) -> Scan<OutcomeRows> {
    let (sender, chunks) = mpsc::channel(CHUNKS_MAX);
    let pool = pool.clone();
    tokio::spawn(async move {
        let statement = format!(
            "COPY (SELECT command_id, position FROM event_store.commands WHERE position <= {up_to})
               TO STDOUT (FORMAT binary)"
        );
        // In the order of the table, which only grows: from its start, and not by several at once.
        let settings = "BEGIN READ ONLY; SET LOCAL synchronize_seqscans = off; SET LOCAL statement_timeout = 0;
                        SET LOCAL max_parallel_workers_per_gather = 0;
                        SET LOCAL enable_indexscan = off; SET LOCAL enable_bitmapscan = off";
        forward(&pool, settings, &statement, &sender).await;
    });
    Scan(chunks, std::marker::PhantomData)
}

/// Runs a COPY and hands its rows over; `false` when nobody takes them, or it failed.
async fn forward(
    pool: &PgPool,
    settings: &str,
    statement: &str,
    sender: &mpsc::Sender<Result<Chunk, StoreError>>,
) -> bool {
    let done = async {
        let mut connection = pool.acquire().await?;
        let copied = copy(&mut connection, settings, statement, sender).await;
        if !matches!(copied, Ok(true)) {
            // What it still sends is nobody's: such a connection must not go back to the pool.
            connection.close_on_drop();
        }
        copied
    };
    match done.await {
        Ok(taken) => taken,
        Err(error) => {
            // Nobody there to tell: then nobody needs to know.
            let _ = sender.send(Err(error)).await;
            false
        }
    }
}

async fn copy(
    connection: &mut PgConnection,
    settings: &str,
    statement: &str,
    sender: &mpsc::Sender<Result<Chunk, StoreError>>,
) -> Result<bool, StoreError> {
    connection.execute(settings).await?;
    let mut rows = connection.copy_out_raw(statement).await?;
    failpoint!("event-store.scan.begun", sqlx::Error::Io);
    let mut chunk = Vec::with_capacity(CHUNK_BYTES + CHUNK_BYTES / 8);
    let mut begun = false;
    while let Some(bytes) = rows.try_next().await? {
        let mut bytes = bytes.as_ref();
        if !begun {
            begun = true;
            bytes = bytes
                .strip_prefix(SIGNATURE)
                .and_then(|_| bytes.get(HEADER_BYTES..))
                .ok_or_else(garbled)?;
        }
        chunk.extend_from_slice(bytes);
        if chunk.len() >= CHUNK_BYTES {
            let full = std::mem::replace(
                &mut chunk,
                Vec::with_capacity(CHUNK_BYTES + CHUNK_BYTES / 8),
            );
            if sender.send(Ok(Chunk(full))).await.is_err() {
                return Ok(false);
            }
        }
    }
    drop(rows);
    failpoint!("event-store.scan.read", sqlx::Error::Io);
    connection.execute("COMMIT").await?;
    if !chunk.is_empty() && sender.send(Ok(Chunk(chunk))).await.is_err() {
        return Ok(false);
    }
    Ok(true)
}

impl Chunk {
    /// The events of it, in order.
    ///
    /// # Errors
    /// What the server sent is not what was asked for.
    pub fn events(&self) -> impl Iterator<Item = Result<StoredRow<'_>, StoreError>> {
        let mut fields = Fields(&self.0);
        std::iter::from_fn(move || fields.row(8, Fields::event))
    }

    /// The commands of it, and the positions that they reached.
    ///
    /// # Errors
    /// What the server sent is not what was asked for.
    pub fn outcomes(&self) -> impl Iterator<Item = Result<(Uuid, u64), StoreError>> + '_ {
        let mut fields = Fields(&self.0);
        std::iter::from_fn(move || {
            fields.row(2, |fields| {
                let id = Uuid::from_slice(fields.bytes()?).map_err(|_| garbled())?;
                Ok((id, fields.number()?))
            })
        })
    }
}

/// What is left of a chunk.
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn row<R>(
        &mut self,
        columns: i16,
        read: impl FnOnce(&mut Self) -> Result<R, StoreError>,
    ) -> Option<Result<R, StoreError>> {
        if self.0.is_empty() {
            return None;
        }
        let row = self.count().and_then(|count| match count {
            TRAILER => Ok(None),
            count if count == columns => read(self).map(Some),
            _ => Err(garbled()),
        });
        if !matches!(row, Ok(Some(_))) {
            self.0 = &[];
        }
        row.transpose()
    }

    fn event(&mut self) -> Result<StoredRow<'a>, StoreError> {
        Ok(StoredRow {
            position: self.number()?,
            aggregate_type: self.text()?,
            aggregate_id: self.text()?,
            sequence: self.number()?,
            event_type: self.text()?,
            event_version: self.text()?,
            payload: self.text()?,
            metadata: self.text()?,
        })
    }

    fn count(&mut self) -> Result<i16, StoreError> {
        let (count, rest) = self.0.split_first_chunk().ok_or_else(garbled)?;
        self.0 = rest;
        Ok(i16::from_be_bytes(*count))
    }

    fn bytes(&mut self) -> Result<&'a [u8], StoreError> {
        let (length, rest) = self.0.split_first_chunk().ok_or_else(garbled)?;
        // A null is −1 long, and no column that is read here may be null.
        let length = usize::try_from(i32::from_be_bytes(*length)).map_err(|_| garbled())?;
        let (value, rest) = rest.split_at_checked(length).ok_or_else(garbled)?;
        self.0 = rest;
        Ok(value)
    }

    fn text(&mut self) -> Result<&'a str, StoreError> {
        std::str::from_utf8(self.bytes()?).map_err(|_| garbled())
    }

    fn number(&mut self) -> Result<u64, StoreError> {
        let bytes = <[u8; 8]>::try_from(self.bytes()?).map_err(|_| garbled())?;
        crate::recorded::unsigned(i64::from_be_bytes(bytes), "position")
    }
}

fn garbled() -> StoreError {
    StoreError::Database(sqlx::Error::Protocol(
        "COPY sent rows of another shape than were asked for".to_owned(),
    ))
}
