//! What everything that works for one holder of the lease shares.

use std::sync::Arc;

use event_store::EventStore;
use payment_gateways::Gateways;
use payment_vault::KeySafe;
use sqlx::{PgPool, Postgres, Transaction};
use tokio::sync::mpsc;

use crate::clock::Clock;
use crate::config::ProcessesConfig;
use crate::crew::Crew;
use crate::error::ProcessesError;
use crate::fenced;
use crate::lanes::{Claim, Lanes};
use crate::lease_keeper::Tenure;
use crate::timers::Alarm;

/// Done actions whose rows wait to be deleted: beyond them the doers wait.
const DONE_MAX: usize = 1_024;

/// What stays the same from one holder to the next.
#[derive(Clone)]
pub(crate) struct Parts {
    pub(crate) store: EventStore,
    /// The lease's own connection.
    pub(crate) lease_pool: PgPool,
    pub(crate) gateways: Gateways,
    /// Where billing keys are kept, if anywhere.
    pub(crate) key_safe: Option<Arc<dyn KeySafe>>,
    pub(crate) config: Arc<ProcessesConfig>,
    pub(crate) clock: Arc<dyn Clock>,
}

impl Parts {
    pub(crate) fn pool(&self) -> &PgPool {
        self.store.log().pool()
    }
}

/// One holder's time in office.
pub(crate) struct Term {
    pub(crate) parts: Parts,
    pub(crate) tenure: Tenure,
    pub(crate) lanes: Lanes,
    pub(crate) alarm: Arc<Alarm>,
    pub(crate) crew: Crew,
    /// Where done actions go, to have their rows deleted.
    pub(crate) done: mpsc::Sender<Claim>,
}

impl Term {
    /// A term, and the queue of its done actions.
    pub(crate) fn new(parts: Parts, tenure: Tenure) -> (Arc<Self>, mpsc::Receiver<Claim>) {
        let alarm = Arc::new(Alarm::default());
        let lanes = Lanes::new(
            parts.gateways.names(),
            parts.config.gateway_concurrency,
            parts.config.command_concurrency,
            &alarm,
        );
        let (done, queue) = mpsc::channel(DONE_MAX);
        let crew = Crew::default();
        let term = Self {
            parts,
            tenure,
            lanes,
            alarm,
            crew,
            done,
        };
        (Arc::new(term), queue)
    }

    /// As [`Self::begin`], and no crash of the database takes it back.
    pub(crate) async fn begin_flushed(
        &self,
    ) -> Result<Transaction<'static, Postgres>, ProcessesError> {
        fenced::begin_flushed(self.parts.pool(), self.tenure.lease()).await
    }

    /// A transaction that only the holder can commit.
    pub(crate) async fn begin(&self) -> Result<Transaction<'static, Postgres>, ProcessesError> {
        fenced::begin(self.parts.pool(), self.tenure.lease()).await
    }
}
