//! The role: the same books as the pass, kept up to date beside the running shop.

use std::time::Duration;

use event_store::{EventLog, EventRows, Lease, Scan, StoreError, scan_events, with_causes};
use failpoints::failpoint;
use invariants::{Invariant, Violation};
use sqlx::PgPool;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::books::Books;
use crate::config::AuditorConfig;
use crate::excuses::Excuses;
use crate::ids::standing_twice;
use crate::pass::late;
use crate::status::AuditorStatus;

/// The lease's name.
const LEASE: &str = "auditor";
/// Events of one step, at most: between two steps the lease is renewed and a stop is noticed.
const STEP_EVENTS: u64 = 10_000;

/// Looks at the log until `stop`; any number of processes may do so at once, and one of them is active.
/// After a start the log is read from its beginning, at bounded speed: the books are in memory only.
/// Whatever it finds, it stops nothing.
///
/// `pool` is the program's (`commerce_app`).
#[must_use]
pub fn start(
    pool: PgPool,
    log: EventLog,
    config: AuditorConfig,
    status: AuditorStatus,
    stop: CancellationToken,
) -> JoinHandle<()> {
    let role = Role {
        pool,
        log,
        config,
        status,
        stop,
    };
    tokio::spawn(role.run())
}

/// What is kept over a moment without the database.
struct Watch {
    lease: Lease,
    books: Books,
    /// When it was last looked at what is late; not since the books began, where there is none.
    rested: Option<Instant>,
}

impl Watch {
    fn begin(lease: Lease) -> Self {
        Self {
            lease,
            books: Books::new(),
            rested: None,
        }
    }
}

struct Role {
    pool: PgPool,
    log: EventLog,
    config: AuditorConfig,
    status: AuditorStatus,
    stop: CancellationToken,
}

impl Role {
    async fn run(self) {
        let mut said = false;
        let mut watch = None;
        while !self.stop.is_cancelled() {
            match self.watch_once(&mut watch).await {
                Ok(()) => said = false,
                Err(error) if said => {
                    tracing::debug!(error = with_causes(&error), "still no audit")
                }
                Err(error) => {
                    said = true;
                    tracing::warn!(
                        error = with_causes(&error),
                        "the audit pauses, and tries again"
                    );
                }
            }
            self.pause(self.config.standby_interval).await;
        }
        if let Some(Watch { lease, .. }) = watch
            && let Err(error) = lease.release(&self.pool).await
        {
            tracing::debug!(
                error = with_causes(&error),
                "the audit's lease runs out by itself"
            );
        }
    }

    /// Looks for as long as the lease is held; takes it, when it is free. After an error the watch goes on where
    /// it was, unless another instance has begun one meanwhile.
    async fn watch_once(&self, watch: &mut Option<Watch>) -> Result<(), StoreError> {
        let (holder, time) = (&self.config.holder, self.config.lease_time);
        if let Some(interrupted) = watch.as_ref()
            && !interrupted.lease.renew(&self.pool, time).await?
        {
            *watch = None;
            self.status.reset();
        }
        if watch.is_none()
            && let Some(lease) = Lease::acquire(&self.pool, LEASE, holder, time).await?
        {
            tracing::info!(
                lease.epoch = lease.epoch(),
                "this process audits the log, from its start"
            );
            self.status.reset();
            *watch = Some(Watch::begin(lease));
        }
        let Some(current) = watch else {
            return Ok(());
        };
        self.look(current).await?;
        if !self.stop.is_cancelled() {
            *watch = None;
        }
        Ok(())
    }

