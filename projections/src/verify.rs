//! Whether the read models are what the log says: folded afresh, and compared.

use event_store::EventLog;
use sqlx::PgPool;

use crate::candidate::{self, Candidate, Progress};
use crate::catalogue;
use crate::compare::Comparison;
use crate::error::ProjectionError;

/// Folds the log afresh beside one projection, or beside each of them, and compares row for row, while
/// they run. What was folded is dropped again. Memory is bounded; the disk must hold the tables twice.
///
/// `owner` is the database's owner, `app` the program's own role.
///
/// # Errors
/// No such projection, it is being rebuilt, or the database is away. Differing rows are no error.
pub async fn verify(
    owner: &PgPool,
    app: &PgPool,
    log: &EventLog,
    projection: Option<&str>,
    mut on_progress: impl FnMut(Progress) + Send,
) -> Result<Vec<Comparison>, ProjectionError> {
    let projectors = match projection {
        Some(name) => vec![catalogue::find(name)?],
        None => catalogue::all(),
    };
    let mut comparisons = Vec::new();
    for projector in projectors {
        let live = candidate::live(owner, projector.name()).await?;
        let mut candidate = Candidate::begin(owner, app, projector).await?;
        let compared = match candidate.follow(log, &live, &mut on_progress).await {
            Ok(()) => candidate.compare(log, &live, owner).await,
            Err(error) => Err(error),
        };
        let discarded = candidate.discard().await;
        comparisons.push(compared?);
        discarded?;
    }
    Ok(comparisons)
}
