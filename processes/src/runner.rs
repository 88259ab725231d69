//! From standby to office and back: waits for the lease, works while it is held, hands over at the end.

use std::sync::Arc;
use std::time::Duration;

use event_store::{EventStore, Lease};
use failpoints::failpoint;
use payment_gateways::Gateways;
use payment_vault::KeySafe;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::agenda;
use crate::clock::Clock;
use crate::config::ProcessesConfig;
use crate::crew::AbortOnDrop;
use crate::error::ProcessesError;
use crate::gauges;
use crate::lease_keeper::{self, Tenure};
use crate::parked_events;
use crate::reader;
use crate::sweeper;
use crate::term::{Parts, Term};
use crate::timers;

/// How long the rows of what is done may take to be deleted at the end: those left are recognised.
const SWEEP_LIMIT: Duration = Duration::from_secs(1);

/// The sagas' runner.
#[derive(Debug)]
pub struct Processes;

impl Processes {
    /// Starts an instance: standby until it gets the lease, then at work, until `stop`. Then it takes
    /// nothing new, lets what is under way finish within its limit, and gives the lease up. A gateway
    /// call that takes longer is abandoned; its row stays, and the next holder asks again under the same
    /// key. The store must outlive it: stop the store after the handle has ended.
    ///
    /// Without a key safe no payment method is saved, and none is charged.
    ///
    /// Aborting the handle is like killing the process: everything ends where it is, the lease runs out.
    ///
    /// # Errors
    /// A setting is out of its bounds.
    pub fn start(
        store: EventStore,
        gateways: Gateways,
        key_safe: Option<Arc<dyn KeySafe>>,
        config: ProcessesConfig,
        clock: Arc<dyn Clock>,
        stop: CancellationToken,
    ) -> Result<JoinHandle<()>, ProcessesError> {
        gauges::describe();
        let parts = Parts {
            lease_pool: Lease::pool(store.log().pool()),
            store,
            gateways,
            key_safe,
            config: Arc::new(config.checked()?),
            clock,
        };
        Ok(tokio::spawn(run(parts, stop)))
    }
}

async fn run(parts: Parts, stop: CancellationToken) {
    // A name of its own for each start: one that died must not be mistaken for its successor.
    let holder = format!("{}-{}", std::process::id(), Uuid::now_v7().simple());
    gauges::withdraw();
    while let Some(tenure) =
        lease_keeper::wait_for(&parts.lease_pool, &parts.config, &holder, &stop).await
    {
        serve(&parts, tenure, &stop).await;
        gauges::withdraw();
        if !stop.is_cancelled() {
            // Whatever ended the term, it is not begun again at once and for ever.
            sleep(parts.config.lease_retry_interval).await;
        }
    }
}

/// One term: until the lease is lost or the stop.
async fn serve(parts: &Parts, tenure: Tenure, stop: &CancellationToken) {
    let (term, done) = Term::new(parts.clone(), tenure);
    let _abort = AbortOnDrop(&term.crew);
    let taking = CancellationToken::new();
    let sweeping = CancellationToken::new();
    let mut keepers = JoinSet::new();
    let mut takers = JoinSet::new();
    let mut sweepers = JoinSet::new();
    keepers.spawn(keep(Arc::clone(&term)));
    keepers.spawn(gauges::run(Arc::clone(&term)));
    sweepers.spawn(sweeper::run(Arc::clone(&term), done, sweeping.clone()));
    takers.spawn(take(Arc::clone(&term), taking.clone()));
    tokio::select! {
        () = term.tenure.lost() => {}
        () = stop.cancelled() => {}
        _ = takers.join_next() => term.tenure.lose("the reader or the timers ended by themselves"),
        _ = keepers.join_next() => term.tenure.lose("the lease is no longer kept"),
        _ = sweepers.join_next() => term.tenure.lose("the sweeper ended by itself"),
    }
    taking.cancel();
    let finish = async {
        while takers.join_next().await.is_some() {}
        term.crew.finished().await;
    };
    tokio::select! {
        () = term.tenure.lost() => {}
        finished = timeout(parts.config.stop_limit, finish) => if finished.is_err() {
            tracing::info!("processes: what is still under way is left to the next holder");
        }
    }
    takers.shutdown().await;
    term.crew.aborted().await;
    if term.tenure.is_live() {
        sweeping.cancel();
        let swept = async { while sweepers.join_next().await.is_some() {} };
        // Rows that are left are recognised as done by the next holder.
        let _ = timeout(SWEEP_LIMIT, swept).await;
    }
    sweepers.shutdown().await;
    keepers.shutdown().await;
    lease_keeper::release(&parts.lease_pool, &term.tenure).await;
}

async fn keep(term: Arc<Term>) {
    let Parts {
        lease_pool, config, ..
    } = &term.parts;
    lease_keeper::keep(lease_pool, config, &term.tenure).await;
}

/// Reader and timers, after what an earlier holder or another version of the program left behind.
async fn take(term: Arc<Term>, taking: CancellationToken) {
    if let Err(error) = prepare(&term).await {
        return term.tenure.lose(&error.to_string());
    }
    let mut takers = JoinSet::new();
    takers.spawn(timers::run(Arc::clone(&term), taking.clone()));
    takers.spawn(reader::run(Arc::clone(&term), taking.clone()));
    // The first that ends without being told to ends the term: half a runner is none.
    while let Some(ended) = takers.join_next().await {
        if !taking.is_cancelled() {
            if let Err(error) = ended {
                tracing::error!(error = %error, "processes: the reader or the timers failed: {error}");
            }
            return;
        }
    }
}

async fn prepare(term: &Term) -> Result<(), ProcessesError> {
    let lanes: Vec<&str> = term.lanes.all().map(|lane| lane.name()).collect();
    let mut transaction = term.begin_flushed().await?;
    let adopted = agenda::adopt(&mut transaction, &lanes).await?;
    let unparked = agenda::unpark(&mut transaction).await?;
    failpoint!("processes.adopt.before", sqlx::Error::Io);
    transaction.commit().await?;
    failpoint!("processes.adopt.after", sqlx::Error::Io);
    if unparked > 0 {
        tracing::warn!(
            actions.count = unparked,
            "processes: {unparked} actions were parked and are tried once more"
        );
    }
    if adopted > 0 {
        tracing::warn!(
            actions.count = adopted,
            "processes: {adopted} actions belong to gateways that are no longer configured"
        );
    }
    parked_events::retry(term).await
}
