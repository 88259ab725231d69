//! Keeps one generation up to date: one instance at a time, the others stand by.

use std::sync::Arc;
use std::time::Duration;

use event_store::follower::{Applied, Follow, FollowLimits, Lead};
use event_store::{EventLog, RecordedEvent, with_causes};
use failpoints::failpoint;
use sqlx::{PgConnection, PgPool};

use crate::apply::apply_batch;
use crate::config::ProjectionsConfig;
use crate::error::ProjectionError;
use crate::generation::Target;
use crate::retry;
use crate::session;

/// Feeds a generation until it is stopped or the generation is retired.
pub(crate) struct Runner {
    pub(crate) pool: PgPool,
    pub(crate) target: Target,
    pub(crate) config: ProjectionsConfig,
}

impl Follow for Runner {
    type Error = ProjectionError;
    type Event = Arc<RecordedEvent>;

    fn limits(&self) -> &FollowLimits {
        &self.config.follow
    }

    async fn connect(&self) -> Result<PgConnection, ProjectionError> {
        session::connect(&self.pool, &self.target).await
    }

    fn lead(&self) -> Lead {
        session::lead(&self.target)
    }

    async fn begin(
        &self,
        connection: &mut PgConnection,
        log: &EventLog,
    ) -> Result<(), ProjectionError> {
        failpoint!("projections.lead.taken", sqlx::Error::Io);
        // What could not be read yesterday may be readable by today's program.
        let replayed = retry::retry(connection, log, &self.target).await?;
        if replayed.replayed + replayed.parked > 0 {
            tracing::info!(
                projection = self.target.projection(),
                events.replayed = replayed.replayed,
                events.parked = replayed.parked,
                "replayed parked events of {}",
                self.target.projection(),
            );
        }
        Ok(())
    }

    async fn position(
        &self,
        connection: &mut PgConnection,
    ) -> Result<Option<u64>, ProjectionError> {
        self.target.position(connection).await
    }

    fn wanted(
        &self,
        events: Vec<Arc<RecordedEvent>>,
    ) -> Result<Vec<Arc<RecordedEvent>>, ProjectionError> {
        Ok(self.target.wanted(&events))
    }

    async fn apply(
        &self,
        connection: &mut PgConnection,
        _: &EventLog,
        from: u64,
        to: u64,
        wanted: &[Arc<RecordedEvent>],
    ) -> Result<Applied, ProjectionError> {
        match apply_batch(connection, &self.target, from, to, wanted).await {
            Ok(()) => {}
            Err(ProjectionError::Moved { .. }) => return Ok(Applied::Moved),
            Err(error) => return Err(error),
        }
        if let Some(oldest) = wanted.first() {
            let waited = chrono::Utc::now() - oldest.recorded_at;
            metrics::histogram!(
                "projection_delay_seconds",
                "projection" => self.target.projection(),
            )
            .record(waited.to_std().unwrap_or(Duration::ZERO).as_secs_f64());
        }
        Ok(Applied::Committed)
    }

    fn rest_after(&self, batch: Duration) -> Duration {
        self.config.rest_after(batch)
    }

    fn report(&self, error: &ProjectionError, is_first: bool) {
        let projection = self.target.projection();
        let error = with_causes(error);
        if is_first {
            tracing::warn!(
                projection,
                projection.generation = self.target.generation,
                error,
                "the projection {projection} cannot go on; it tries again until it can",
            );
        } else {
            tracing::debug!(projection, error, "{projection} still waits");
        }
    }
}
