//! What becomes due by and by, and what an earlier holder left behind: read from the table.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use failpoints::failpoint;
use futures::FutureExt;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::agenda::{self, DueRow};
use crate::error::ProcessesError;
use crate::item::Item;
use crate::lanes::{Claim, Lane, Lanes};
use crate::term::Term;
use crate::work;

/// The table is read at least so often, whatever woke nobody: a person may have changed a row by hand.
const REREAD_INTERVAL: Duration = Duration::from_secs(5);
/// How soon a failed read is tried again.
const RETRY_INTERVAL: Duration = Duration::from_millis(500);

/// Wakes the timers before their time.
#[derive(Default)]
pub struct Alarm {
    bell: Notify,
    /// When they wake by themselves; `None` while that is being found out.
    next: Mutex<Option<DateTime<Utc>>>,
}

impl Alarm {
    /// Wakes them.
    pub fn ring(&self) {
        self.bell.notify_one();
    }

    /// Wakes them if a new row is due before they would wake.
    pub fn ring_if_sooner(&self, due_at: DateTime<Utc>) {
        let next = *self.next.lock().unwrap_or_else(PoisonError::into_inner);
        if next.is_none_or(|next| due_at < next) {
            self.ring();
        }
    }

    pub(crate) async fn rung(&self) {
        self.bell.notified().await;
    }

    /// Whether they were woken since they were last asked.
    #[must_use]
    pub fn was_rung(&self) -> bool {
        self.bell.notified().now_or_never().is_some()
    }

    /// Says when they wake by themselves; `None` while that is being found out.
    pub fn set(&self, next: Option<DateTime<Utc>>) {
        *self.next.lock().unwrap_or_else(PoisonError::into_inner) = next;
    }
}

/// Does what is due, until it shall take no more.
pub(crate) async fn run(term: Arc<Term>, taking: CancellationToken) {
    let clock = Arc::clone(&term.parts.clock);
    let mut failing = false;
    while !taking.is_cancelled() {
        let (next, reread) = match turn(&term).await {
            Ok(next) => {
                failing = false;
                (next, REREAD_INTERVAL)
            }
            Err(error) => {
                if !std::mem::replace(&mut failing, true) {
                    tracing::warn!(error = %error, "processes: due actions cannot be read: {error}");
                }
                (None, RETRY_INTERVAL)
            }
        };
        tokio::select! {
            () = taking.cancelled() => {}
            () = term.alarm.rung() => {}
            () = clock.wait_until(next.unwrap_or(DateTime::<Utc>::MAX_UTC)) => {}
            () = tokio::time::sleep(reread) => {}
        }
    }
}

/// Takes up what is due, as far as there is room, and says when something will be due next.
async fn turn(term: &Arc<Term>) -> Result<Option<DateTime<Utc>>, ProcessesError> {
    // From here on every new row wakes the next turn: this one may have looked too early to see it.
    term.alarm.set(None);
    let now = term.parts.clock.now();
    let rooms = term.lanes.rooms();
    let rows = agenda::due(term.parts.pool(), now, &rooms).await;
    failpoint!("processes.due.read", sqlx::Error::Io);
    let rows = match rows {
        Ok(rows) => rows,
        Err(error) => {
            rooms.iter().for_each(|(lane, _)| lane.set_backlog(true));
            return Err(error);
        }
    };
    note_backlogs(&rooms, &rows);
    for row in rows {
        if let Some((item, claim)) = take_up(&term.lanes, row) {
            match item {
                Ok(item) => term.crew.spawn(work::run(Arc::clone(term), item, claim)),
                Err(error) => {
                    let parking = work::park_unreadable(Arc::clone(term), error, claim);
                    term.crew.spawn(parking);
                }
            }
        }
    }
    let lanes: Vec<&str> = term.lanes.all().map(|lane| lane.name()).collect();
    let next = agenda::next_due_at(term.parts.pool(), now, &lanes).await?;
    term.alarm.set(next);
    Ok(next)
}

/// A lane with as many due rows as it had room for may have more of them.
pub fn note_backlogs(rooms: &[(&Arc<Lane>, usize)], rows: &[DueRow]) {
    for (lane, free) in rooms {
        let found = rows.iter().filter(|row| row.lane == lane.name()).count();
        if found >= *free {
            lane.set_backlog(true);
        }
    }
}

/// Takes a row up, if nobody has it yet and there is still room.
#[must_use]
pub fn take_up(lanes: &Lanes, row: DueRow) -> Option<(Result<Item, ProcessesError>, Claim)> {
    // Only known lanes are asked for.
    let lane = lanes.all().find(|lane| lane.name() == row.lane)?;
    let Some(claim) = lane.claim(row.action_id) else {
        // Taken up meanwhile, or no room after all: then it stays a row.
        lane.left_behind();
        return None;
    };
    Some((row.item, claim))
}
