//! The registry of generations: which ones there are, how far they are, and the one way to move on.

use std::collections::HashSet;
use std::sync::Arc;

use event_store::RecordedEvent;
use sqlx::{PgConnection, PgExecutor, Row};

use crate::error::{ProjectionError, signed, unsigned};
use crate::projector::Projector;

/// A generation that is not retired.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Generation {
    pub(crate) projection: String,
    pub(crate) number: i32,
    /// Of the projector that fills it.
    pub(crate) version: i32,
    pub(crate) state: State,
    pub(crate) position: u64,
}

/// Where a generation stands; its stored names are the registry's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// Being filled beside the live one.
    Building,
    /// Answers the queries.
    Live,
    /// Answered before; still fed, for a way back.
    Previous,
}

/// All generations that are not retired.
pub(crate) async fn all(executor: impl PgExecutor<'_>) -> Result<Vec<Generation>, ProjectionError> {
    let rows = sqlx::query(
        "SELECT projection, generation, version, state, position FROM projections.generations
          WHERE state <> 'retired' ORDER BY projection, generation",
    )
    .fetch_all(executor)
    .await?;
    rows.into_iter()
        .map(|row| {
            let state: String = row.try_get("state")?;
            Ok(Generation {
                projection: row.try_get("projection")?,
                number: row.try_get("generation")?,
                version: row.try_get("version")?,
                state: match state.as_str() {
                    "building" => State::Building,
                    "previous" => State::Previous,
                    _ => State::Live,
                },
                position: unsigned(row.try_get("position")?, "a checkpoint")?,
            })
        })
        .collect()
}

/// One projection's generation in a state.
pub(crate) async fn in_state(
    executor: impl PgExecutor<'_>,
    projection: &str,
    state: State,
) -> Result<Option<Generation>, ProjectionError> {
    let generations = all(executor).await?;
    Ok(generations
        .into_iter()
        .rev()
        .find(|g| g.projection == projection && g.state == state))
}

/// The schema of a generation's tables.
pub(crate) fn schema_name(projection: &str, generation: i32) -> String {
    format!("projection_{projection}_{generation}")
}

/// A generation and the projector that fills it.
#[derive(Clone)]
pub(crate) struct Target {
    pub(crate) projector: Arc<dyn Projector>,
    pub(crate) generation: i32,
    wants: Arc<HashSet<&'static str>>,
}

impl Target {
    pub(crate) fn new(projector: Arc<dyn Projector>, generation: i32) -> Self {
        let wants = Arc::new(projector.wants().iter().copied().collect());
        Self {
            projector,
            generation,
            wants,
        }
    }

    pub(crate) fn projection(&self) -> &'static str {
        self.projector.name()
    }

    pub(crate) fn schema(&self) -> String {
        schema_name(self.projection(), self.generation)
    }

    /// The events among these that the projector takes in.
    pub(crate) fn wanted(&self, events: &[Arc<RecordedEvent>]) -> Vec<Arc<RecordedEvent>> {
        events
            .iter()
            .filter(|e| self.wants.contains(e.event_type.as_str()))
            .cloned()
            .collect()
    }

    /// Where the generation is; `None` when it is no longer fed by this version of the projector.
    pub(crate) async fn position(
        &self,
        executor: impl PgExecutor<'_>,
    ) -> Result<Option<u64>, ProjectionError> {
        let position: Option<i64> = sqlx::query_scalar(
            "SELECT position FROM projections.generations
              WHERE projection = $1 AND generation = $2 AND version = $3 AND state <> 'retired'",
        )
        .bind(self.projection())
        .bind(self.generation)
        .bind(self.projector.version())
        .fetch_optional(executor)
        .await?;
        position
            .map(|position| unsigned(position, "a checkpoint"))
            .transpose()
    }

    /// Where the generation is, held there until the transaction ends: whoever feeds it waits.
    pub(crate) async fn hold(
        &self,
        transaction: &mut PgConnection,
    ) -> Result<Option<u64>, ProjectionError> {
        let position: Option<i64> = sqlx::query_scalar(
            "SELECT position FROM projections.generations
              WHERE projection = $1 AND generation = $2 AND state <> 'retired' FOR UPDATE",
        )
        .bind(self.projection())
        .bind(self.generation)
        .fetch_optional(transaction)
        .await?;
        position
            .map(|position| unsigned(position, "a checkpoint"))
            .transpose()
    }

    /// Moves the checkpoint, and holds the generation until the transaction ends: whoever else feeds it
    /// waits, and then finds it moved. Says whether any event of it is parked.
    ///
    /// # Errors
    /// `Moved` when it is not at `from`, or no longer fed: the transaction must be rolled back.
    pub(crate) async fn advance(
        &self,
        transaction: &mut PgConnection,
        from: u64,
        to: u64,
    ) -> Result<bool, ProjectionError> {
        let any_parked: Option<bool> = sqlx::query_scalar(
            "UPDATE projections.generations AS g SET position = $5, updated_at = clock_timestamp()
              WHERE g.projection = $1 AND g.generation = $2 AND g.version = $3
                AND g.state <> 'retired' AND g.position = $4
             RETURNING EXISTS (SELECT FROM projections.parked p
                                WHERE p.projection = g.projection AND p.generation = g.generation)",
        )
        .bind(self.projection())
        .bind(self.generation)
        .bind(self.projector.version())
        .bind(signed(from, "a checkpoint")?)
        .bind(signed(to, "a checkpoint")?)
        .fetch_optional(&mut *transaction)
        .await?;
        match any_parked {
            Some(any_parked) => Ok(any_parked),
            None => Err(ProjectionError::Moved {
                projection: self.projection(),
                generation: self.generation,
                expected: from,
                found: self.position(transaction).await?,
            }),
        }
    }
}
