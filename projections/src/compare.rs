//! Whether two generations have the same rows.

use std::collections::HashSet;
use std::fmt;

use sqlx::{PgConnection, Row};

use crate::error::{ProjectionError, unsigned};
use crate::generation::{Generation, Target, schema_name};

/// Rows that a report shows of a difference: enough to see what kind it is.
const SAMPLES_MAX: i64 = 3;
/// Characters of a shown row.
const SAMPLE_MAX_CHARS: i32 = 300;

/// A fresh fold of the log beside the live generation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comparison {
    /// Of which projection.
    pub projection: &'static str,
    /// Where both were.
    pub position: u64,
    /// Whether both were made by the same version of the projector. If not, rows may differ rightly, and
    /// are only counted.
    pub same_version: bool,
    /// Events that the live generation has not taken in because they are parked: its rows may differ.
    pub live_parked: u64,
    /// Each table of the projector.
    pub tables: Vec<TableComparison>,
}

/// One table of a [`Comparison`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableComparison {
    /// Its name.
    pub table: &'static str,
    /// Rows of the live generation; `None` when it has no such table.
    pub live_rows: Option<u64>,
    /// Rows of the fresh fold.
    pub fresh_rows: u64,
    /// Whether all rows are the same, in all columns. Only known of one version.
    pub same: bool,
    /// Some rows that only one side has, marked with that side.
    pub samples: Vec<String>,
}

impl Comparison {
    /// Whether the live rows are what the log says.
    #[must_use]
    pub fn is_same(&self) -> bool {
        self.tables.iter().all(|table| table.same)
    }
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let differing: Vec<_> = self
            .tables
            .iter()
            .filter(|t| !t.same)
            .map(ToString::to_string)
            .collect();
        f.write_str(&differing.join("; "))
    }
}

impl fmt::Display for TableComparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let live = self
            .live_rows
            .map_or("no".to_owned(), |rows| rows.to_string());
        write!(
            f,
            "{}: {live} live rows, {} fresh rows",
            self.table, self.fresh_rows
        )?;
        self.samples
            .iter()
            .try_for_each(|sample| write!(f, ", {sample}"))
    }
}

/// Compares a candidate with the live generation, in the snapshot of a transaction.
pub(crate) async fn compare(
    snapshot: &mut PgConnection,
    candidate: &Target,
    live: &Generation,
    position: u64,
) -> Result<Comparison, ProjectionError> {
    let same_version = live.version == candidate.projector.version();
    let live_schema = schema_name(candidate.projection(), live.number);
    let fresh_schema = candidate.schema();
    let there = tables_of(snapshot, &live_schema).await?;
    let mut tables = Vec::new();
    for table in candidate.projector.tables() {
        let name = table.name;
        let fresh = Fingerprint::of(snapshot, &format!("{fresh_schema}.{name}")).await?;
        let live = match there.contains(name) {
            true => Some(Fingerprint::of(snapshot, &format!("{live_schema}.{name}")).await?),
            false => None,
        };
        let same = !same_version || live.as_ref() == Some(&fresh);
        let mut samples = Vec::new();
        if !same && live.is_some() {
            for (side, a, b) in [
                ("live", &live_schema, &fresh_schema),
                ("fresh", &fresh_schema, &live_schema),
            ] {
                samples.extend(only_in(snapshot, side, a, b, name).await?);
            }
        }
        let live_rows = live.map(|live| live.rows);
        tables.push(TableComparison {
            table: name,
            live_rows,
            fresh_rows: fresh.rows,
            same,
            samples,
        });
    }
    let live_parked = parked(snapshot, live).await?;
    let projection = candidate.projection();
    Ok(Comparison {
        projection,
        position,
        same_version,
        live_parked,
        tables,
    })
}

/// All rows of a table in a few numbers, whatever its size. Rows are hashed whole and the hashes added
/// up, so neither side has to be sorted; two seeds make 128 bits.
#[derive(PartialEq, Eq)]
struct Fingerprint {
    rows: u64,
    hashes: (String, String),
}

impl Fingerprint {
    async fn of(snapshot: &mut PgConnection, table: &str) -> Result<Self, ProjectionError> {
        let row = sqlx::query(&format!(
            "SELECT count(*) AS rows,
                    coalesce(sum(hashtextextended(line, 1)::numeric), 0)::text AS first,
                    coalesce(sum(hashtextextended(line, 2)::numeric), 0)::text AS second
               FROM (SELECT t::text AS line FROM {table} t OFFSET 0) whole"
        ))
        .fetch_one(snapshot)
        .await?;
        Ok(Self {
            rows: unsigned(row.try_get("rows")?, "a count")?,
            hashes: (row.try_get("first")?, row.try_get("second")?),
        })
    }
}

async fn only_in(
    snapshot: &mut PgConnection,
    side: &str,
    schema: &str,
    other: &str,
    table: &str,
) -> Result<Vec<String>, ProjectionError> {
    let rows: Vec<String> = sqlx::query_scalar(&format!(
        "SELECT left(d.r, $1) FROM (SELECT a::text AS r FROM {schema}.{table} a
                                    EXCEPT ALL SELECT b::text FROM {other}.{table} b) d
          ORDER BY 1 LIMIT $2"
    ))
    .bind(SAMPLE_MAX_CHARS)
    .bind(SAMPLES_MAX)
    .fetch_all(snapshot)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| format!("only {side} {row}"))
        .collect())
}

async fn tables_of(
    snapshot: &mut PgConnection,
    schema: &str,
) -> Result<HashSet<String>, ProjectionError> {
    let names: Vec<String> = sqlx::query_scalar(
        "SELECT table_name::text FROM information_schema.tables WHERE table_schema = $1",
    )
    .bind(schema)
    .fetch_all(snapshot)
    .await?;
    Ok(names.into_iter().collect())
}

async fn parked(snapshot: &mut PgConnection, live: &Generation) -> Result<u64, ProjectionError> {
    let events: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM projections.parked WHERE projection = $1 AND generation = $2",
    )
    .bind(&live.projection)
    .bind(live.number)
    .fetch_one(snapshot)
    .await?;
    unsigned(events, "a count")
}
