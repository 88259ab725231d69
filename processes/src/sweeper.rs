//! Deletes the rows of what is done, many at a time. Nothing waits for it: a row that outlives its action
//! is recognised as done when it is taken up again.

use std::sync::Arc;
use std::time::Duration;

use failpoints::failpoint;
use tokio::sync::mpsc;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::agenda;
use crate::error::ProcessesError;
use crate::lanes::Claim;
use crate::term::Term;

/// Rows of one transaction.
const BATCH_MAX: usize = 512;
/// How long more rows are waited for: a busy moment's actions are deleted together.
const LINGER: Duration = Duration::from_millis(10);
/// How soon a failed deletion is tried again.
const RETRY_INTERVAL: Duration = Duration::from_millis(500);

/// Deletes until `finish`, and then what is left.
pub(crate) async fn run(
    term: Arc<Term>,
    mut queue: mpsc::Receiver<Claim>,
    finish: CancellationToken,
) {
    let mut batch = Vec::with_capacity(BATCH_MAX);
    loop {
        tokio::select! {
            biased;
            count = queue.recv_many(&mut batch, 1) => if count == 0 { return },
            () = finish.cancelled() => return,
        }
        tokio::select! {
            () = sleep(LINGER) => {}
            () = finish.cancelled() => {}
        }
        while batch.len() < BATCH_MAX
            && let Ok(claim) = queue.try_recv()
        {
            batch.push(claim);
        }
        if !delete(&term, &batch).await {
            return;
        }
        batch.clear();
    }
}

/// Tries until the rows are deleted; `false` when they are another's business now.
async fn delete(term: &Term, batch: &[Claim]) -> bool {
    let ids: Vec<Uuid> = batch.iter().map(Claim::action_id).collect();
    let mut failing = false;
    loop {
        match try_delete(term, &ids).await {
            Ok(()) => return true,
            Err(ProcessesError::LeaseLost) => {
                term.tenure.lose("another instance took the lease over");
                return false;
            }
            Err(error) => {
                if !std::mem::replace(&mut failing, true) {
                    tracing::warn!(error = %error, "processes: done actions cannot be deleted: {error}");
                }
                sleep(RETRY_INTERVAL).await;
            }
        }
    }
}

async fn try_delete(term: &Term, ids: &[Uuid]) -> Result<(), ProcessesError> {
    let mut transaction = term.begin().await?;
    agenda::delete(&mut transaction, ids).await?;
    failpoint!("processes.sweep.before", sqlx::Error::Io);
    transaction.commit().await?;
    failpoint!("processes.sweep.after", sqlx::Error::Io);
    Ok(())
}
