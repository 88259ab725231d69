//! What doing an action asks of the world, so that the same code runs in a simulated one.

use std::fmt::Display;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use domain::Decider;
use event_store::{Command, ExecuteError, Fence, Outcome, StoreError};
use payment_gateways::PaymentGateway;
use payment_vault::KeySafe;

use crate::config::ProcessesConfig;
use crate::term::Term;

/// The world as whoever does an action sees it. Each method that is awaited is a place where a crash, a
/// delay or a failure can strike.
pub trait Office: Send + Sync {
    /// The limits and schedules.
    fn config(&self) -> &ProcessesConfig;

    /// What time it is.
    fn now(&self) -> DateTime<Utc>;

    /// Whether the lease is still held, as far as can be known without asking.
    fn is_live(&self) -> bool;

    /// The lease and its epoch, for the store to check.
    fn fence(&self) -> Fence;

    /// The gateway of this name.
    fn gateway(&self, name: &str) -> Option<Arc<dyn PaymentGateway>>;

    /// Where billing keys are kept; `None` when the shop saves no payment methods.
    fn key_safe(&self) -> Option<Arc<dyn KeySafe>>;

    /// Has a command decided and written.
    fn execute(
        &self,
        command: Command,
    ) -> impl Future<Output = Result<Outcome, ExecuteError>> + Send;

    /// An aggregate's state, read afresh from the log.
    fn load<D: Decider>(
        &self,
        id: impl Display + Send,
    ) -> impl Future<Output = Result<D::State, StoreError>> + Send;

    /// Waits.
    fn pause(&self, duration: Duration) -> impl Future<Output = ()> + Send;

    /// Waits for some work, not longer than this; `None` when it took longer.
    fn within<T: Send>(
        &self,
        limit: Duration,
        work: impl Future<Output = T> + Send,
    ) -> impl Future<Output = Option<T>> + Send;
}

impl Office for Term {
    fn config(&self) -> &ProcessesConfig {
        &self.parts.config
    }

    fn now(&self) -> DateTime<Utc> {
        self.parts.clock.now()
    }

    fn is_live(&self) -> bool {
        self.tenure.is_live()
    }

    fn fence(&self) -> Fence {
        self.tenure.lease().fence()
    }

    fn gateway(&self, name: &str) -> Option<Arc<dyn PaymentGateway>> {
        self.parts.gateways.get(name)
    }

    fn key_safe(&self) -> Option<Arc<dyn KeySafe>> {
        self.parts.key_safe.clone()
    }

    async fn execute(&self, command: Command) -> Result<Outcome, ExecuteError> {
        self.parts.store.execute(command).await
    }

    async fn load<D: Decider>(&self, id: impl Display + Send) -> Result<D::State, StoreError> {
        let (state, _) = self.parts.store.load::<D>(id).await?;
        Ok(state)
    }

    async fn pause(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }

    async fn within<T: Send>(
        &self,
        limit: Duration,
        work: impl Future<Output = T> + Send,
    ) -> Option<T> {
        tokio::time::timeout(limit, work).await.ok()
    }
}
