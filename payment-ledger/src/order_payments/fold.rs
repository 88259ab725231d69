//! What events make of orders' payments, in memory.

use std::collections::BTreeMap;

use domain::payment::PaymentEvent;
use domain::{Currency, DomainEvent};
use uuid::Uuid;

use super::rows::{MappingRow, StateRow};
use super::states::{State, States};
use crate::book::Event;
use crate::error::LedgerError;
use crate::movement::{Status, movement};

/// Orders' payments while events are folded.
#[derive(Default)]
pub(crate) struct OrderPayments {
    states: States,
    /// As the last event left them, by their ids.
    mappings: BTreeMap<Uuid, MappingRow>,
}

impl OrderPayments {
    /// These states, as they are stored. Of a mapping nothing needs to be known: each event says all of it.
    pub(super) fn of(states: Vec<State>) -> Self {
        Self {
            states: States::of(states),
            ..Self::default()
        }
    }

    /// Takes an event in, if it is an order's or a payment's.
    pub(crate) fn take(&mut self, event: &Event) -> Result<(), LedgerError> {
        match &*event.event {
            DomainEvent::Order(order_event) => self.states.order(event.id()?, order_event),
            DomainEvent::Payment(payment_event) => {
                self.states.payment(event.id()?, payment_event)?;
                self.map(event, payment_event)
            }
            DomainEvent::Inventory(_)
            | DomainEvent::CouponPool(_)
            | DomainEvent::PaymentMethod(_)
            | DomainEvent::Points(_)
            | DomainEvent::Product(_) => Ok(()),
        }
    }

    fn map(&mut self, event: &Event, payment_event: &PaymentEvent) -> Result<(), LedgerError> {
        let Some(movement) = movement(event.id()?, payment_event) else {
            return Ok(());
        };
        // A return of money that is tried again was pending before.
        let Some(order_id) = movement.order_id else {
            return Ok(());
        };
        let (id, status) = (movement.id, movement.step.status());
        let mapping = MappingRow {
            id,
            order_id,
            payment_transaction_id: id,
            payment_status: status.as_str().to_owned(),
            payment_confirmed_at: (status == Status::Success).then(|| event.at()),
        };
        self.mappings.insert(id, mapping);
        Ok(())
    }

    /// The orders that were placed.
    pub(super) fn begun(&self) -> &[(Uuid, Currency)] {
        self.states.begun()
    }

    pub(super) fn changed_states(&self) -> Result<Vec<StateRow>, LedgerError> {
        self.states.changed().into_iter().map(State::row).collect()
    }

    pub(super) fn mappings(&self) -> Vec<&MappingRow> {
        self.mappings.values().collect()
    }

    /// Forgets what a batch changed: for who only wants to know where it ends.
    pub(crate) fn forget_changes(&mut self) {
        self.states.forget_changes();
    }

    /// All rows, by their ids.
    pub(crate) fn into_rows(self) -> Result<AllRows, LedgerError> {
        let row = |state: State| Ok((state.order_id, state.row()?));
        let states: Result<_, LedgerError> = self.states.into_all().map(row).collect();
        Ok(AllRows {
            mappings: self.mappings,
            states: states?,
        })
    }
}

/// What both tables have.
pub(crate) struct AllRows {
    pub(crate) mappings: BTreeMap<Uuid, MappingRow>,
    pub(crate) states: BTreeMap<Uuid, StateRow>,
}
