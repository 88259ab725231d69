//! What movements make of transactions, in memory.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use domain::{DomainEvent, Money};
use uuid::Uuid;

use super::rows::{HistoryRow, TransactionRow};
use crate::book::Event;
use crate::error::LedgerError;
use crate::exchange_log::{company, cut};
use crate::movement::{Kind, Movement, Status, Step, column, movement};

/// The sizes of the columns, in characters.
const COMPANY_ID_MAX_CHARS: usize = 100;
const REASON_MAX_CHARS: usize = 255;

/// Transactions while a batch is folded.
#[derive(Default)]
pub(crate) struct Transactions {
    rows: BTreeMap<Uuid, TransactionRow>,
    /// Which row has an id of a company's.
    holders: HashMap<String, Uuid>,
    changed: BTreeSet<Uuid>,
    history: Vec<HistoryRow>,
}

impl Transactions {
    /// These rows, as they are stored, and which rows have the ids of companies' that a batch may give.
    pub(super) fn of(rows: Vec<TransactionRow>, holders: HashMap<String, Uuid>) -> Self {
        Self {
            rows: rows.into_iter().map(|row| (row.id, row)).collect(),
            holders,
            ..Self::default()
        }
    }

    /// Takes an event in, if it moves something.
    pub(crate) fn take(&mut self, event: &Event) -> Result<(), LedgerError> {
        let DomainEvent::Payment(payment_event) = &*event.event else {
            return Ok(());
        };
        match movement(event.id()?, payment_event) {
            Some(movement) => self.fold(&movement, event.stored.metadata.event_id, event.at()),
            None => Ok(()),
        }
    }

    fn fold(
        &mut self,
        movement: &Movement<'_>,
        event_id: Uuid,
        at: DateTime<Utc>,
    ) -> Result<(), LedgerError> {
        let (id, step) = (movement.id, &movement.step);
        let status = step.status();
        let before = self.rows.get(&id).map(|row| row.status.clone());
        match step {
            Step::ChargeBegun { gateway, amount } => {
                let row = begun(id, company(gateway), Kind::Payment, *amount, at)?;
                self.rows.insert(id, row);
            }
            Step::ReturnBegun {
                payment_id,
                kind,
                amount,
            } => {
                let company = self.known(*payment_id)?.pg_company.clone();
                self.rows
                    .insert(id, begun(id, company, *kind, *amount, at)?);
            }
            Step::Charged {
                amount,
                gateway_transaction_id,
                reason: _,
            } => {
                let given = company_id(*amount, gateway_transaction_id);
                let given = given.filter(|given| self.holds(id, given));
                let row = self.known(id)?;
                row.amount = column(id, *amount)?;
                amount.currency().code().clone_into(&mut row.currency);
                if let Some(given) = given {
                    row.pg_transaction_id = given;
                }
            }
            Step::Returned { amount } => self.known(id)?.amount = column(id, *amount)?,
            Step::Unsettled { .. } | Step::Failed { .. } => {}
        }
        let row = self.known(id)?;
        status.as_str().clone_into(&mut row.status);
        row.completed_at = (status != Status::Pending).then_some(at);
        self.changed.insert(id);
        self.history.push(HistoryRow {
            id: event_id,
            transaction_id: id,
            previous_status: before,
            current_status: status.as_str().to_owned(),
            change_reason: step.reason().map(|reason| cut(reason, REASON_MAX_CHARS)),
            changed_at: at,
        });
        Ok(())
    }

    fn known(&mut self, id: Uuid) -> Result<&mut TransactionRow, LedgerError> {
        let what = "transaction";
        let row = self.rows.get_mut(&id);
        row.ok_or(LedgerError::Missing { what, id })
    }

    /// Whether a row has an id of a company's from now on. A company that gives an id twice must not stop the ledger:
    /// the later row keeps ours.
    fn holds(&mut self, id: Uuid, given: &str) -> bool {
        let holder = *self.holders.entry(given.to_owned()).or_insert(id);
        if holder != id {
            tracing::warn!(
                transaction.id = %id, transaction.other = %holder,
                "the company gave the transactions {holder} and {id} the same id: {id} keeps ours",
            );
        }
        holder == id
    }

    pub(super) fn changed(&self) -> Vec<&TransactionRow> {
        let changed = self.changed.iter();
        changed.filter_map(|id| self.rows.get(id)).collect()
    }

    pub(super) fn history(&self) -> &[HistoryRow] {
        &self.history
    }

    /// Hands out the history since the last time, and forgets which rows changed: for who folds on and on.
    pub(crate) fn take_history(&mut self) -> Vec<HistoryRow> {
        self.changed.clear();
        std::mem::take(&mut self.history)
    }

    /// All rows, by their ids.
    pub(crate) fn into_rows(self) -> BTreeMap<Uuid, TransactionRow> {
        self.rows
    }
}

/// The id that a charge has at its company, as the column takes it; none when the company gave none that fits.
pub(super) fn company_id(amount: Money, given: &str) -> Option<String> {
    let given = cut(given, usize::MAX);
    let fits = (1..=COMPANY_ID_MAX_CHARS).contains(&given.chars().count());
    // No company is asked to charge nothing.
    (fits && !amount.is_zero()).then_some(given)
}

fn begun(
    id: Uuid,
    company: String,
    kind: Kind,
    amount: Money,
    at: DateTime<Utc>,
) -> Result<TransactionRow, LedgerError> {
    Ok(TransactionRow {
        id,
        pg_transaction_id: id.to_string(),
        pg_company: company,
        transaction_type: kind.as_str().to_owned(),
        amount: column(id, amount)?,
        currency: amount.currency().code().to_owned(),
        status: Status::Pending.as_str().to_owned(),
        requested_at: at,
        completed_at: None,
    })
}

#[cfg(test)]
mod tests {
    use domain::Currency;

    use super::*;

    #[test]
    fn a_charge_of_nothing_keeps_our_id_since_no_company_gave_one() {
        let (id, now) = (Uuid::now_v7(), Utc::now());
        let nothing = Money::new(0, Currency::Krw).unwrap();
        let mut transactions = Transactions::default();
        for step in [
            Step::ChargeBegun {
                gateway: "toss",
                amount: nothing,
            },
            Step::Charged {
                amount: nothing,
                gateway_transaction_id: "free-of-charge",
                reason: None,
            },
        ] {
            let order_id = None;
            let movement = Movement { id, order_id, step };
            transactions.fold(&movement, Uuid::now_v7(), now).unwrap();
        }
        let row = &transactions.into_rows()[&id];
        assert_eq!(row.pg_transaction_id, id.to_string());
        assert_eq!(
            (row.status.as_str(), row.amount.as_str()),
            ("SUCCESS", "0.00")
        );
    }

    #[test]
    fn money_that_goes_back_of_a_charge_that_nobody_knows_is_an_error_and_no_row() {
        let (id, payment_id) = (Uuid::now_v7(), Uuid::now_v7());
        let step = Step::ReturnBegun {
            payment_id,
            kind: Kind::Refund,
            amount: Money::new(100, Currency::Krw).unwrap(),
        };
        let movement = Movement {
            id,
            order_id: None,
            step,
        };
        let mut transactions = Transactions::default();
        let refused = transactions.fold(&movement, Uuid::now_v7(), Utc::now());
        assert_eq!(refused.map_err(|error| error.code()), Err("LEDGER_MISSING"));
        assert!(transactions.changed().is_empty());
    }
}
