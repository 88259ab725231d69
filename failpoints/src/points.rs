//! Every point of the program, in one list. `tests/list.rs` holds it against the source.

/// Where processes split by role pass a point.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// A process with the command API.
    CommandApi,
    /// A process that runs the sagas.
    Processes,
    /// A process with projections, relay and auditor.
    Followers,
    /// A process with the read API.
    ReadApi,
    /// A process with the payment ledger and the orders' payments.
    Ledgers,
}

use Place::{CommandApi, Followers, Ledgers, Processes, ReadApi};

/// A point.
#[derive(Clone, Copy, Debug)]
pub struct Point {
    /// Its name: the room, the step, and the side of it.
    pub name: &'static str,
    /// Who passes it.
    pub places: &'static [Place],
}

const fn point(name: &'static str, places: &'static [Place]) -> Point {
    Point { name, places }
}

const WRITERS: &[Place] = &[CommandApi, Processes];
const HOLDERS: &[Place] = &[Processes, Followers];
const LOG_READERS: &[Place] = &[CommandApi, Processes, Followers, Ledgers];

/// All of them.
pub const POINTS: &[Point] = &[
    point("auditor.outcomes.read", &[Followers]),
    point("command-api.execute.after", &[CommandApi]),
    point("command-api.execute.before", &[CommandApi]),
    point("command-api.gate.admit.after", &[CommandApi]),
    point("command-api.gate.admit.before", &[CommandApi]),
    point("command-api.gate.rebuild.after", &[CommandApi]),
    point("command-api.gate.rebuild.before", &[CommandApi]),
    point("command-api.gate.settle.after", &[CommandApi]),
    point("command-api.gate.settle.before", &[CommandApi]),
    point("command-api.payment.recorded", &[CommandApi]),
    point("command-api.payment.requested", &[CommandApi]),
    point("command-api.payment.settled", &[CommandApi]),
    point("command-api.refund-account.taken", &[CommandApi]),
    point("command-api.webhook.asked", &[CommandApi]),
    point("command-api.webhook.read", &[CommandApi]),
    point("event-store.append.after", WRITERS),
    point("event-store.append.before", WRITERS),
    point("event-store.append.duplicate", WRITERS),
    point("event-store.checkpoint.after", &[Processes]),
    point("event-store.checkpoint.before", &[Processes]),
    point("event-store.connect.after", WRITERS),
    point("event-store.lease.acquire.before", HOLDERS),
    point("event-store.lease.acquired", HOLDERS),
    point("event-store.lease.held", HOLDERS),
    point("event-store.lease.release.after", HOLDERS),
    point("event-store.lease.release.before", HOLDERS),
    point("event-store.lease.renew.after", HOLDERS),
    point("event-store.lease.renew.before", HOLDERS),
    point("event-store.load.after", WRITERS),
    point("event-store.load.before", WRITERS),
    point("event-store.outcome.read", &[CommandApi]),
    point("event-store.read.after", LOG_READERS),
    point("event-store.scan.begun", &[Followers]),
    point("event-store.scan.read", &[Followers]),
    point("event-store.snapshot.after", WRITERS),
    point("event-store.snapshot.before", WRITERS),
    point("event-store.wake.listening", LOG_READERS),
    point("event-store.wake.looked", LOG_READERS),
    point("payment-gateways.exchange.after", &[Processes]),
    point("payment-gateways.exchange.before", &[Processes]),
    point("payment-gateways.exchange.sent", &[Processes]),
    point("payment-ledger.apply.after", &[Ledgers]),
    point("payment-ledger.apply.before", &[Ledgers]),
    point("payment-ledger.apply.written", &[Ledgers]),
    point("payment-ledger.exchanges.after", &[Processes]),
    point("payment-ledger.exchanges.before", &[Processes]),
    point("payment-ledger.lead.taken", &[Ledgers]),
    point("payment-ledger.session.connected", &[Ledgers]),
    point("payment-vault.account.keep.after", &[CommandApi]),
    point("payment-vault.account.keep.before", &[CommandApi]),
    point("payment-vault.account.open.read", &[Processes]),
    point("payment-vault.account.wipe.after", WRITERS),
    point("payment-vault.account.wipe.before", WRITERS),
    point("payment-vault.keep.after", &[Processes]),
    point("payment-vault.keep.before", &[Processes]),
    point("payment-vault.keep.sealed", &[Processes]),
    point("payment-vault.open.read", &[Processes]),
    point("payment-vault.retire.after", &[Processes]),
    point("payment-vault.retire.before", &[Processes]),
    point("payment-vault.wipe.after", &[Processes]),
    point("payment-vault.wipe.before", &[Processes]),
    point("processes.adopt.after", &[Processes]),
    point("processes.adopt.before", &[Processes]),
    point("processes.due.read", &[Processes]),
    point("processes.failure.after", &[Processes]),
    point("processes.failure.before", &[Processes]),
    point("processes.fenced.begun", &[Processes]),
    point("processes.gateway.after", &[Processes]),
    point("processes.gateway.before", &[Processes]),
    point("processes.intake.after", &[Processes]),
    point("processes.intake.before", &[Processes]),
    point("processes.settle.after", &[Processes]),
    point("processes.settle.before", &[Processes]),
    point("processes.sweep.after", &[Processes]),
    point("processes.sweep.before", &[Processes]),
    point("projections.apply.after", &[Followers]),
    point("projections.apply.before", &[Followers]),
    point("projections.checkpoint.after", &[Followers]),
    point("projections.lead.taken", &[Followers]),
    point("projections.relay.cursor.after", &[Followers]),
    point("projections.relay.cursor.before", &[Followers]),
    point("projections.relay.cursor.read", &[Followers]),
    point("projections.relay.delivered", &[Followers]),
    point("projections.relay.ended", &[Followers]),
    point("projections.relay.ids.after", &[Followers]),
    point("projections.relay.send", &[Followers]),
    point("projections.relay.tail.after", &[Followers]),
    point("projections.relay.topics.after", &[Followers]),
    point("projections.session.connected", &[Followers]),
    point("read-api.order.read", &[ReadApi]),
    point("read-api.orders.read", &[ReadApi]),
    point("read-api.positions.read", &[ReadApi]),
];

/// Whether there is a point of this name: a misspelt one does not compile.
#[must_use]
pub const fn is_listed(name: &str) -> bool {
    let mut rest = POINTS;
    while let [point, others @ ..] = rest {
        if same(point.name.as_bytes(), name.as_bytes()) {
            return true;
        }
        rest = others;
    }
    false
}

const fn same(mut one: &[u8], mut other: &[u8]) -> bool {
    while let ([a, more_of_one @ ..], [b, more_of_other @ ..]) = (one, other) {
        if *a != *b {
            return false;
        }
        (one, other) = (more_of_one, more_of_other);
    }
    one.is_empty() && other.is_empty()
}
