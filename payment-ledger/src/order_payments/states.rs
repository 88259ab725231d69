//! Where the payments of orders stand, in memory, in minor units.

use std::collections::{BTreeMap, BTreeSet};

use domain::order::OrderEvent;
use domain::payment::{PaymentEvent, PaymentStatus};
use domain::{Currency, Money};
use uuid::Uuid;

use crate::error::LedgerError;
use crate::movement::movement;

/// Where an order's payment stands.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct State {
    pub(super) order_id: Uuid,
    pub(super) currency: Currency,
    pub(super) current_status: String,
    pub(super) to_pay_minor: i64,
    pub(super) paid_minor: i64,
    pub(super) refunded_minor: i64,
    pub(super) last_transaction_id: Option<Uuid>,
}

/// States while events are folded.
#[derive(Default)]
pub(super) struct States {
    rows: BTreeMap<Uuid, State>,
    begun: Vec<(Uuid, Currency)>,
    changed: BTreeSet<Uuid>,
}

impl States {
    pub(super) fn of(rows: Vec<State>) -> Self {
        Self {
            rows: rows.into_iter().map(|row| (row.order_id, row)).collect(),
            ..Self::default()
        }
    }

    pub(super) fn order(&mut self, order_id: Uuid, event: &OrderEvent) -> Result<(), LedgerError> {
        if let OrderEvent::OrderPlaced { total, .. } = event {
            self.begin(order_id, *total);
            return Ok(());
        }
        let state = self.known(order_id)?;
        if state.last_transaction_id.is_some() {
            return Ok(());
        }
        match event {
            OrderEvent::OrderDiscounted { total, .. } => state.to_pay_minor = total.amount(),
            OrderEvent::OrderPointsApplied { payable, .. } => state.to_pay_minor = payable.amount(),
            OrderEvent::OrderCancelled { .. } => state.set(PaymentStatus::Cancelled),
            OrderEvent::OrderPlaced { .. }
            | OrderEvent::OrderPaymentStarted { .. }
            | OrderEvent::OrderPaid { .. }
            | OrderEvent::OrderConfirmed {}
            | OrderEvent::OrderShipped {}
            | OrderEvent::OrderDelivered {}
            | OrderEvent::OrderRefundStarted { .. }
            | OrderEvent::OrderRefunded { .. } => return Ok(()),
        }
        self.changed.insert(order_id);
        Ok(())
    }

    fn begin(&mut self, order_id: Uuid, total: Money) {
        let currency = total.currency();
        let state = State {
            order_id,
            currency,
            current_status: PaymentStatus::Pending.as_str().to_owned(),
            to_pay_minor: total.amount(),
            paid_minor: 0,
            refunded_minor: 0,
            last_transaction_id: None,
        };
        self.rows.insert(order_id, state);
        self.begun.push((order_id, currency));
        self.changed.insert(order_id);
    }

    pub(super) fn payment(
        &mut self,
        payment_id: Uuid,
        event: &PaymentEvent,
    ) -> Result<(), LedgerError> {
        let moved = movement(payment_id, event);
        let Some(order_id) = moved.and_then(|moved| moved.order_id) else {
            return Ok(());
        };
        let state = self.known(order_id)?;
        match event {
            PaymentEvent::PaymentRequested { amount, .. } => {
                state.set(PaymentStatus::Pending);
                state.to_pay_minor = amount.amount();
                state.last_transaction_id = Some(payment_id);
            }
            PaymentEvent::PaymentDepositAwaited { .. } => state.set(PaymentStatus::Pending),
            PaymentEvent::PaymentOutcomeUnknown { .. } => state.set(PaymentStatus::Unknown),
            PaymentEvent::PaymentSucceeded { amount, .. } => {
                state.set(PaymentStatus::Succeeded);
                state.paid_minor = amount.amount();
            }
            PaymentEvent::PaymentFailed { .. } => state.set(PaymentStatus::Failed),
            PaymentEvent::PaymentMismatched { charged, .. } => {
                state.set(PaymentStatus::Failed);
                state.paid_minor = state.in_its_currency(*charged);
            }
            PaymentEvent::PaymentRefunded {
                amount,
                reason,
                others_remain,
                ..
            } => {
                let back = state.in_its_currency(*amount);
                state.refunded_minor = state.refunded_minor.saturating_add(back);
                let money_is_back = state.refunded_minor >= state.paid_minor;
                state.set(reason.status_after(money_is_back && !others_remain));
            }
            PaymentEvent::PaymentRefundRequested { .. }
            | PaymentEvent::PaymentRefundDelayed { .. }
            | PaymentEvent::PaymentInquiryRequested { .. }
            | PaymentEvent::PaymentReviewRequired { .. } => return Ok(()),
        }
        self.changed.insert(order_id);
        Ok(())
    }

    fn known(&mut self, id: Uuid) -> Result<&mut State, LedgerError> {
        let state = self.rows.get_mut(&id);
        state.ok_or(LedgerError::Missing { what: "order", id })
    }

    /// The orders that were placed.
    pub(super) fn begun(&self) -> &[(Uuid, Currency)] {
        &self.begun
    }

    pub(super) fn changed(&self) -> Vec<&State> {
        let changed = self.changed.iter();
        changed.filter_map(|id| self.rows.get(id)).collect()
    }

    /// Forgets what a batch changed: for who only wants to know where it ends.
    pub(super) fn forget_changes(&mut self) {
        self.begun.clear();
        self.changed.clear();
    }

    /// All of them, in the order of their orders' ids.
    pub(super) fn into_all(self) -> impl Iterator<Item = State> {
        self.rows.into_values()
    }
}

impl State {
    fn set(&mut self, status: PaymentStatus) {
        status.as_str().clone_into(&mut self.current_status);
    }

    /// A charge in a foreign currency is no part of what was paid; its transaction tells of it.
    fn in_its_currency(&self, amount: Money) -> i64 {
        if amount.currency() == self.currency {
            amount.amount()
        } else {
            0
        }
    }
}
