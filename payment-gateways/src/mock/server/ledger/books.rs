//! The ledger in memory: all entries in order, found by key and by order.

use std::collections::HashMap;

use uuid::Uuid;

use super::entry::{Charge, Entry};
use super::shelf::Shelf;

/// All entries.
#[derive(Debug, Default)]
pub(super) struct Books {
    entries: Vec<Entry>,
    by_key: HashMap<Uuid, usize>,
    by_order: HashMap<Uuid, Vec<usize>>,
    shelf: Shelf,
}

impl Books {
    pub(super) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    pub(super) fn shelf(&self) -> &Shelf {
        &self.shelf
    }

    /// The entry that this merchant's key made.
    pub(super) fn entry(&self, merchant_key: Uuid) -> Option<&Entry> {
        let index = self.by_key.get(&merchant_key)?;
        self.entries.get(*index)
    }

    /// The charges of an order, oldest first.
    pub(super) fn charges_of(&self, order_id: Uuid) -> impl Iterator<Item = &Charge> {
        let indexes = self.by_order.get(&order_id).into_iter().flatten();
        indexes.filter_map(|index| match self.entries.get(*index) {
            Some(Entry::Charge(charge)) => Some(charge),
            Some(Entry::Refund(_) | Entry::Deposit(_) | Entry::Note(_)) | None => None,
        })
    }

    /// Takes an entry in.
    ///
    /// # Errors
    /// It does not follow from the entries before it: with a file, the file is corrupt.
    pub(super) fn apply(&mut self, mut entry: Entry) -> Result<(), &'static str> {
        let index = self.entries.len();
        if entry.number() != index + 1 {
            return Err("its number does not follow the one before");
        }
        if self.by_key.contains_key(&entry.merchant_key()) {
            return Err("its key is on the ledger already");
        }
        match &entry {
            Entry::Charge(charge) => {
                self.by_order
                    .entry(charge.order_id)
                    .or_default()
                    .push(index);
            }
            Entry::Refund(refund) => {
                let charged = self.by_key.get(&refund.payment_id).copied();
                let charged = charged.and_then(|index| self.entries.get_mut(index));
                let Some(Entry::Charge(charge)) = charged else {
                    return Err("it gives back a charge that is not on the ledger");
                };
                if refund.amount <= 0 || refund.amount > charge.amount - charge.refunded_amount {
                    return Err("it gives back more than is left of its charge");
                }
                charge.give_back(refund);
            }
            Entry::Deposit(deposit) => {
                let charged = self.by_key.get(&deposit.payment_id).copied();
                let charged = charged.and_then(|index| self.entries.get_mut(index));
                let Some(Entry::Charge(charge)) = charged else {
                    return Err("it is about a deposit that is not on the ledger");
                };
                charge.redeposit(deposit);
            }
            Entry::Note(_) => {}
        }
        for kept in entry.take_kept() {
            self.shelf.put(kept);
        }
        self.by_key.insert(entry.merchant_key(), index);
        self.entries.push(entry);
        Ok(())
    }
}
