//! Reading aggregates: the snapshot, if there is a fitting one, and the events after it. All the streams
//! that a batch is missing are read by one query.

use std::collections::BTreeMap;

use domain::{AggregateTypes, Decider, Loaded, StreamId, StreamStateError, aggregate_types};
use failpoints::failpoint;
use sqlx::{PgPool, Row};

use crate::error::StoreError;
use crate::recorded::{signed, unsigned};

/// A stream to be read, and what is known of it already.
pub struct Wanted {
    /// Which.
    pub stream: StreamId,
    /// An older state of it: only the events after that are read.
    pub base: Option<Loaded>,
}

/// A stream that was read.
pub struct Read {
    /// Which.
    pub stream: StreamId,
    /// Its state now.
    pub loaded: Loaded,
    /// The sequence that its snapshot has; 0 without one. `None` when only a tail was read.
    pub snapshot: Option<u64>,
}

/// One row: the stream's number in the request, and a snapshot (no event type) or an event.
const QUERY: &str = "
    WITH wanted AS MATERIALIZED (
        SELECT * FROM unnest($1::text[], $2::text[], $3::integer[], $4::bigint[])
                      WITH ORDINALITY AS w(type, id, state_version, base, number)),
    snapshot AS MATERIALIZED (
        SELECT w.number, s.last_sequence, s.payload
          FROM wanted w, LATERAL (
               SELECT * FROM event_store.snapshots s
                WHERE s.aggregate_type = w.type AND s.aggregate_id = w.id
                  AND s.state_version = w.state_version OFFSET 0) s
         WHERE w.base IS NULL)
    SELECT number, last_sequence AS sequence, NULL AS event_type, NULL AS event_version,
           payload::text AS payload
      FROM snapshot
    UNION ALL
    SELECT w.number, e.sequence, e.event_type, e.event_version, e.payload::text
      FROM wanted w, LATERAL (
           SELECT * FROM event_store.events e
            WHERE e.aggregate_type = w.type AND e.aggregate_id = w.id
              AND e.sequence > coalesce(
                      w.base, (SELECT s.last_sequence FROM snapshot s WHERE s.number = w.number), 0)
            ORDER BY e.sequence) e";

/// What came of reading one stream.
pub type ReadResult = Result<Read, (StreamId, StreamStateError)>;

/// Reads streams. One that is broken does not keep the others from being read, and a broken snapshot keeps
/// nobody from reading its stream: the events are the truth.
///
/// # Errors
/// The database is away.
pub async fn load(
    pool: &PgPool,
    types: &AggregateTypes,
    wanted: Vec<Wanted>,
) -> Result<Vec<ReadResult>, StoreError> {
    let mut results = read(pool, types, wanted, Snapshots::Fitting).await?;
    let broken: Vec<(usize, StreamId)> = results
        .iter()
        .enumerate()
        .filter_map(|(number, (result, is_snapshot_broken))| match result {
            Err((stream, error)) if *is_snapshot_broken => {
                tracing::error!(
                    stream = %stream, error = %error,
                    "the snapshot of {stream} cannot be read, so all its events are: {error}"
                );
                Some((number, stream.clone()))
            }
            _ => None,
        })
        .collect();
    if !broken.is_empty() {
        let (numbers, streams): (Vec<usize>, Vec<StreamId>) = broken.into_iter().unzip();
        let again = streams
            .into_iter()
            .map(|stream| Wanted { stream, base: None });
        let again = read(pool, types, again.collect(), Snapshots::None).await?;
        for (number, result) in numbers.into_iter().zip(again) {
            if let Some(slot) = results.get_mut(number) {
                *slot = result;
            }
        }
    }
    Ok(results.into_iter().map(|(result, _)| result).collect())
}

/// Which snapshots may be read.
#[derive(Clone, Copy)]
enum Snapshots {
    /// Those of the state's present shape.
    Fitting,
    None,
}

/// No state has this version.
const NO_VERSION: i32 = -1;