    /// Follows the log until the program stops or the lease is another's.
    async fn look(&self, watch: &mut Watch) -> Result<(), StoreError> {
        let mut renewed = Instant::now();
        while !self.stop.is_cancelled() {
            if renewed.elapsed() > self.config.lease_time / 3 {
                renewed = Instant::now();
                if !watch
                    .lease
                    .renew(&self.pool, self.config.lease_time)
                    .await?
                {
                    self.status.reset();
                    return Ok(());
                }
            }
            let began = Instant::now();
            let head = self.log.head().await?;
            let before = watch.books.shop.position();
            if head < before {
                // A standby took over that had not all of the log, or somebody deleted its end.
                self.status.unsettle();
                *watch = Watch::begin(watch.lease.clone());
                watch.books.findings.add([shorter(before, head)]);
                continue;
            }
            let up_to = head.min(before.saturating_add(STEP_EVENTS));
            self.step(&mut watch.books, up_to, up_to == head).await?;
            let interval = self.config.rest_interval;
            let is_due = watch.rested.is_none_or(|at| at.elapsed() >= interval);
            let late = if up_to == head && is_due {
                Some(self.rest(&mut watch.books).await?)
            } else {
                None
            };
            let found = watch.books.take_found();
            self.status.looked(up_to, head.saturating_sub(up_to), found);
            if let Some(late) = late {
                watch.rested = Some(Instant::now());
                self.status.rested(late);
            }
            let wait = if up_to == head {
                self.config.look_interval
            } else {
                self.pace(up_to - before).saturating_sub(began.elapsed())
            };
            self.pause(wait).await;
        }
        Ok(())
    }

    /// Takes the events up to a position in. Where that is the log's end, no command is cut in two.
    async fn step(&self, books: &mut Books, up_to: u64, is_end: bool) -> Result<(), StoreError> {
        let mut events = scan_events(&self.pool, books.shop.position(), up_to);
        let mut taking = std::mem::replace(books, Books::new());
        // Parsing takes longer than a task may.
        let work = tokio::task::spawn_blocking(move || {
            let taken = take_all(&mut taking, &mut events);
            if is_end && taken.is_ok() {
                taking.commit();
            }
            (taking, taken)
        });
        let (took, taken) = work.await.map_err(|error| {
            StoreError::Database(sqlx::Error::Protocol(format!(
                "the step broke off: {error}"
            )))
        })?;
        *books = took;
        taken?;
        self.match_outcomes(books).await
    }

    /// Asks for the outcomes of the commands whose events went by.
    async fn match_outcomes(&self, books: &mut Books) -> Result<(), StoreError> {
        let ids = books.outcomes.ended();
        if ids.is_empty() {
            return Ok(());
        }
        let stored: Vec<(Uuid, i64)> = sqlx::query_as(
            "SELECT command_id, position FROM event_store.commands WHERE command_id = ANY ($1)",
        )
        .bind(&ids)
        .fetch_all(&self.pool)
        .await?;
        failpoint!("auditor.outcomes.read", sqlx::Error::Io);
        for (command, position) in stored {
            let position = u64::try_from(position).unwrap_or_default();
            books.outcomes.outcome(command, position);
        }
        let found = books.outcomes.settle(&[]);
        books.findings.add(found);
        Ok(())
    }

    /// What is late; finds ids that stand twice, too. Both look at more than the newest events.
    async fn rest(&self, books: &mut Books) -> Result<Vec<Violation>, StoreError> {
        let excuses = Excuses::read(&self.pool).await?;
        let (late, _) = late(&self.pool, &books.shop, &excuses).await?;
        let found = standing_twice(&self.pool, books.suspects(), &[]).await?;
        books.other_ids.clear();
        books.findings.add(found);
        Ok(late)
    }

    /// How long so many events may take at the least.
    fn pace(&self, events: u64) -> Duration {
        let events = u32::try_from(events).unwrap_or(u32::MAX);
        Duration::from_secs(1) * events / self.config.events_per_second_max.max(1)
    }

    async fn pause(&self, wait: Duration) {
        tokio::select! {
            () = self.stop.cancelled() => {}
            () = sleep(wait) => {}
        }
    }
}

fn take_all(books: &mut Books, events: &mut Scan<EventRows>) -> Result<(), StoreError> {
    while let Some(chunk) = events.blocking_next()? {
        for row in chunk.events() {
            books.take(&row?);
        }
    }
    Ok(())
}

fn shorter(before: u64, head: u64) -> Violation {
    Violation {
        invariant: Invariant::Dense,
        position: Some(before),
        stream: None,
        evidence: format!("the log went up to {before}, and now ends at {head}"),
    }
}
