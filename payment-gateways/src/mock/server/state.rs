//! What all calls of one mock share.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::clock::MockClock;
use super::extras::Extras;
use super::faults::Faults;
use super::ledger::Ledger;
use super::refusal::Refusal;
use super::replies::UnderWay;
use super::webhooks::Webhooks;

/// One mock.
pub(super) struct MockState {
    pub(super) ledger: Arc<Ledger>,
    pub(super) faults: Arc<Faults>,
    pub(super) extras: Arc<Extras>,
    pub(super) webhooks: Arc<Webhooks>,
    pub(super) clock: Arc<MockClock>,
    pub(super) under_way: Arc<UnderWay>,
    pub(super) nice_secret_key: String,
    pub(super) hold: Duration,
    pub(super) slow: Duration,
    pub(super) shutdown: CancellationToken,
}

impl MockState {
    /// Does `work` on the ledger, after the delay, in a task of its own: a client that goes away
    /// does not undo what it asked for. Off the answering threads, since the ledger waits for its disk.
    pub(super) async fn carry_out<T: Send + 'static>(
        &self,
        delay: Duration,
        work: impl FnOnce(&Ledger, &Webhooks) -> Result<T, Refusal> + Send + 'static,
    ) -> Result<T, Refusal> {
        let (ledger, webhooks) = (Arc::clone(&self.ledger), Arc::clone(&self.webhooks));
        let task = tokio::spawn(async move {
            if !delay.is_zero() {
                tokio::time::sleep(delay).await;
            }
            tokio::task::spawn_blocking(move || work(&ledger, &webhooks)).await
        });
        match task.await {
            Ok(Ok(result)) => result,
            // The mock is being stopped, or the work panicked: nobody knows how far it came.
            Ok(Err(_)) | Err(_) => Err(Refusal::LedgerBroken),
        }
    }
}
