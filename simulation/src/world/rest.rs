//! When all is quiet: what must be true then.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use domain::payment::PaymentEvent;
use domain::{DomainEvent, PaymentId};
use invariants::{Invariant, Outcomes};

use super::World;

impl World {
    /// Whether nothing is left to be done by anybody.
    pub(super) fn is_quiet(&self) -> bool {
        let head = self.log.head();
        let nodes = self.nodes.iter();
        let mut idle = nodes.map(|node| {
            node.is_up && node.core.load() == 0 && node.pending.is_empty() && !node.is_writing
        });
        let terms = self.nodes.iter().filter_map(|node| node.term.as_ref());
        let acting: Vec<bool> = terms.map(|term| term.is_idle(head)).collect();
        idle.all(|idle| idle)
            && !acting.is_empty()
            && acting.iter().all(|idle| *idle)
            && self.are_clients_done()
            && self.agenda.is_empty()
            && self.late_calls == 0
            && self.notices.are_told()
            && self.is_fed()
    }

    /// What keeps the world from its rest.
    pub(super) fn what_is_open(&self) -> String {
        let rows = self.agenda.len();
        let parked: Vec<&str> = self.agenda.parked().collect();
        let clients = self.open_clients();
        let behind = self.projections.iter();
        let behind = behind.filter(|one| one.position() != self.log.head());
        let behind: Vec<&str> = behind.map(projections::sans_io::InMemory::name).collect();
        let loads: Vec<usize> = self.nodes.iter().map(|node| node.core.load()).collect();
        format!(
            "{rows} steps, {parked:?} parked, {clients} clients, {behind:?} behind, {loads:?} commands, {} calls, {} notices",
            self.late_calls,
            self.notices.open()
        )
    }

    /// Every invariant of a shop at rest.
    pub(super) fn check_at_rest(&mut self) {
        // Nothing has its time still to come either: all that is due some day was waited for.
        let found = self.shop.at_rest(DateTime::<Utc>::MAX_UTC);
        self.violated(found);
        let known = self.check_given_up();
        let ledger: Vec<_> = self.bank.ledger(&known).collect();
        let found = self.shop.compare(ledger);
        self.violated(found);
        self.check_projections();
        self.check_answers();
        self.check_outcomes();
        self.check_gate();
        self.check_keys();
        if let Some(wrong) = self.log.wrong_snapshots().first() {
            self.fail("snapshots", wrong.clone());
        }
    }

    /// The event behind a position: money that it tells of has moved at the gateway, which alone can say so.
    pub(super) fn check_money_moved(&mut self, before: u64) {
        let Some(recorded) = self.log.decoded(before, 1).first() else {
            return;
        };
        let DomainEvent::Payment(event) = &recorded.event else {
            return;
        };
        let Ok(payment_id) = recorded.aggregate_id.parse::<PaymentId>() else {
            return;
        };
        let id = payment_id.uuid();
        let (told, moved) = match event {
            PaymentEvent::PaymentSucceeded { amount, .. }
            | PaymentEvent::PaymentMismatched {
                charged: amount, ..
            } => {
                let currency = amount.currency().code();
                let moved = self.bank.charged(id) == Some((amount.amount(), currency));
                (*amount, moved)
            }
            PaymentEvent::PaymentRefunded {
                refund_id, amount, ..
            } => {
                let moved = self.bank.gave_back(id, refund_id.uuid()) == Some(amount.amount());
                (*amount, moved)
            }
            PaymentEvent::PaymentRequested { .. }
            | PaymentEvent::PaymentOutcomeUnknown { .. }
            | PaymentEvent::PaymentFailed { .. }
            | PaymentEvent::PaymentRefundRequested { .. }
            | PaymentEvent::PaymentRefundDelayed { .. }
            | PaymentEvent::PaymentDepositAwaited { .. }
            | PaymentEvent::PaymentInquiryRequested { .. }
            | PaymentEvent::PaymentReviewRequired { .. } => return,
        };
        // What cost nothing never went to a gateway.
        if !moved && !told.is_zero() {
            let at = recorded.position;
            let evidence =
                format!("payment/{payment_id} at {at}: {told} has not moved at the gateway");
            self.fail(Invariant::GatewayLedger.name(), evidence);
        }
    }

    /// Every command happened once, and its outcome is stored.
    fn check_outcomes(&mut self) {
        let mut outcomes = Outcomes::new();
        let mut commands = BTreeMap::new();
        for event in self.log.read(0, usize::MAX) {
            let command = event.metadata.command_id;
            outcomes.event(event.position, command);
            let stored = self.log.outcome(event_store::CommandId::new(command));
            if let Some((_, outcome)) = stored {
                commands.insert(command, outcome.position);
            }
        }
        for (command, position) in commands {
            outcomes.outcome(command, position);
        }
        self.violated(outcomes.finish(&[]));
    }
}
