//! Reads the log ahead of the sending, in a task of its own: whatever else the session has to do in
//! between never breaks a read off.

use std::sync::Arc;

use event_store::{EventLog, RecordedEvent, StoreError};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// Events of one batch.
const BATCH_EVENTS: usize = 500;
/// Batches that wait to be sent.
const BATCHES_AHEAD: usize = 4;

pub(super) type Batch = Result<Vec<Arc<RecordedEvent>>, StoreError>;

pub(super) struct Reader {
    batches: mpsc::Receiver<Batch>,
    task: JoinHandle<()>,
}

impl Reader {
    /// Reads on from a position.
    pub(super) fn start(log: &EventLog, after: u64) -> Self {
        let (sender, batches) = mpsc::channel(BATCHES_AHEAD);
        let mut subscription = log.subscribe(after);
        let task = tokio::spawn(async move {
            loop {
                let batch = subscription.next(BATCH_EVENTS).await;
                let failed = batch.is_err();
                if sender.send(batch).await.is_err() || failed {
                    return;
                }
            }
        });
        Self { batches, task }
    }

    /// The next events; `None` after an error.
    pub(super) async fn next(&mut self) -> Option<Batch> {
        self.batches.recv().await
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.task.abort();
    }
}
