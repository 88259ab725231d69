//! `GET /projections`: how far each read model is, for operators.

use std::collections::BTreeMap;

use actix_web::get;
use actix_web::web::Data;
use chrono::{DateTime, Utc};
use platform::{ApiError, MinPosition, Operator};
use serde::Serialize;
use sqlx::PgPool;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::ReadApi;
use crate::answer::answer;
use crate::error::ReadError;
use crate::freshness::Source;
use crate::openapi::{AnyQuery, errors};

/// The most generations that are listed; each projection has one to three.
const GENERATIONS_MAX: i64 = 1_000;
/// The most parked keys of a generation that are named; `parkedKeyCount` counts all.
const PARKED_NAMED_MAX: i64 = 100;

/// Adds the route.
pub(crate) fn routes(config: &mut ServiceConfig<'_>) {
    config.service(list_projections);
}

/// A projection.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Projection {
    name: String,
    /// The generation that answers queries; before there is one, the newest.
    #[serde(flatten)]
    current: Generation,
    /// The others: one kept for a way back, one being built.
    other_generations: Vec<Generation>,
}

/// One set of a projection's tables.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Generation {
    /// Counts the rebuilds.
    generation: i32,
    /// Of the projector that fills it.
    version: i32,
    /// `live`, `previous` or `building`.
    state: String,
    /// The position of the last event that is in it.
    position: i64,
    /// The log's last position.
    head: i64,
    /// Events that are not in it yet.
    lag_events: i64,
    /// The age of the oldest of those.
    lag_seconds: f64,
    /// Streams that wait because one of their events could not be taken in.
    parked_key_count: i64,
    /// Events that wait with them.
    parked_event_count: i64,
    /// The first hundred of those streams, each with the event that it waits for.
    parked_keys: Vec<ParkedKey>,
    updated_at: DateTime<Utc>,
}

/// A stream that waits.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ParkedKey {
    /// `type/id` of the aggregate.
    key: String,
    /// The event that could not be taken in.
    position: i64,
    /// Why.
    error: String,
    attempts: i32,
    parked_at: DateTime<Utc>,
}

#[derive(sqlx::FromRow)]
struct Row {
    projection: String,
    generation: i32,
    version: i32,
    state: String,
    position: i64,
    head: i64,
    lag_events: i64,
    lag_seconds: f64,
    parked_keys: i64,
    parked_events: i64,
    updated_at: DateTime<Utc>,
}

#[derive(sqlx::FromRow)]
struct ParkedRow {
    projection: String,
    generation: i32,
    key: String,
    position: i64,
    error: String,
    attempts: i32,
    parked_at: DateTime<Utc>,
}

errors!(ListErrors, [403: ["FORBIDDEN"]]);

/// Each projection: its version, how far it is, and what is parked.
#[utoipa::path(
    tag = "projections",
    params(AnyQuery),
    responses((status = 200, body = platform::Data<Vec<Projection>>), ListErrors),
    security(("bearer" = []))
)]
#[get("/projections")]
async fn list_projections(
    _: Operator,
    least: MinPosition,
    api: Data<ReadApi>,
) -> Result<platform::Data<Vec<Projection>>, ApiError> {
    let position = api.reach(least, &[Source::Log]).await?;
    Ok(answer(all(api.pool()).await?, position))
}

async fn all(pool: &PgPool) -> Result<Vec<Projection>, ReadError> {
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT projection, generation, version, state, position, head, lag_events, lag_seconds,
                parked_keys, parked_events, updated_at
           FROM read_model.projection_status ORDER BY projection, generation DESC LIMIT $1",
    )
    .bind(GENERATIONS_MAX)
    .fetch_all(pool)
    .await?;
    let mut parked = if rows.iter().any(|row| row.parked_keys > 0) {
        parked(pool).await?
    } else {
        BTreeMap::new()
    };
    let mut projections: BTreeMap<String, Vec<Generation>> = BTreeMap::new();
    for row in rows {
        let keys = parked
            .remove(&(row.projection.clone(), row.generation))
            .unwrap_or_default();
        projections
            .entry(row.projection.clone())
            .or_default()
            .push(row.with(keys));
    }
    Ok(projections.into_iter().filter_map(projection).collect())
}

/// The first parked event of each key: the others of the key only wait for it.
async fn parked(pool: &PgPool) -> Result<BTreeMap<(String, i32), Vec<ParkedKey>>, ReadError> {
    let rows: Vec<ParkedRow> = sqlx::query_as(
        "SELECT g.projection, g.generation, p.key, p.position, p.error, p.attempts, p.parked_at
           FROM projections.generations g
          CROSS JOIN LATERAL (
                SELECT DISTINCT ON (key) key, position, error, attempts, parked_at
                  FROM projections.parked
                 WHERE projection = g.projection AND generation = g.generation
                 ORDER BY key, position LIMIT $1) p
          WHERE g.state <> 'retired'
          ORDER BY g.projection, g.generation, p.position",
    )
    .bind(PARKED_NAMED_MAX)
    .fetch_all(pool)
    .await?;
    let mut parked: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for row in rows {
        parked
            .entry((row.projection, row.generation))
            .or_default()
            .push(ParkedKey {
                key: row.key,
                position: row.position,
                error: row.error,
                attempts: row.attempts,
                parked_at: row.parked_at,
            });
    }
    Ok(parked)
}

impl Row {
    fn with(self, parked_keys: Vec<ParkedKey>) -> Generation {
        Generation {
            generation: self.generation,
            version: self.version,
            state: self.state,
            position: self.position,
            head: self.head,
            lag_events: self.lag_events,
            lag_seconds: self.lag_seconds,
            parked_key_count: self.parked_keys,
            parked_event_count: self.parked_events,
            parked_keys,
            updated_at: self.updated_at,
        }
    }
}

/// The live generation in front; the newest when none is.
fn projection((name, mut generations): (String, Vec<Generation>)) -> Option<Projection> {
    let live = generations
        .iter()
        .position(|generation| generation.state == "live");
    if generations.is_empty() {
        return None;
    }
    let current = generations.remove(live.unwrap_or(0));
    Some(Projection {
        name,
        current,
        other_generations: generations,
    })
}
