//! Snapshots: written beside the loop, now and then, for streams that have grown long.
//!
//! A snapshot is only a shorter way to the same state: losing one, or writing an old one late, costs a
//! longer tail and nothing else.

use domain::{AggregateTypes, Loaded, StreamId, aggregate_types};
use failpoints::failpoint;
use sqlx::PgPool;
use tokio::sync::mpsc;

use crate::error::StoreError;
use crate::recorded::signed;

/// Snapshots that may wait to be written; what does not fit is taken up later.
const QUEUE_MAX: usize = 64;
/// The size of a state that one more event justifies writing again. It keeps what snapshots write in
/// proportion to the events themselves, however large a state becomes.
const BYTES_PER_EVENT: u64 = 64;

/// What part of a stream may lie behind its last snapshot, as 1 in so many: a stream under heavy load has a
/// snapshot now and then, not hundreds a second.
const TAIL_SHARE: u64 = 10;
/// The longest such tail: read in some tens of milliseconds. A state that is large has a longer one.
const TAIL_MAX: u64 = 5_000;

/// A state to be written.
pub struct Snapshot {
    /// Of which stream.
    pub stream: StreamId,
    /// The state, and the sequence that it has.
    pub loaded: Loaded,
}

/// When a stream's next snapshot is due.
#[derive(Clone, Copy, Debug, Default)]
pub struct SnapshotState {
    /// The sequence of the last one.
    pub sequence: u64,
    /// The size of the last one.
    pub bytes: u64,
}

impl SnapshotState {
    /// Whether a stream at this sequence deserves a new snapshot.
    pub(crate) fn is_due(self, sequence: u64, every_events: u64) -> bool {
        let since = sequence.saturating_sub(self.sequence);
        let tail = (sequence / TAIL_SHARE).min(TAIL_MAX);
        since >= every_events.max(self.bytes / BYTES_PER_EVENT).max(tail)
    }
}

/// A snapshot that was written.
pub(crate) struct Saved {
    pub(crate) stream: StreamId,
    pub(crate) state: SnapshotState,
}

/// Starts the writer. It ends when the sender is dropped.
pub(crate) fn start_writer(pool: PgPool) -> (mpsc::Sender<Snapshot>, mpsc::Receiver<Saved>) {
    let (sender, mut snapshots) = mpsc::channel::<Snapshot>(QUEUE_MAX);
    let (report, saved) = mpsc::channel(QUEUE_MAX);
    tokio::spawn(async move {
        let types = aggregate_types();
        while let Some(snapshot) = snapshots.recv().await {
            let stream = snapshot.stream.clone();
            match save(&pool, &types, snapshot).await {
                Ok(state) => {
                    // The loop may be gone already: then nobody needs to know.
                    let _ = report.send(Saved { stream, state }).await;
                }
                Err(error) => {
                    tracing::warn!(stream = %stream, error = %error, "the snapshot of {stream} was not written");
                }
            }
        }
    });
    (sender, saved)
}

/// Writes a snapshot, unless a newer one is there.
///
/// # Errors
/// The database is away, or the state cannot be written.
pub async fn save(
    pool: &PgPool,
    types: &AggregateTypes,
    snapshot: Snapshot,
) -> Result<SnapshotState, StoreError> {
    let Snapshot { stream, loaded } = snapshot;
    let version = types.state_version(stream.aggregate_type())?;
    let sequence = loaded.sequence;
    // A large state takes a while to write out: not on a thread that others wait for.
    let json = tokio::task::spawn_blocking(move || loaded.state.snapshot())
        .await
        .map_err(|error| StoreError::Database(sqlx::Error::Protocol(error.to_string())))??;
    let bytes = u64::try_from(json.len()).unwrap_or(u64::MAX);
    failpoint!("event-store.snapshot.before", sqlx::Error::Io);
    sqlx::query(
        "INSERT INTO event_store.snapshots AS s (
                aggregate_type, aggregate_id, last_sequence, payload, state_version)
         VALUES ($1, $2, $3, $4::json, $5)
         ON CONFLICT (aggregate_type, aggregate_id) DO UPDATE
            SET last_sequence = $3, payload = $4::json, state_version = $5,
                current_snapshot = s.current_snapshot + 1
          WHERE s.last_sequence < $3 OR s.state_version <> $5",
    )
    .bind(stream.aggregate_type())
    .bind(stream.aggregate_id())
    .bind(signed(sequence, "sequence")?)
    .bind(json)
    .bind(i32::try_from(version).map_err(|_| StoreError::OutOfRange {
        what: "state version",
    })?)
    .execute(pool)
    .await?;
    failpoint!("event-store.snapshot.after", sqlx::Error::Io);
    metrics::counter!("event_store_snapshots_total").increment(1);
    Ok(SnapshotState { sequence, bytes })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn snapshots_grow_rarer_with_their_size_and_with_the_stream_up_to_a_limit() {
        let is_due = |sequence, bytes, at| SnapshotState { sequence, bytes }.is_due(at, 200);
        for (sequence, bytes, first_due) in [
            (0, 0, 200),
            (200, 0, 400),
            (9_001, 0, 10_001),
            (100_000, 0, 105_000),
            (1_000, 64_000, 2_000),
            (100_000, 64 * 20_000, 120_000),
        ] {
            assert!(
                !is_due(sequence, bytes, first_due - 1),
                "{sequence} {bytes}"
            );
            assert!(is_due(sequence, bytes, first_due), "{sequence} {bytes}");
        }
    }
}
