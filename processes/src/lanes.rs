//! Lanes: how much may be under way at once, by kind, so that nothing that hangs holds up the rest.
//!
//! | lane | what runs in it | limit |
//! | --- | --- | --- |
//! | `confirm-payment/{gateway}` | charges at this gateway | `GATEWAY_CONCURRENCY` |
//! | `inquire-payment` | inquiries, at whichever gateway | [`ASIDE_CONCURRENCY`] |
//! | `refund-payment` | refunds, at whichever gateway | [`ASIDE_CONCURRENCY`] |
//! | `payment-methods` | issues and erasures of billing keys, at whichever gateway | [`ASIDE_CONCURRENCY`] |
//! | `commands` | everything that calls no gateway | `PROCESSES_COMMAND_CONCURRENCY` |
//!
//! Nothing queues in memory. What finds its lane full stays a row of the table, and is read in order when
//! there is room: the lane then has a backlog, and what comes new stands behind it.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use domain::Action;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use uuid::Uuid;

use crate::timers::Alarm;

/// Inquiries, and refunds, under way at once: rare, and never so urgent as a charge. Their events don't
/// name the gateway, so one that hangs can slow the others' inquiries and refunds, not their charges.
const ASIDE_CONCURRENCY: usize = 16;
/// A backlog is read when this part of the lane is free again: one query for several rows.
const REFILL_FRACTION: usize = 4;

/// The name of the lane of everything that calls no gateway.
pub(crate) const COMMANDS: &str = "commands";

/// All lanes of one holder.
pub struct Lanes {
    charges: BTreeMap<String, Arc<Lane>>,
    inquiries: Arc<Lane>,
    refunds: Arc<Lane>,
    methods: Arc<Lane>,
    commands: Arc<Lane>,
}

impl Lanes {
    /// Lanes of these sizes, one for the charges at each gateway.
    pub fn new<'a>(
        gateways: impl Iterator<Item = &'a str>,
        gateway_concurrency: usize,
        command_concurrency: usize,
        alarm: &Arc<Alarm>,
    ) -> Self {
        let lane = |name: String, size| Arc::new(Lane::new(name, size, Arc::clone(alarm)));
        let charges = gateways.map(|gateway| {
            let name = format!("confirm-payment/{gateway}");
            (gateway.to_owned(), lane(name, gateway_concurrency))
        });
        Self {
            charges: charges.collect(),
            inquiries: lane("inquire-payment".to_owned(), ASIDE_CONCURRENCY),
            refunds: lane("refund-payment".to_owned(), ASIDE_CONCURRENCY),
            methods: lane("payment-methods".to_owned(), ASIDE_CONCURRENCY),
            commands: lane(COMMANDS.to_owned(), command_concurrency),
        }
    }

    /// The lane that an action belongs to. A charge at a gateway that does not exist calls none.
    #[must_use]
    pub fn of(&self, action: &Action) -> &Arc<Lane> {
        match action {
            Action::ConfirmPayment(request) => {
                let lane = self.charges.get(&request.gateway);
                lane.unwrap_or(&self.commands)
            }
            Action::InquirePayment { .. } | Action::AskAboutPayment { .. } => &self.inquiries,
            Action::RefundPayment { .. } => &self.refunds,
            Action::RegisterMethod { .. } | Action::EraseMethod { .. } => &self.methods,
            Action::ConfirmOrder { .. }
            | Action::ExpireOrder { .. }
            | Action::CloseCouponPool { .. }
            | Action::ExpirePoints { .. } => &self.commands,
        }
    }

    /// All of them.
    pub fn all(&self) -> impl Iterator<Item = &Arc<Lane>> {
        let aside = [
            &self.inquiries,
            &self.refunds,
            &self.methods,
            &self.commands,
        ];
        self.charges.values().chain(aside)
    }

    /// The lanes with room, and how much, before their rows are read from the table. A full lane keeps its
    /// backlog as it is: nobody looks. An open one is found out about; whoever finds it full meanwhile says
    /// so again, and after that wakes the next turn.
    #[must_use]
    pub fn rooms(&self) -> Vec<(&Arc<Lane>, usize)> {
        let lanes = self.all().map(|lane| (lane, lane.free()));
        let (open, full): (Vec<_>, Vec<_>) = lanes.partition(|(_, free)| *free > 0);
        open.iter().for_each(|(lane, _)| lane.set_backlog(false));
        full.iter().for_each(|(lane, _)| lane.set_backlog(true));
        open
    }
}

/// One lane.
pub struct Lane {
    name: String,
    size: usize,
    slots: Arc<Semaphore>,
    state: Mutex<LaneState>,
    alarm: Arc<Alarm>,
}

#[derive(Default)]
struct LaneState {
    /// What is under way, or done and not yet deleted: not to be read from the table again.
    claimed: HashSet<Uuid>,
    /// Whether the table may hold due rows of this lane that nobody has taken up.
    has_backlog: bool,
}

