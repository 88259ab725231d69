//! A projection made anew beside the live one, which answers until the moment of the switch.

use std::time::{Duration, Instant};

use event_store::EventLog;
use sqlx::PgPool;

use crate::candidate::{self, Candidate, OnProgress, Progress};
use crate::catalogue;
use crate::compare::Comparison;
use crate::error::ProjectionError;
use crate::generation::Generation;
use crate::schema;
use crate::switch;

/// What a rebuild came to.
#[derive(Clone, Debug)]
pub struct RebuildReport {
    /// The generation that answered before, and is kept for a way back.
    pub previous: i32,
    /// The generation that answers now.
    pub live: i32,
    /// Where it was when it took over.
    pub position: u64,
    /// How the two compared.
    pub comparison: Comparison,
    /// How long it took.
    pub took: Duration,
}

/// Makes a projection anew: fills a new generation beside the live one, compares the two, and switches in
/// one transaction. The old generation goes on being fed, for [`crate::switch_back`]; the one before
/// it is dropped.
///
/// Rows that differ although the projector's version is the same stop it, unless `accept_differences` says
/// that the live ones are known to be wrong, or events are parked, which explains them.
///
/// `owner` is the database's owner, `app` the program's own role.
///
/// # Errors
/// The new generation differs, or anything else went wrong: the live one is as it was.
pub async fn rebuild(
    owner: &PgPool,
    app: &PgPool,
    log: &EventLog,
    projection: &str,
    accept_differences: bool,
    mut on_progress: impl FnMut(Progress) + Send,
) -> Result<RebuildReport, ProjectionError> {
    let started = Instant::now();
    let projector = catalogue::find(projection)?;
    let live = candidate::live(owner, projection).await?;
    let mut candidate = Candidate::begin(owner, app, projector).await?;
    let built = build(
        owner,
        log,
        &live,
        &mut candidate,
        accept_differences,
        &mut on_progress,
    );
    let comparison = match built.await {
        Ok(comparison) => comparison,
        Err(error) => {
            candidate.discard().await?;
            return Err(error);
        }
    };
    let report = RebuildReport {
        previous: live.number,
        live: candidate.target.generation,
        position: candidate.position,
        comparison,
        took: started.elapsed(),
    };
    // Only now: what is dropped here is no longer needed by anyone.
    schema::drop_leftovers(&mut candidate.owner, candidate.target.projection()).await?;
    Ok(report)
}

async fn build(
    owner: &PgPool,
    log: &EventLog,
    live: &Generation,
    candidate: &mut Candidate,
    accept_differences: bool,
    on_progress: OnProgress<'_>,
) -> Result<Comparison, ProjectionError> {
    candidate.follow(log, live, on_progress).await?;
    let comparison = candidate.compare(log, live, owner).await?;
    if !comparison.is_same() {
        let projection = candidate.target.projection();
        let differences = comparison.to_string();
        if !accept_differences && comparison.live_parked == 0 {
            return Err(ProjectionError::Differs {
                projection,
                differences,
            });
        }
        tracing::warn!(
            projection,
            differences,
            "the rebuilt {projection} differs from the live one"
        );
    }
    candidate.fill(log, on_progress).await?;
    schema::analyze(&mut candidate.owner, &candidate.target).await?;
    switch::take_over(log, live, candidate, owner).await?;
    Ok(comparison)
}
