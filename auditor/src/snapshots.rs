//! Snapshots: each is what a fold of its stream comes to. What follows it is folded by the same code, so
//! snapshot and tail are then the full replay.

use domain::{AggregateTypes, StreamId, StreamStateError, aggregate_types};
use event_store::{StoreError, with_causes};
use invariants::{Invariant, Violation};
use sqlx::{PgConnection, PgPool, Row};

/// Snapshots that are looked at in one transaction.
const PAGE: i64 = 100;
/// Events of a stream that are read at once.
const EVENTS_PER_READ: i64 = 10_000;

/// What came of the comparison.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SnapshotReport {
    /// Snapshots that were compared.
    pub compared: u64,
    /// Snapshots of another version of the state's shape: the program ignores them.
    pub ignored: u64,
    /// Those that are not what their streams say.
    pub violations: Vec<Violation>,
}

struct Stored {
    aggregate_type: String,
    aggregate_id: String,
    last_sequence: i64,
    payload: String,
    state_version: i32,
}

/// Folds every stream that has a snapshot up to it, and compares. One state is in memory at a time, besides
/// a page of snapshots.
///
/// # Errors
/// The database is away.
pub async fn verify_snapshots(pool: &PgPool) -> Result<SnapshotReport, StoreError> {
    let types = aggregate_types();
    let mut report = SnapshotReport::default();
    let mut after = (String::new(), String::new());
    loop {
        let mut transaction = pool.begin().await?;
        let page = page(&mut transaction, &after).await?;
        let Some(last) = page.last() else {
            return Ok(report);
        };
        after = (last.aggregate_type.clone(), last.aggregate_id.clone());
        for stored in &page {
            check(&mut transaction, &types, stored, &mut report).await?;
        }
        transaction.commit().await?;
    }
}

async fn page(
    connection: &mut PgConnection,
    after: &(String, String),
) -> Result<Vec<Stored>, StoreError> {
    let rows = sqlx::query(
        "SELECT aggregate_type, aggregate_id, last_sequence, payload::text AS payload, state_version
           FROM event_store.snapshots WHERE (aggregate_type, aggregate_id) > ($1, $2)
          ORDER BY aggregate_type, aggregate_id LIMIT $3",
    )
    .bind(&after.0)
    .bind(&after.1)
    .bind(PAGE)
    .fetch_all(connection)
    .await?;
    let stored = rows.iter().map(|row| {
        Ok(Stored {
            aggregate_type: row.try_get("aggregate_type")?,
            aggregate_id: row.try_get("aggregate_id")?,
            last_sequence: row.try_get("last_sequence")?,
            payload: row.try_get("payload")?,
            state_version: row.try_get("state_version")?,
        })
    });
    stored.collect()
}

async fn check(
    connection: &mut PgConnection,
    types: &AggregateTypes,
    stored: &Stored,
    report: &mut SnapshotReport,
) -> Result<(), StoreError> {
    let version = types.state_version(&stored.aggregate_type);
    if version.is_ok_and(|version| i64::from(version) != i64::from(stored.state_version)) {
        report.ignored += 1;
        return Ok(());
    }
    report.compared += 1;
    let wrong = match fold(connection, types, stored).await? {
        Err(error) => Some(with_causes(&error)),
        Ok(folded) => {
            differs(types, stored, &folded).unwrap_or_else(|error| Some(with_causes(&error)))
        }
    };
    report.violations.extend(wrong.map(|evidence| Violation {
        invariant: Invariant::Snapshots,
        position: None,
        stream: Some(format!("{}/{}", stored.aggregate_type, stored.aggregate_id)),
        evidence: format!("the snapshot at event {}: {evidence}", stored.last_sequence),
    }));
    Ok(())
}

/// The stream's state at the snapshot, from its events.
async fn fold(
    connection: &mut PgConnection,
    types: &AggregateTypes,
    stored: &Stored,
) -> Result<Result<String, StreamStateError>, StoreError> {
    let stream: StreamId = match types.stream(&stored.aggregate_type, &stored.aggregate_id) {
        Ok(stream) => stream,
        Err(error) => return Ok(Err(error)),
    };
    let mut state = types.empty(stream.aggregate_type())?;
    let mut last = 0;
    while last < stored.last_sequence {
        let rows = sqlx::query(
            "SELECT sequence, event_type, event_version, payload::text AS payload
               FROM event_store.events
              WHERE aggregate_type = $1 AND aggregate_id = $2 AND sequence > $3 AND sequence <= $4
              ORDER BY sequence LIMIT $5",
        )
        .bind(stream.aggregate_type())
        .bind(stream.aggregate_id())
        .bind(last)
        .bind(stored.last_sequence)
        .bind(EVENTS_PER_READ)
        .fetch_all(&mut *connection)
        .await?;
        let expected = u64::try_from(last + 1).unwrap_or_default();
        if rows.is_empty() {
            return Ok(Err(StreamStateError::Hole { expected, found: 0 }));
        }
        for row in rows {
            let sequence: i64 = row.try_get("sequence")?;
            if sequence != last + 1 {
                let expected = u64::try_from(last + 1).unwrap_or_default();
                let found = u64::try_from(sequence).unwrap_or_default();
                return Ok(Err(StreamStateError::Hole { expected, found }));
            }
            let (event_type, event_version): (String, String) =
                (row.try_get("event_type")?, row.try_get("event_version")?);
            let payload: String = row.try_get("payload")?;
            if let Err(error) = state.evolve_stored(&event_type, &event_version, &payload) {
                return Ok(Err(error));
            }
            last = sequence;
        }
    }
    Ok(state.snapshot())
}

/// What differs, if the snapshot is not what was folded. Both are written by the same code, so that the
/// order of fields and the spelling of numbers say nothing.
fn differs(
    types: &AggregateTypes,
    stored: &Stored,
    folded: &str,
) -> Result<Option<String>, StreamStateError> {
    let snapshot = types
        .from_snapshot(&stored.aggregate_type, &stored.payload)?
        .snapshot()?;
    if snapshot == folded {
        return Ok(None);
    }
    let same = snapshot.bytes().zip(folded.bytes());
    let at = same.take_while(|(one, other)| one == other).count();
    Ok(Some(format!(
        "says …{}…, its events …{}…",
        around(&snapshot, at),
        around(folded, at)
    )))
}

/// A few characters on both sides of a place.
fn around(text: &str, at: usize) -> String {
    const BEFORE: usize = 24;
    const LENGTH: usize = 64;
    let bytes = text.bytes().skip(at.saturating_sub(BEFORE)).take(LENGTH);
    String::from_utf8_lossy(&bytes.collect::<Vec<u8>>()).into_owned()
}