impl Lane {
    fn new(name: String, size: usize, alarm: Arc<Alarm>) -> Self {
        Self {
            name,
            size,
            slots: Arc::new(Semaphore::new(size)),
            state: Mutex::default(),
            alarm,
        }
    }

    /// As the table has it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How many more can be under way.
    #[must_use]
    pub fn free(&self) -> usize {
        self.slots.available_permits()
    }

    /// Takes up an action that comes straight from its event, unless it has to stand behind others.
    #[must_use]
    pub fn claim_new(self: &Arc<Self>, action_id: Uuid) -> Option<Claim> {
        if self.state().has_backlog {
            return None;
        }
        self.claim(action_id)
    }

    /// Takes up an action, if there is room and nobody has it yet.
    #[must_use]
    pub fn claim(self: &Arc<Self>, action_id: Uuid) -> Option<Claim> {
        let slot = Arc::clone(&self.slots).try_acquire_owned().ok()?;
        let is_new = self.state().claimed.insert(action_id);
        is_new.then(|| Claim {
            lane: Arc::clone(self),
            action_id,
            slot: Some(slot),
        })
    }

    /// What must not be read from the table.
    #[must_use]
    pub fn claimed(&self) -> Vec<Uuid> {
        self.state().claimed.iter().copied().collect()
    }

    /// Notes whether the table may hold due rows that nobody has taken up.
    pub fn set_backlog(&self, has_backlog: bool) {
        self.state().has_backlog = has_backlog;
    }

    /// Notes that a due row was left in the table, and has it read as soon as there is room.
    pub fn left_behind(&self) {
        self.set_backlog(true);
        // There may be room again by now, and nothing under way whose end would say so.
        self.read_backlog_if_room();
    }

    fn read_backlog_if_room(&self) {
        let enough = (self.size / REFILL_FRACTION).max(1);
        if self.free() >= enough && self.state().has_backlog {
            self.alarm.ring();
        }
    }

    fn state(&self) -> MutexGuard<'_, LaneState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An action that is taken up: nobody else in this process takes it up until this is dropped.
pub struct Claim {
    lane: Arc<Lane>,
    action_id: Uuid,
    slot: Option<OwnedSemaphorePermit>,
}

impl Claim {
    /// Which action.
    #[must_use]
    pub fn action_id(&self) -> Uuid {
        self.action_id
    }

    /// Makes room for the next one, while this one's row is still to be deleted.
    pub fn free_slot(&mut self) {
        if let Some(slot) = self.slot.take() {
            drop(slot);
            self.lane.read_backlog_if_room();
        }
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        self.lane.state().claimed.remove(&self.action_id);
        self.free_slot();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lane(size: usize) -> Arc<Lane> {
        Arc::new(Lane::new("test".to_owned(), size, Arc::default()))
    }

    #[test]
    fn an_action_is_taken_up_once_until_its_row_is_gone() {
        let lane = lane(2);
        let id = Uuid::now_v7();
        let mut claim = lane.claim_new(id).unwrap();
        assert!(lane.claim(id).is_none(), "it is under way");
        claim.free_slot();
        assert_eq!(lane.free(), 2);
        assert!(lane.claim(id).is_none(), "its row is still there");
        drop(claim);
        assert!(lane.claim(id).is_some());
    }

    #[test]
    fn a_full_lane_takes_nothing_up() {
        let lane = lane(1);
        let claim = lane.claim_new(Uuid::now_v7());
        assert!(claim.is_some());
        assert!(lane.claim_new(Uuid::now_v7()).is_none());
        drop(claim);
        assert!(lane.claim_new(Uuid::now_v7()).is_some());
    }

    #[test]
    fn what_is_new_stands_behind_a_backlog() {
        let lane = lane(4);
        lane.set_backlog(true);
        assert!(lane.claim_new(Uuid::now_v7()).is_none());
        assert!(
            lane.claim(Uuid::now_v7()).is_some(),
            "the backlog itself is taken up"
        );
        lane.set_backlog(false);
        assert!(lane.claim_new(Uuid::now_v7()).is_some());
    }

    #[tokio::test]
    async fn room_in_a_lane_with_a_backlog_wakes_the_timers() {
        let lane = lane(8);
        let claims: Vec<_> = (0..8)
            .map(|_| lane.claim(Uuid::now_v7()).unwrap())
            .collect();
        lane.set_backlog(true);
        let mut claims = claims.into_iter();
        drop(claims.next());
        let wait = std::time::Duration::from_millis(20);
        let rung = tokio::time::timeout(wait, lane.alarm.rung()).await;
        assert!(rung.is_err(), "one query for several rows");
        drop(claims.next());
        lane.alarm.rung().await;
    }
}
