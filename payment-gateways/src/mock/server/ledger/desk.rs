//! One piece of work of Toss or NICE on the ledger: nobody else writes meanwhile, so that what was looked at is
//! still so when it is written.

use std::sync::MutexGuard;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::entry::{Charge, ChargeState, Decline, Deposit, Entry, Note, Refund, RefundState};
use super::{Journal, Ledger};
use crate::mock::server::company::Company;
use crate::mock::server::records::{BillingKeyRecord, Kept, PaymentRecord, ReplyRecord, Step};
use crate::mock::server::refusal::Refusal;

/// The currency of both companies.
const CURRENCY: &str = "KRW";

/// A place to work at the ledger.
pub(in crate::mock::server) struct Desk<'a> {
    ledger: &'a Ledger,
    journal: MutexGuard<'a, Journal>,
}

impl Ledger {
    /// Works on the records with nobody else writing.
    pub(in crate::mock::server) fn desk(&self) -> Desk<'_> {
        Desk {
            ledger: self,
            journal: self.journal(),
        }
    }
}

impl Desk<'_> {
    pub(in crate::mock::server) fn now(&self) -> DateTime<Utc> {
        self.ledger.clock.now()
    }

    pub(in crate::mock::server) fn payment(
        &self,
        company: Company,
        key: &str,
    ) -> Option<PaymentRecord> {
        self.ledger.books().shelf().payment(company, key).cloned()
    }

    pub(in crate::mock::server) fn payment_of_order(
        &self,
        company: Company,
        order_no: &str,
    ) -> Option<PaymentRecord> {
        let books = self.ledger.books();
        books.shelf().payment_of_order(company, order_no).cloned()
    }

    pub(in crate::mock::server) fn payments(&self, company: Company) -> Vec<PaymentRecord> {
        self.ledger
            .books()
            .shelf()
            .payments(company)
            .cloned()
            .collect()
    }

    pub(in crate::mock::server) fn reply(&self, scope: &str) -> Option<ReplyRecord> {
        self.ledger.books().shelf().reply(scope).cloned()
    }

    pub(in crate::mock::server) fn by_auth_key(&self, key: &str) -> Option<BillingKeyRecord> {
        self.ledger.books().shelf().by_auth_key(key).cloned()
    }

    pub(in crate::mock::server) fn by_billing_key(&self, key: &str) -> Option<BillingKeyRecord> {
        self.ledger.books().shelf().by_billing_key(key).cloned()
    }

    /// Keeps something, and no money moves.
    pub(in crate::mock::server) fn keep(&mut self, kept: Vec<Kept>) -> Result<(), Refusal> {
        let note = Note {
            number: self.ledger.next_number()?,
            merchant_key: Uuid::now_v7(),
            at: self.now(),
            kept,
        };
        self.ledger.write(&mut self.journal, Entry::Note(note))
    }

    /// Writes what a step did, with the payment as it is now and the answer that it led to.
    pub(in crate::mock::server) fn book(
        &mut self,
        payment: &PaymentRecord,
        step: Step,
        refund_key: Option<Uuid>,
        reply: Option<ReplyRecord>,
    ) -> Result<(), Refusal> {
        let number = self.ledger.next_number()?;
        let refund_key = refund_key.unwrap_or_else(Uuid::now_v7);
        let key = match step {
            Step::Charged(_) | Step::Declined => Some(payment.merchant_key()),
            Step::GaveBack(_) => Some(refund_key),
            Step::NoMoney | Step::PaidAgain(_) | Step::TakenBack => None,
        };
        if key.is_some_and(|key| self.ledger.has(key)) {
            return Err(Refusal::KeyReused);
        }
        let mut kept = vec![Kept::Payment(Box::new(payment.clone()))];
        kept.extend(reply.map(Kept::Reply));
        let entry = match step {
            Step::NoMoney => return self.keep(kept),
            Step::Charged(amount) => Entry::Charge(charge_of(payment, number, amount, kept)),
            Step::Declined => {
                let mut charge = charge_of(payment, number, 0, kept);
                charge.transaction_id = None;
                charge.state = ChargeState::Declined;
                charge.decline = Some(Decline::CardDeclined);
                Entry::Charge(charge)
            }
            Step::PaidAgain(amount) => Entry::Deposit(deposit_of(payment, number, amount, kept)),
            Step::TakenBack => Entry::Deposit(deposit_of(payment, number, 0, kept)),
            Step::GaveBack(amount) => {
                Entry::Refund(refund_of(payment, number, refund_key, amount, kept))
            }
        };
        self.ledger.write(&mut self.journal, entry)
    }
}

fn charge_of(payment: &PaymentRecord, number: usize, amount: i64, kept: Vec<Kept>) -> Charge {
    Charge {
        number,
        merchant_key: payment.merchant_key(),
        order_id: payment.merchant_key(),
        transaction_id: Some(payment.key.clone()),
        requested_amount: payment.amount,
        amount,
        refunded_amount: 0,
        currency: CURRENCY.to_owned(),
        state: ChargeState::Charged,
        decline: None,
        company: payment.company,
        kept,
        created_at: payment.changed_at,
        updated_at: payment.changed_at,
    }
}

fn deposit_of(payment: &PaymentRecord, number: usize, amount: i64, kept: Vec<Kept>) -> Deposit {
    Deposit {
        number,
        merchant_key: Uuid::now_v7(),
        payment_id: payment.merchant_key(),
        amount,
        at: payment.changed_at,
        kept,
    }
}

fn refund_of(
    payment: &PaymentRecord,
    number: usize,
    merchant_key: Uuid,
    amount: i64,
    kept: Vec<Kept>,
) -> Refund {
    Refund {
        number,
        merchant_key,
        payment_id: payment.merchant_key(),
        order_id: payment.merchant_key(),
        transaction_id: payment.last_key.clone(),
        charge_transaction_id: payment.key.clone(),
        amount,
        currency: CURRENCY.to_owned(),
        state: RefundState::Refunded,
        company: payment.company,
        kept,
        created_at: payment.changed_at,
    }
}
