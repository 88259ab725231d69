//! What the mock charged, declined and gave back. The ground truth of every test about money.
//!
//! Nothing is charged that is not written: an entry goes to the file (if there is one) and is flushed, then to
//! memory, then to the client. Entries are written one after the other; they are read without waiting for the disk.

mod books;
mod desk;
mod entry;
mod file;
mod shelf;

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard};

use uuid::Uuid;

use self::books::Books;
pub(super) use self::desk::Desk;
pub(super) use self::entry::{Charge, Decline, Entry, Refund};
use self::file::LedgerFile;
use super::clock::MockClock;
use super::refusal::Refusal;
use crate::error::PaymentGatewaysError;

/// The ledger.
pub(super) struct Ledger {
    /// Held over the decision and the writing of an entry: so no key is charged twice.
    journal: Mutex<Journal>,
    books: RwLock<Books>,
    max_entries: usize,
    clock: Arc<MockClock>,
}

enum Journal {
    MemoryOnly,
    File(LedgerFile),
}

/// A charge that is asked for.
#[derive(Clone, Debug)]
pub(super) struct NewCharge {
    pub(super) merchant_key: Uuid,
    pub(super) order_id: Uuid,
    pub(super) amount: i64,
    pub(super) currency: String,
}

/// A refund that is asked for.
#[derive(Clone, Debug)]
pub(super) struct NewRefund {
    pub(super) merchant_key: Uuid,
    pub(super) payment_id: Uuid,
    pub(super) charge_transaction_id: String,
    pub(super) amount: i64,
    pub(super) currency: String,
}

/// What becomes of a charge, should its key be new.
#[derive(Clone, Copy, Debug)]
pub(super) enum Verdict {
    /// Charged, this much.
    Charge(i64),
    Decline(Decline),
}

/// An entry, and whether it was made just now.
pub(super) struct Recorded<T> {
    pub(super) entry: T,
    pub(super) fresh: bool,
}

impl Ledger {
    /// The ledger of this file, or an empty one in memory.
    pub(super) fn open(
        path: Option<&Path>,
        max_entries: usize,
        clock: Arc<MockClock>,
    ) -> Result<Self, PaymentGatewaysError> {
        let mut books = Books::default();
        let journal = match path {
            Some(path) => Journal::File(LedgerFile::open(path, &mut books)?),
            None => Journal::MemoryOnly,
        };
        Ok(Self {
            journal: Mutex::new(journal),
            books: RwLock::new(books),
            max_entries,
            clock,
        })
    }

    /// Charges or declines, unless the key has its entry already: then that is the answer.
    pub(super) fn charge(
        &self,
        new: NewCharge,
        verdict: Verdict,
    ) -> Result<Recorded<Charge>, Refusal> {
        let mut journal = self.journal();
        match self.books().entry(new.merchant_key) {
            Some(Entry::Charge(entry)) if entry.answers(&new) => {
                let (entry, fresh) = (entry.clone(), false);
                return Ok(Recorded { entry, fresh });
            }
            Some(_) => return Err(Refusal::KeyReused),
            None => {}
        }
        let charge = Charge::made(self.next_number()?, new, verdict, self.clock.now());
        self.write(&mut journal, Entry::Charge(charge.clone()))?;
        let (entry, fresh) = (charge, true);
        Ok(Recorded { entry, fresh })
    }

    /// Gives back, unless the key has its entry already.
    pub(super) fn refund(&self, new: NewRefund) -> Result<Recorded<Refund>, Refusal> {
        let mut journal = self.journal();
        match self.books().entry(new.merchant_key) {
            Some(Entry::Refund(entry)) if entry.answers(&new) => {
                let (entry, fresh) = (entry.clone(), false);
                return Ok(Recorded { entry, fresh });
            }
            Some(_) => return Err(Refusal::KeyReused),
            None => {}
        }
        let charge = self
            .payment(new.payment_id)
            .ok_or(Refusal::PaymentNotFound)?;
        charge.can_give_back(&new)?;
        let refund = Refund::made(self.next_number()?, new, charge.order_id, self.clock.now());
        self.write(&mut journal, Entry::Refund(refund.clone()))?;
        let (entry, fresh) = (refund, true);
        Ok(Recorded { entry, fresh })
    }

    /// Whether this key has an entry.
    pub(super) fn has(&self, key: Uuid) -> bool {
        self.books().entry(key).is_some()
    }

    /// The payment of this id, as it stands now.
    pub(super) fn payment(&self, payment_id: Uuid) -> Option<Charge> {
        match self.books().entry(payment_id) {
            Some(Entry::Charge(charge)) => Some(charge.clone()),
            Some(Entry::Refund(_) | Entry::Deposit(_) | Entry::Note(_)) | None => None,
        }
    }

    /// All payments of an order, oldest first.
    pub(super) fn of_order(&self, order_id: Uuid) -> Vec<Charge> {
        self.books().charges_of(order_id).cloned().collect()
    }

    /// Up to `size` entries beyond the first `after`, those of them that are shown; how far that leads, and how
    /// many there are in all.
    pub(super) fn page(&self, after: usize, size: usize) -> (Vec<Entry>, usize, usize) {
        let books = self.books();
        let entries = books.entries().iter().skip(after).take(size);
        let end = after.saturating_add(entries.len());
        let shown = entries.filter(|entry| entry.is_shown()).cloned();
        (shown.collect(), end, books.entries().len())
    }

    /// Whether it can take an entry.
    pub(super) fn ready(&self) -> Result<(), Refusal> {
        self.next_number()?;
        match &*self.journal() {
            Journal::File(file) if file.is_broken() => Err(Refusal::LedgerBroken),
            Journal::File(_) | Journal::MemoryOnly => Ok(()),
        }
    }

    fn next_number(&self) -> Result<usize, Refusal> {
        let count = self.books().entries().len();
        if count >= self.max_entries {
            return Err(Refusal::LedgerFull);
        }
        Ok(count + 1)
    }

    fn write(&self, journal: &mut Journal, entry: Entry) -> Result<(), Refusal> {
        if let Journal::File(file) = journal {
            file.append(&entry)?;
        }
        let mut books = self.books.write().unwrap_or_else(PoisonError::into_inner);
        // The entry was checked against these very books, under the journal's lock.
        books.apply(entry).map_err(|_| Refusal::LedgerBroken)
    }

    fn journal(&self) -> MutexGuard<'_, Journal> {
        self.journal.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn books(&self) -> RwLockReadGuard<'_, Books> {
        self.books.read().unwrap_or_else(PoisonError::into_inner)
    }
}
