//! One pass over the log, from its first event to where it ends when the pass begins; writers go on.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use chrono::{DateTime, Duration, Utc};
use event_store::{OutcomeRows, Scan, StoreError, scan_events, scan_outcomes};
use invariants::{Invariant, LedgerEntry, Shop, Violation};
use sqlx::PgPool;
use uuid::Uuid;

use crate::books::Books;
use crate::excuses::Excuses;
use crate::findings::Findings;
use crate::ids::standing_twice;

/// How long something may be late in a running shop before it counts: a saga's step takes a moment, and
/// another runner takes over within seconds.
const GRACE: Duration = Duration::seconds(60);
/// Outcomes that wait for their events before those of commands without events are forgotten.
const OUTCOMES_WAITING_MAX: usize = 50_000;

/// How far a pass is; read by whoever shows it.
#[derive(Clone, Debug, Default)]
pub struct Progress(Arc<AtomicU64>);

impl Progress {
    /// The position of the last event that was looked at, but for a few thousand.
    #[must_use]
    pub fn position(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// A pass over the log.
///
/// Memory: that of [`Shop`], and the commands whose events and outcomes are not stored in the same order,
/// which are few.
pub struct Pass {
    pool: PgPool,
    books: Books,
    progress: Progress,
    parked: Vec<(String, String)>,
}

impl Pass {
    /// A pass that has seen nothing yet. `pool` may be of any role that reads the log, the outcomes and the
    /// sagas' tables.
    #[must_use]
    pub fn new(pool: PgPool) -> Self {
        Self {
            pool,
            books: Books::new(),
            progress: Progress::default(),
            parked: Vec::new(),
        }
    }

    /// How far it is.
    #[must_use]
    pub fn progress(&self) -> Progress {
        self.progress.clone()
    }

    /// The books so far.
    #[must_use]
    pub fn shop(&self) -> &Shop {
        &self.books.shop
    }

    /// What was found so far.
    #[must_use]
    pub fn findings(&self) -> &Findings {
        &self.books.findings
    }

    /// What waits for a person: the stream, and why.
    #[must_use]
    pub fn parked(&self) -> &[(String, String)] {
        &self.parked
    }

    /// Looks at the log up to a position with all that belongs to it: the commands' outcomes, the ids of
    /// events, and what should have ended. To be called once, with a head that was just read.
    ///
    /// # Errors
    /// The database is away.
    pub async fn run(&mut self, head: u64) -> Result<(), StoreError> {
        let outcomes = scan_outcomes(&self.pool, head);
        self.scan(head, Some(outcomes)).await?;
        let twice = self.match_outcomes().await?;
        self.compare_ids(&twice).await?;
        self.look_for_a_lost_end().await?;
        self.check_rest().await
    }

    /// Follows the log further, for the books only.
    ///
    /// # Errors
    /// The database is away.
    pub async fn follow(&mut self, head: u64) -> Result<(), StoreError> {
        self.scan(head, None).await
    }

    /// What the shop and a gateway's ledger do not agree on.
    #[must_use]
    pub fn compare(&self, ledger: &[LedgerEntry]) -> Vec<Violation> {
        self.books.shop.compare(ledger.iter().copied())
    }

    async fn scan(
        &mut self,
        head: u64,
        outcomes: Option<Scan<OutcomeRows>>,
    ) -> Result<(), StoreError> {
        let events = scan_events(&self.pool, self.books.shop.position(), head);
        let mut books = std::mem::take(&mut self.books);
        let progress = self.progress.clone();
        // Parsing takes longer than a task may.
        let work = tokio::task::spawn_blocking(move || {
            let done = take_all(&mut books, events, outcomes, &progress);
            (books, done)
        });
        let (books, done) = work.await.map_err(|error| {
            StoreError::Database(sqlx::Error::Protocol(format!(
                "the pass broke off: {error}"
            )))
        })?;
        self.books = books;
        done
    }

    /// Commands whose events found no outcome: those that have one happened twice, and are returned.
    async fn match_outcomes(&mut self) -> Result<Vec<Uuid>, StoreError> {
        let mut outcomes = std::mem::take(&mut self.books.outcomes);
        let unmatched = outcomes.unmatched();
        let stored: Vec<Uuid> = sqlx::query_scalar(
            "SELECT command_id FROM event_store.commands WHERE command_id = ANY ($1)",
        )
        .bind(&unmatched)
        .fetch_all(&self.pool)
        .await?;
        self.books.findings.add(outcomes.finish(&stored));
        Ok(stored)
    }

    /// Events and outcomes are committed together, and the events are read last: so the log goes at least as far
    /// as any outcome says.
    async fn look_for_a_lost_end(&mut self) -> Result<(), StoreError> {
        let answered: Option<i64> =
            sqlx::query_scalar("SELECT max(position) FROM event_store.commands")
                .fetch_one(&self.pool)
                .await?;
        let ends: Option<i64> = sqlx::query_scalar("SELECT max(position) FROM event_store.events")
            .fetch_one(&self.pool)
            .await?;
        let (answered, ends) = (answered.unwrap_or(0), ends.unwrap_or(0));
        if answered > ends {
            self.books.findings.add([Violation {
                invariant: Invariant::OutcomeStored,
                position: u64::try_from(answered).ok(),
                stream: None,
                evidence: format!(
                    "an outcome names position {answered}, and the log ends at {ends}"
                ),
            }]);
        }
        Ok(())
    }

    /// An id that follows from its command's is no other event's, unless the command happened twice; one
    /// that does not is compared with all others. In most logs there is neither.
    async fn compare_ids(&mut self, twice: &[Uuid]) -> Result<(), StoreError> {
        let found = standing_twice(&self.pool, self.books.suspects(), twice).await?;
        self.books.findings.add(found);
        Ok(())
    }

    async fn check_rest(&mut self) -> Result<(), StoreError> {
        let excuses = Excuses::read(&self.pool).await?;
        let (late, excused) = late(&self.pool, &self.books.shop, &excuses).await?;
        self.parked = self.books.shop.parked();
        self.parked.extend(excused);
        self.books.findings.add(late);
        Ok(())
    }
}

/// What is late, and what is late but waits for a person: the stream, and why.
pub(crate) async fn late(
    pool: &PgPool,
    shop: &Shop,
    excuses: &Excuses,
) -> Result<(Vec<Violation>, Vec<(String, String)>), StoreError> {
    let now: DateTime<Utc> = sqlx::query_scalar("SELECT clock_timestamp()")
        .fetch_one(pool)
        .await?;
    let (mut late, mut excused) = (Vec::new(), Vec::new());
    for violation in shop.at_rest(now - GRACE) {
        match (excuses.of(&violation), &violation.stream) {
            (Some(why), Some(stream)) => excused.push((stream.clone(), why.to_owned())),
            _ => late.push(violation),
        }
    }
    Ok((late, excused))
}

/// Takes all events in, and the outcomes at about the same pace.
fn take_all(
    books: &mut Books,
    mut events: Scan,
    mut outcomes: Option<Scan<OutcomeRows>>,
    progress: &Progress,
) -> Result<(), StoreError> {
    let mut outcomes_at = 0;
    while let Some(chunk) = events.blocking_next()? {
        for row in chunk.events() {
            books.take(&row?);
        }
        let position = books.shop.position();
        progress.0.store(position, Ordering::Relaxed);
        while outcomes_at <= position && outcomes.is_some() {
            outcomes_at = take_outcomes(books, &mut outcomes)?;
        }
    }
    books.commit();
    while outcomes.is_some() {
        take_outcomes(books, &mut outcomes)?;
    }
    Ok(())
}

/// Takes some outcomes in, and says how far they are.
fn take_outcomes(
    books: &mut Books,
    outcomes: &mut Option<Scan<OutcomeRows>>,
) -> Result<u64, StoreError> {
    let Some(chunk) = outcomes
        .as_mut()
        .map(Scan::blocking_next)
        .transpose()?
        .flatten()
    else {
        *outcomes = None;
        return Ok(u64::MAX);
    };
    let mut last = 0;
    for row in chunk.outcomes() {
        let (command, position) = row?;
        books.outcomes.outcome(command, position);
        last = position;
    }
    if books.outcomes.waiting() > OUTCOMES_WAITING_MAX {
        books.outcomes.forget_empty();
    }
    Ok(last)
}