/// Reads streams; says of each whether it could not be read because of its snapshot.
async fn read(
    pool: &PgPool,
    types: &AggregateTypes,
    wanted: Vec<Wanted>,
    allowed: Snapshots,
) -> Result<Vec<(ReadResult, bool)>, StoreError> {
    let mut state_versions = Vec::with_capacity(wanted.len());
    let mut bases = Vec::with_capacity(wanted.len());
    for one in &wanted {
        let version = types.state_version(one.stream.aggregate_type())?;
        let version = i32::try_from(version).map_err(|_| StoreError::OutOfRange {
            what: "state version",
        })?;
        state_versions.push(match allowed {
            Snapshots::Fitting => version,
            Snapshots::None => NO_VERSION,
        });
        let base = one
            .base
            .as_ref()
            .map(|base| signed(base.sequence, "sequence"))
            .transpose()?;
        bases.push(base);
    }
    let names: Vec<&str> = wanted
        .iter()
        .map(|one| one.stream.aggregate_type())
        .collect();
    let ids: Vec<&str> = wanted.iter().map(|one| one.stream.aggregate_id()).collect();
    failpoint!("event-store.load.before", sqlx::Error::Io);
    let rows = sqlx::query(QUERY)
        .bind(names)
        .bind(ids)
        .bind(state_versions)
        .bind(bases)
        .fetch_all(pool)
        .await?;
    failpoint!("event-store.load.after", sqlx::Error::Io);

    let mut snapshots = BTreeMap::new();
    let mut tails: BTreeMap<i64, Vec<StoredEvent>> = BTreeMap::new();
    for row in rows {
        let number: i64 = row.try_get("number")?;
        let sequence = unsigned(row.try_get("sequence")?, "sequence")?;
        let payload: String = row.try_get("payload")?;
        match row.try_get::<Option<String>, _>("event_type")? {
            None => {
                snapshots.insert(number, (sequence, payload));
            }
            Some(event_type) => tails.entry(number).or_default().push(StoredEvent {
                sequence,
                event_type,
                event_version: row.try_get("event_version")?,
                payload,
            }),
        }
    }
    let mut results = Vec::with_capacity(wanted.len());
    for (one, number) in wanted.into_iter().zip(1..) {
        let tail = tails.remove(&number).unwrap_or_default();
        let stream = one.stream.clone();
        let snapshot = snapshots.remove(&number);
        let snapshot: Option<(u64, &str)> = snapshot
            .as_ref()
            .map(|(sequence, json)| (*sequence, json.as_str()));
        let read = fold(types, one, snapshot, tail);
        let is_snapshot_broken = read.is_err()
            && snapshot.is_some_and(|(_, json)| {
                types.from_snapshot(stream.aggregate_type(), json).is_err()
            });
        results.push((read.map_err(|error| (stream, error)), is_snapshot_broken));
    }
    Ok(results)
}

/// An event as a stream keeps it.
pub struct StoredEvent {
    /// Its number in the stream, from 1.
    pub sequence: u64,
    /// Its stored name.
    pub event_type: String,
    /// Its stored version.
    pub event_version: String,
    /// Its JSON.
    pub payload: String,
}

/// Folds what is stored of a stream: its snapshot (last sequence and JSON), if there is a fitting one and no
/// base, and the events that follow.
///
/// # Errors
/// The stream has a hole, or something stored cannot be read.
pub fn fold(
    types: &AggregateTypes,
    wanted: Wanted,
    snapshot: Option<(u64, &str)>,
    tail: Vec<StoredEvent>,
) -> Result<Read, StreamStateError> {
    let aggregate_type = wanted.stream.aggregate_type();
    let mut snapshot_sequence = None;
    let mut loaded = match (wanted.base, snapshot) {
        (Some(base), _) => base,
        (None, Some((sequence, json))) => {
            snapshot_sequence = Some(sequence);
            Loaded {
                state: types.from_snapshot(aggregate_type, json)?,
                sequence,
            }
        }
        (None, None) => {
            snapshot_sequence = Some(0);
            Loaded {
                state: types.empty(aggregate_type)?,
                sequence: 0,
            }
        }
    };
    for event in tail {
        let expected = loaded.sequence + 1;
        if event.sequence != expected {
            return Err(StreamStateError::Hole {
                expected,
                found: event.sequence,
            });
        }
        loaded
            .state
            .evolve_stored(&event.event_type, &event.event_version, &event.payload)?;
        loaded.sequence = event.sequence;
    }
    Ok(Read {
        stream: wanted.stream,
        loaded,
        snapshot: snapshot_sequence,
    })
}

/// Reads one aggregate.
///
/// # Errors
/// The database is away, or something stored cannot be read.
pub(crate) async fn load_one<D: Decider>(
    pool: &PgPool,
    stream: &StreamId,
) -> Result<(D::State, u64), StoreError> {
    let types = aggregate_types();
    let wanted = vec![Wanted {
        stream: stream.clone(),
        base: None,
    }];
    let read = load(pool, &types, wanted).await?.pop();
    let Some(read) = read.transpose().map_err(|(_, error)| error)? else {
        return Ok((D::State::default(), 0));
    };
    let state = read.loaded.state_of::<D>().cloned().unwrap_or_default();
    Ok((state, read.loaded.sequence))
}
