//! Reading one's own writes: a query that names a log position waits, bounded, until what it reads has
//! that position.
//!
//! Projections run elsewhere, so somebody has to ask the database. One task asks for all, for all
//! read models in one statement, and only while somebody waits: a thousand waiting queries cost what one
//! costs. An old observation never counts, though positions only rise: a database that has failed over to
//! a replica is behind what was seen before.

use std::time::Duration;

use actix_web::http::StatusCode;
use failpoints::failpoint;
use platform::{ApiError, MinPosition};
use sqlx::PgPool;
use tokio::sync::watch;
use tokio::time::{Instant, timeout};

use crate::error::{ReadError, unsigned};

/// How often the positions are asked for while somebody waits, and how old an answer may be. A
/// projection takes a few milliseconds for a batch: asking more often would find nothing new.
const POLL_INTERVAL: Duration = Duration::from_millis(3);

/// When a caller whose position was not reached asks again, in seconds.
const RETRY_AFTER_S: u32 = 1;

/// What a query reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    Orders,
    Payments,
    PaymentMethods,
    Products,
    Coupons,
    Points,
    Notifications,
    /// The log itself, which on a replica may be behind too.
    Log,
}

impl Source {
    const ALL: [Self; 8] = [
        Self::Orders,
        Self::Payments,
        Self::PaymentMethods,
        Self::Products,
        Self::Coupons,
        Self::Points,
        Self::Notifications,
        Self::Log,
    ];

    /// The projection that writes it; the log has none.
    fn projection(self) -> Option<&'static str> {
        match self {
            Self::Orders => Some("orders"),
            Self::Payments => Some("payments"),
            Self::PaymentMethods => Some("payment_methods"),
            Self::Products => Some("products"),
            Self::Coupons => Some("coupons"),
            Self::Points => Some("points"),
            Self::Notifications => Some("notifications"),
            Self::Log => None,
        }
    }
}

/// How far each source is. One that is not there is at 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Positions([u64; Source::ALL.len()]);

impl Positions {
    fn of(&self, source: Source) -> u64 {
        self.0[source as usize]
    }

    /// What all of them have.
    fn common(&self, sources: &[Source]) -> u64 {
        sources
            .iter()
            .map(|source| self.of(*source))
            .min()
            .unwrap_or(u64::MAX)
    }
}

/// Asks how far everything is.
pub(crate) async fn positions(pool: &PgPool) -> Result<Positions, ReadError> {
    let rows: Vec<(Option<String>, i64)> = sqlx::query_as(
        "SELECT projection, position FROM projections.generations WHERE state = 'live'
         UNION ALL
         (SELECT NULL, position FROM event_store.events ORDER BY position DESC LIMIT 1)",
    )
    .fetch_all(pool)
    .await?;
    failpoint!("read-api.positions.read", sqlx::Error::Io);
    let mut positions = Positions::default();
    for (projection, position) in rows {
        let source = Source::ALL
            .into_iter()
            .find(|s| s.projection() == projection.as_deref());
        // A projection that no query of this program reads is none of its business.
        if let Some(source) = source {
            positions.0[source as usize] = unsigned(position, "a position")?;
        }
    }
    Ok(positions)
}

/// Lets queries wait for positions.
pub(crate) struct Freshness {
    wait: Duration,
    demand: watch::Sender<Demand>,
    observed: watch::Receiver<Observed>,
}

/// Who waits.
#[derive(Clone, Copy, Debug, Default)]
struct Demand {
    waiting: usize,
    /// How many ever came.
    came: u64,
}

/// What was seen last.
#[derive(Clone, Copy, Debug, Default)]
struct Observed {
    /// When it was asked for.
    asked_at: Option<Instant>,
    /// `None`: the database did not say.
    positions: Option<Positions>,
}

impl Freshness {
    /// Begins. The task ends when this is dropped.
    pub(crate) fn start(pool: PgPool, wait: Duration) -> Self {
        Self::asking(wait, move || {
            let pool = pool.clone();
            async move { positions(&pool).await }
        })
    }

    fn asking<A, F>(wait: Duration, ask: A) -> Self
    where
        A: Fn() -> F + Send + 'static,
        F: Future<Output = Result<Positions, ReadError>> + Send + 'static,
    {
        let (demand, demanded) = watch::channel(Demand::default());
        let (observing, observed) = watch::channel(Observed::default());
        tokio::spawn(observe(ask, demanded, observing));
        Self {
            wait,
            demand,
            observed,
        }
    }

    /// Waits until all sources have the position, and gives the one that they have by then.
    ///
    /// # Errors
    /// 503 `NOT_CAUGHT_UP` when they do not get there in time, 503 `SERVICE_UNAVAILABLE` when nobody can
    /// say.
    pub(crate) async fn reach(
        &self,
        least: MinPosition,
        sources: &[Source],
    ) -> Result<Option<u64>, ApiError> {
        let MinPosition(Some(least)) = least else {
            return Ok(None);
        };
        let came_at = Instant::now();
        let _waiting = Waiting::join(&self.demand);
        let mut observed = self.observed.clone();
        let there = observed.wait_for(|seen| {
            let is_new = seen
                .asked_at
                .is_some_and(|asked_at| asked_at + POLL_INTERVAL >= came_at);
            is_new
                && seen
                    .positions
                    .is_some_and(|positions| positions.common(sources) >= least)
        });
        let reached = match timeout(self.wait, there).await {
            Ok(Ok(seen)) => seen.positions.map(|positions| positions.common(sources)),
            Ok(Err(_)) | Err(_) => None,
        };
        metrics::histogram!("read_min_position_wait_seconds").record(came_at.elapsed());
        match reached {
            Some(position) => Ok(Some(position)),
            None => {
                metrics::counter!("read_min_position_missed_total").increment(1);
                Err(self.why_not())
            }
        }
    }

    fn why_not(&self) -> ApiError {
        match self.observed.borrow().positions {
            Some(_) => ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "NOT_CAUGHT_UP")
                .with_retry_after_s(RETRY_AFTER_S),
            None => ApiError::unavailable(),
        }
    }
}

/// One who waits, until it is dropped.
struct Waiting<'a>(&'a watch::Sender<Demand>);

impl<'a> Waiting<'a> {
    fn join(demand: &'a watch::Sender<Demand>) -> Self {
        demand.send_modify(|demand| {
            demand.waiting += 1;
            demand.came = demand.came.wrapping_add(1);
        });
        Self(demand)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.send_modify(|demand| demand.waiting -= 1);
    }
}

/// Asks while somebody waits. Those who wait are woken when there is news, or when somebody came since
/// the last time, to whom it may be news.
async fn observe<A, F>(
    ask: A,
    mut demand: watch::Receiver<Demand>,
    observed: watch::Sender<Observed>,
) where
    A: Fn() -> F,
    F: Future<Output = Result<Positions, ReadError>>,
{
    let mut came_before = 0;
    loop {
        let came = match demand.wait_for(|demand| demand.waiting > 0).await {
            Ok(demand) => demand.came,
            Err(_) => return,
        };
        let asked_at = Some(Instant::now());
        let positions = match ask().await {
            Ok(positions) => Some(positions),
            Err(error) => {
                if observed.borrow().positions.is_some() {
                    tracing::warn!(error = %error, "nobody says how far the read models are: {error}");
                }
                None
            }
        };
        observed.send_if_modified(|last| {
            let is_news = last.positions != positions || came != came_before;
            *last = Observed {
                asked_at,
                positions,
            };
            is_news
        });
        came_before = came;
        tokio::time::sleep(POLL_INTERVAL).await;
    }
}

#[cfg(test)]
mod tests;
