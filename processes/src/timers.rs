//! What becomes due by and by, and what an earlier holder left behind: read from the table.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::agenda::{self, DueRow};
use crate::error::ProcessesError;
use crate::lanes::Lane;
use crate::term::Term;
use crate::work;

/// The table is read at least so often, whatever woke nobody: a person may have changed a row by hand.
const REREAD_INTERVAL: Duration = Duration::from_secs(5);
/// How soon a failed read is tried again.
const RETRY_INTERVAL: Duration = Duration::from_millis(500);

/// Wakes the timers before their time.
#[derive(Default)]
pub(crate) struct Alarm {
    bell: Notify,
    /// When they wake by themselves; `None` while that is being found out.
    next: Mutex<Option<DateTime<Utc>>>,
}

impl Alarm {
    /// Wakes them.
    pub(crate) fn ring(&self) {
        self.bell.notify_one();
    }

    /// Wakes them if a new row is due before they would wake.
    pub(crate) fn ring_if_sooner(&self, due_at: DateTime<Utc>) {
        let next = *self.next.lock().unwrap_or_else(PoisonError::into_inner);
        if next.is_none_or(|next| due_at < next) {
            self.ring();
        }
    }

    pub(crate) async fn rung(&self) {
        self.bell.notified().await;
    }

    fn set(&self, next: Option<DateTime<Utc>>) {
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
    let mut rooms: Vec<(&Lane, usize)> = Vec::new();
    for lane in term.lanes.all() {
        let free = lane.free();
        // A full lane keeps its backlog as it is: nobody looks. An open one is found out about below;
        // whoever finds it full meanwhile says so again, and after that wakes the next turn.
        if free > 0 {
            lane.set_backlog(false);
            rooms.push((lane, free));
        } else {
            lane.set_backlog(true);
        }
    }
    let rows = match agenda::due(term.parts.pool(), now, &rooms).await {
        Ok(rows) => rows,
        Err(error) => {
            rooms.iter().for_each(|(lane, _)| lane.set_backlog(true));
            return Err(error);
        }
    };
    for (lane, free) in &rooms {
        let found = rows.iter().filter(|row| row.lane == lane.name()).count();
        if found >= *free {
            lane.set_backlog(true);
        }
    }
    for row in rows {
        take_up(term, row);
    }
    let lanes: Vec<&str> = term.lanes.all().map(|lane| lane.name()).collect();
    let next = agenda::next_due_at(term.parts.pool(), now, &lanes).await?;
    term.alarm.set(next);
    Ok(next)
}

fn take_up(term: &Arc<Term>, row: DueRow) {
    let Some(lane) = term.lanes.all().find(|lane| lane.name() == row.lane) else {
        return; // Only known lanes are asked for.
    };
    let Some(claim) = lane.claim(row.action_id) else {
        // Taken up meanwhile, or no room after all: then it stays a row.
        lane.left_behind();
        return;
    };
    match row.item {
        Ok(item) => term.crew.spawn(work::run(Arc::clone(term), item, claim)),
        Err(error) => term
            .crew
            .spawn(work::park_unreadable(Arc::clone(term), error, claim)),
    }
}
