//! Accounts that buyers pay into: issued, paid into in time, late, wrongly or never, closed, and emptied by the bank
//! again.

use chrono::{DateTime, Utc};
use fastrand::Rng;
use payment_gateways::{ConfirmRequest, DepositAccount, GatewayReply};
use uuid::Uuid;

use super::{Answered, Bank, transaction_id};

/// What the browser brings of a buyer who wants to pay into an account.
pub(crate) const ACCOUNT_TOKEN: &str = "va";

/// An account of one payment.
pub(super) struct Account {
    /// What it says while nothing is in it.
    waiting: GatewayReply,
    until: DateTime<Utc>,
    /// Whether it wants another amount than it was asked for.
    is_mismatched: bool,
    paid_in_at: Option<DateTime<Utc>>,
    /// What the bank took out again.
    pub(super) taken_back: Option<i64>,
    /// Whether it is to go back: then the bank leaves it.
    was_refund_asked: bool,
}

/// What an account has seen that the shop learns only from a notice, or from an operator who compares the books.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Story {
    pub(crate) payment_id: Uuid,
    pub(crate) is_mismatched: bool,
    /// Whether something came after it had closed.
    pub(crate) was_late: bool,
    pub(crate) was_taken_back: bool,
}

impl Bank {
    /// Issues an account, unless it has an answer for this key already.
    pub(crate) fn open_account(
        &mut self,
        request: &ConfirmRequest,
        until: DateTime<Utc>,
        is_mismatched: bool,
        chance: &mut Rng,
    ) -> GatewayReply {
        if let Some(answered) = self.payments.get(&request.payment_id) {
            return answered.reply.clone();
        }
        let more = if is_mismatched { chance.i64(1..900) } else { 0 };
        let reply = GatewayReply::WaitingForDeposit {
            transaction_id: transaction_id(request.payment_id),
            amount_minor: request.amount_minor + more,
            currency: request.currency.clone(),
            account: DepositAccount {
                bank: "20".to_owned(),
                number: format!("{:014}", chance.u64(0..100_000_000_000_000)),
                holder: None,
            },
            until,
        };
        let account = Account {
            waiting: reply.clone(),
            until,
            is_mismatched,
            paid_in_at: None,
            taken_back: None,
            was_refund_asked: false,
        };
        let answered = Answered {
            account: Some(account),
            ..Answered::new(reply.clone())
        };
        self.payments.insert(request.payment_id, answered);
        self.news.push(request.payment_id);
        reply
    }

    /// The buyer pays in; `wrongly` by how much. Whether the account took it.
    pub(crate) fn deposit(&mut self, payment_id: Uuid, wrongly: i64, now: DateTime<Utc>) -> bool {
        let Some(answered) = self.payments.get_mut(&payment_id) else {
            return false;
        };
        let Some(account) = &mut answered.account else {
            return false;
        };
        let GatewayReply::WaitingForDeposit {
            transaction_id,
            amount_minor,
            currency,
            ..
        } = &answered.reply
        else {
            return false;
        };
        account.paid_in_at = Some(now);
        answered.reply = GatewayReply::Approved {
            transaction_id: transaction_id.clone(),
            amount_minor: (amount_minor + wrongly).max(1),
            currency: currency.clone(),
        };
        self.news.push(payment_id);
        true
    }

    /// The bank takes a deposit back, unless it was to go back anyhow. Whether it did.
    pub(crate) fn take_deposit_back(&mut self, payment_id: Uuid) -> bool {
        let Some(answered) = self.payments.get_mut(&payment_id) else {
            return false;
        };
        let (Some(account), GatewayReply::Approved { amount_minor, .. }) =
            (&mut answered.account, &answered.reply)
        else {
            return false;
        };
        if account.was_refund_asked {
            return false;
        }
        account.taken_back = Some(*amount_minor);
        answered.reply = account.waiting.clone();
        self.news.push(payment_id);
        true
    }

    /// The account closes, and the company says so.
    pub(crate) fn close_account(&mut self, payment_id: Uuid) {
        let Some(answered) = self.payments.get_mut(&payment_id) else {
            return;
        };
        if !matches!(answered.reply, GatewayReply::WaitingForDeposit { .. }) {
            return;
        }
        answered.reply = GatewayReply::Declined {
            code: "EXPIRED".to_owned(),
            message: "nobody paid in".to_owned(),
        };
        self.news.push(payment_id);
    }

    /// A deposit is to go back: no bank takes it back any more. Whether it was a deposit.
    pub(crate) fn is_to_go_back(&mut self, payment_id: Uuid) -> bool {
        let answered = self.payments.get_mut(&payment_id);
        let account = answered.and_then(|answered| answered.account.as_mut());
        account.is_some_and(|account| {
            account.was_refund_asked = true;
            true
        })
    }

    /// All accounts, by payment.
    pub(crate) fn accounts(&self) -> impl Iterator<Item = Story> + '_ {
        self.payments.iter().filter_map(|(payment_id, answered)| {
            let account = answered.account.as_ref()?;
            Some(Story {
                payment_id: *payment_id,
                is_mismatched: account.is_mismatched,
                was_late: account.paid_in_at.is_some_and(|at| at >= account.until),
                was_taken_back: account.taken_back.is_some(),
            })
        })
    }
}
