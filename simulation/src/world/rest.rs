//! When all is quiet: what must be true then.

use std::collections::BTreeMap;

use invariants::Outcomes;

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
            "{rows} steps, {parked:?} parked, {clients} clients, {behind:?} behind, {loads:?} commands, {} calls",
            self.late_calls
        )
    }

    /// Every invariant of a shop at rest.
    pub(super) fn check_at_rest(&mut self) {
        let found = self.shop.at_rest(self.true_time());
        self.violated(found);
        let given_up = self.shop.parked();
        if let Some((stream, why)) = given_up.first() {
            self.fail("sagas-end", format!("{stream} was given up: {why}"));
        }
        let ledger: Vec<_> = self.bank.ledger().collect();
        let found = self.shop.compare(ledger);
        self.violated(found);
        self.check_projections();
        self.check_answers();
        self.check_outcomes();
        self.check_gate();
        if let Some(wrong) = self.log.wrong_snapshots().first() {
            self.fail("snapshots", wrong.clone());
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
